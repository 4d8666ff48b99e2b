/** The command line traces as OpenTelemetry's variables say, sends what is left when it is stopped, and needs no receiver. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startJaeger } from '../../scripts/stack/jaeger.js';
import { pickFreePort } from '../../scripts/stack/ports.js';
import { requestFor, startCrossCluster } from '../support/harness.js';
import { openStage } from '../support/stage.js';
import { expectTree } from '../support/traced-stage.js';

test('a process for each side sends its spans at the latest when it ends', async (t) => {
  const jaeger = await startJaeger();
  t.after(() => jaeger.stop());
  const stage = await openStage(t);
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: jaeger.otlpUrl,
    OTEL_BSP_SCHEDULE_DELAY: '600000', // nothing is sent by itself
  };
  const [caller, handler] = await Promise.all([
    stage.bridgeProcess('caller', env),
    stage.bridgeProcess('handler', env),
    stage.targets(),
  ]);
  const call = await startCrossCluster(stage.clusters, requestFor('Echo', [1]));
  await call.result();
  const exits = await Promise.all([caller.stop(), handler.stop()]);
  assert.deepEqual(
    exits.map(({ code }) => code),
    [0, 0],
  );
  const { id, spans } = await expectTree(
    jaeger.queryUrl,
    call.workflowId,
    `
      temporal-bridge-caller RemoteCall:Echo = started
        temporal-bridge-handler StartedWorkflow:RemoteCallWorkflow
          temporal-bridge-handler RunActivity:AdmitRemoteCall = admitted
          temporal-bridge-handler RunActivity:SendCompletion = completed
            temporal-bridge-caller HandleSignal:temporal-bridge.completion
          temporal-bridge-handler RunWorkflow:RemoteCallWorkflow
          temporal-bridge-handler StartChildWorkflow:Echo
    `,
  );
  assert.deepEqual(
    new Set(spans.map(({ tags }) => tags['temporal.cluster'])),
    new Set(['cluster-a', 'cluster-b']),
  );
  assert.deepEqual(
    new Set(spans.map(({ tags }) => tags['temporal.namespace'])),
    new Set([stage.clusters.a.namespace, stage.clusters.b.namespace]),
  );
  const lines = [...caller.logs, ...handler.logs].filter(({ callId }) => callId !== undefined);
  assert.deepEqual(lines.map(({ msg }) => msg).sort(), ['Call started', 'Completion sent']);
  for (const line of lines) {
    assert.equal(line['traceId'], id);
    assert.ok(spans.some((span) => span.id === line['spanId']));
  }
});

test('calls go on where nobody takes the spans, which is told once', async (t) => {
  const stage = await openStage(t);
  const bridge = await stage.bridgeProcess('both', {
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${await pickFreePort()}`,
    OTEL_EXPORTER_OTLP_TIMEOUT: '300',
    OTEL_BSP_SCHEDULE_DELAY: '50',
    OTEL_BSP_EXPORT_TIMEOUT: '400',
  });
  await stage.targets();
  const told = () => bridge.logs.filter(({ msg }) => msg.startsWith('Traces cannot be exported'));
  const call = async (value: number) =>
    (
      (await (await startCrossCluster(stage.clusters, requestFor('Echo', [value]))).result()) as {
        result: unknown;
      }
    ).result;
  assert.equal(await call(1), 1);
  await bridge.logged(/^Traces cannot be exported/);
  assert.equal(await call(2), 2);
  assert.equal((await bridge.stop()).code, 0);
  assert.equal(told().length, 1);
});
