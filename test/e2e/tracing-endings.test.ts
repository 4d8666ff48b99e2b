/** One trace a call in a real Jaeger, over outages, without signals, and where only the bridge is traced. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { ROOT_CONTEXT, TraceFlags, context, trace } from '@opentelemetry/api';
import { anchorBackedOff } from '../support/anchor.js';
import { bundleWorkflowCode } from '@temporalio/worker';
import { BridgePlugin, resolveConfig } from '../../src/index.js';
import { bridgeEnv, requestFor, startCrossCluster } from '../support/harness.js';
import { SILENT } from '../support/silent-logger.js';
import { remoteOf, whenTaken } from '../support/inspect.js';
import {
  CANARY,
  TRACED_WORKFLOWS,
  openTracedStage,
  startTelemetry,
  userPlugin,
} from '../support/traced-stage.js';
import type { Telemetry, TracedStage } from '../support/traced-stage.js';

const QUICK_LOOKS = { BRIDGE_FALLBACK_FIRST: '300ms', BRIDGE_FALLBACK_MAX: '300ms' };

describe('the trace of a call', () => {
  let telemetry: Telemetry;
  before(async () => {
    telemetry = await startTelemetry();
  });
  after(() => telemetry.stop());

  /** Once the target runs: a signal that comes along with its start is handled in the span of its run. */
  const openTarget = async (stage: TracedStage, callerWorkflowId: string) => {
    const { target } = await remoteOf(stage.clusters.b, callerWorkflowId);
    await whenTaken(target, 0);
    await target.signal('open', CANARY);
  };
  const startTraced = (stage: TracedStage, workflow: string, taskQueue: string, arg: unknown) =>
    stage.client.workflow.start(workflow, {
      taskQueue,
      workflowId: `${workflow}-${randomUUID()}`,
      args: [arg],
    });

  test('whose outcome the fallback brings has one span for it, whatever was looked before', async (t) => {
    const stage = await openTracedStage(t);
    const env = { ...QUICK_LOOKS, BRIDGE_COMPLETION_SIGNALS: 'false' };
    await Promise.all([stage.bridge({ tracing: telemetry.tracing, env }), stage.targets()]);
    const caller = await startTraced(stage, 'CrossClusterWorkflow', 'bridge-queue', requestFor('Gate'));
    await anchorBackedOff(caller, 5);
    await openTarget(stage, caller.workflowId);
    await caller.result();
    await telemetry.expectTree(
      caller.workflowId,
      `
      orders StartWorkflow:CrossClusterWorkflow
        temporal-bridge-caller StartedWorkflow:CrossClusterWorkflow
          temporal-bridge-caller RemoteCall:Gate = started
            temporal-bridge-caller Fallback:Gate = completed
            temporal-bridge-handler StartedWorkflow:RemoteCallWorkflow
              temporal-bridge-handler RunActivity:AdmitRemoteCall = admitted
              temporal-bridge-handler RunActivity:SendCompletion = completed
              temporal-bridge-handler RunWorkflow:RemoteCallWorkflow
              temporal-bridge-handler StartChildWorkflow:Gate
          temporal-bridge-caller RunWorkflow:CrossClusterWorkflow
    `,
    );
  });

  test('that could not be started at first has the failed attempt once, and the one that started it', async (t) => {
    const stage = await openTracedStage(t);
    const toB = await stage.proxy('b');
    const env = { BRIDGE_START_RETRY_FIRST: '100ms', BRIDGE_START_RETRY_MAX: '200ms' };
    const { tracing } = telemetry;
    await Promise.all([
      stage.bridge({ tracing, addressOfB: toB.address, env: { ...env, BRIDGE_ROLE: 'caller' } }),
      stage.bridge({ tracing, env: { BRIDGE_ROLE: 'handler' } }),
      stage.targets(),
    ]);
    toB.cut();
    const caller = await startTraced(stage, 'CrossClusterWorkflow', 'bridge-queue', requestFor('Gate'));
    await anchorBackedOff(caller, 4);
    await telemetry.expectTree(
      caller.workflowId,
      `
      orders StartWorkflow:CrossClusterWorkflow
        temporal-bridge-caller StartedWorkflow:CrossClusterWorkflow
          temporal-bridge-caller RemoteCall:Gate = unreachable
    `,
    );
    toB.heal();
    await anchorBackedOff(caller, 5);
    await telemetry.expectTree(
      caller.workflowId,
      `
      orders StartWorkflow:CrossClusterWorkflow
        temporal-bridge-caller StartedWorkflow:CrossClusterWorkflow
          temporal-bridge-caller RemoteCall:Gate = unreachable
            temporal-bridge-caller StartRemoteCall:Gate = started
            temporal-bridge-handler StartedWorkflow:RemoteCallWorkflow
              temporal-bridge-handler RunActivity:AdmitRemoteCall = admitted
              temporal-bridge-handler StartChildWorkflow:Gate
    `,
    );
    await openTarget(stage, caller.workflowId);
    await caller.result();
    await telemetry.expectTree(
      caller.workflowId,
      `
      orders StartWorkflow:CrossClusterWorkflow
        temporal-bridge-caller StartedWorkflow:CrossClusterWorkflow
          temporal-bridge-caller RemoteCall:Gate = unreachable
            temporal-bridge-caller StartRemoteCall:Gate = started
            temporal-bridge-handler StartedWorkflow:RemoteCallWorkflow
              temporal-bridge-handler RunActivity:AdmitRemoteCall = admitted
              temporal-bridge-handler RunActivity:SendCompletion = completed
                temporal-bridge-caller HandleSignal:temporal-bridge.completion
              temporal-bridge-handler RunWorkflow:RemoteCallWorkflow
              temporal-bridge-handler StartChildWorkflow:Gate
          temporal-bridge-caller RunWorkflow:CrossClusterWorkflow
    `,
    );
  });

  test('of which only the bridge is traced is one, too, over replays and a caller that continues as new', async (t) => {
    const stage = await openTracedStage(t);
    const env = { BRIDGE_MAX_CACHED_WORKFLOWS: '0' };
    await Promise.all([stage.bridge({ tracing: telemetry.tracing, env }), stage.users({ traced: false })]);
    const caller = await startCrossCluster(stage.clusters, requestFor('GatedWork', [CANARY]));
    await openTarget(stage, caller.workflowId);
    await caller.result();
    await telemetry.expectTree(
      caller.workflowId,
      `
      temporal-bridge-caller RemoteCall:GatedWork = started
        temporal-bridge-handler StartedWorkflow:RemoteCallWorkflow
          temporal-bridge-handler RunActivity:AdmitRemoteCall = admitted
          temporal-bridge-handler RunActivity:SendCompletion = completed
            temporal-bridge-caller HandleSignal:temporal-bridge.completion
          temporal-bridge-handler RunWorkflow:RemoteCallWorkflow
          temporal-bridge-handler StartChildWorkflow:GatedWork
    `,
    );

    const library = await stage.start('HandOver', { type: 'GatedWork', args: [CANARY] }, 1);
    await openTarget(stage, library.workflowId);
    await library.result();
    await telemetry.expectTree(
      library.workflowId,
      `
      temporal-bridge-caller RemoteCall:GatedWork = started
        temporal-bridge-handler StartedWorkflow:RemoteCallWorkflow
          temporal-bridge-handler RunActivity:AdmitRemoteCall = admitted
          temporal-bridge-handler RunActivity:SendCompletion = completed
          temporal-bridge-handler RunActivity:SendCompletion = started
          temporal-bridge-handler RunWorkflow:RemoteCallWorkflow
          temporal-bridge-handler StartChildWorkflow:GatedWork
    `,
    );
  });

  test('that its caller’s own worker starts has the bridge’s spans of the start, not the SDK’s as well', async (t) => {
    const stage = await openTracedStage(t);
    const { tracing } = telemetry;
    const config = resolveConfig(
      bridgeEnv(stage.clusters, { env: { ...QUICK_LOOKS, BRIDGE_ROLE: 'caller' } }),
    );
    const plugins = [userPlugin('orders'), new BridgePlugin({ startHere: { config, tracing } })];
    const workflowBundle = await bundleWorkflowCode({
      workflowsPath: TRACED_WORKFLOWS,
      logger: SILENT,
      plugins,
    });
    await Promise.all([
      stage.bridge({ tracing, env: { BRIDGE_ROLE: 'handler' } }),
      stage.targets(),
      stage.libraryCallers({ plugins, workflowBundle }),
    ]);
    const caller = await startTraced(stage, 'Execute', 'callers', { type: 'Gate' });
    await anchorBackedOff(caller, 4);
    await openTarget(stage, caller.workflowId);
    await caller.result();
    await telemetry.expectTree(
      caller.workflowId,
      `
        orders StartWorkflow:Execute
          orders RunWorkflow:Execute
            orders StartActivity:StartWorkflowInRemote
          temporal-bridge-caller RemoteCall:Gate = started
            temporal-bridge-handler StartedWorkflow:RemoteCallWorkflow
              temporal-bridge-handler RunActivity:AdmitRemoteCall = admitted
              temporal-bridge-handler RunActivity:SendCompletion = completed
                orders HandleSignal:temporal-bridge.completion
              temporal-bridge-handler RunWorkflow:RemoteCallWorkflow
              temporal-bridge-handler StartChildWorkflow:Gate
      `,
    );
  });

  test('is not recorded where its caller is not sampled', async (t) => {
    const stage = await openTracedStage(t);
    await Promise.all([stage.bridge({ tracing: telemetry.tracing }), stage.targets()]);
    const start = () =>
      startTraced(stage, 'CrossClusterWorkflow', 'bridge-queue', requestFor('Echo', [CANARY]));
    const unsampled = trace.setSpanContext(ROOT_CONTEXT, {
      traceId: '11111111111111111111111111111111',
      spanId: '2222222222222222',
      traceFlags: TraceFlags.NONE,
    });
    const quiet = await context.with(unsampled, start);
    await quiet.result();
    const loud = await start();
    await loud.result();
    await telemetry.expectTree(
      loud.workflowId,
      `
      orders StartWorkflow:CrossClusterWorkflow
        temporal-bridge-caller StartedWorkflow:CrossClusterWorkflow
          temporal-bridge-caller RemoteCall:Echo = started
            temporal-bridge-handler StartedWorkflow:RemoteCallWorkflow
              temporal-bridge-handler RunActivity:AdmitRemoteCall = admitted
              temporal-bridge-handler RunActivity:SendCompletion = completed
                temporal-bridge-caller HandleSignal:temporal-bridge.completion
              temporal-bridge-handler RunWorkflow:RemoteCallWorkflow
              temporal-bridge-handler StartChildWorkflow:Echo
          temporal-bridge-caller RunWorkflow:CrossClusterWorkflow
    `,
    );
    assert.deepEqual(await telemetry.traceIds(quiet.workflowId), []);
  });
});
