/** Each line that the bridge writes about a call says whose call it is, where it goes, and which attempt this is. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CALL_LOG_FIELDS, TRACE_LOG_FIELDS } from '../../src/bridge/call-log.js';
import { startFaultProxy } from '../support/fault-proxy.js';
import { requestFor, startCrossCluster } from '../support/harness.js';
import { eventually } from '../support/inspect.js';
import { codeOf, readDocument, readTable } from '../support/markdown.js';
import { openStage } from '../support/stage.js';

/** What is written about calls of every fate, and at which level. */
const LINES = {
  'Call started': 'info',
  'cluster-b cannot be reached, the call waits': 'warn',
  'Call ended, reported by the anchor activity': 'info',
  'Completion sent': 'info',
  'Completion not sent yet; it is tried again': 'warn',
  'Completion dropped: the caller is gone': 'info',
};

describe('log lines about calls', () => {
  test(
    'name the call, both clusters, both workflows, the task queue and the attempt',
    { timeout: 120_000 },
    async (t) => {
      const stage = await openStage(t);
      const { a, b } = stage.clusters;
      const [toA, toB] = await Promise.all([startFaultProxy(a.address), startFaultProxy(b.address)]);
      t.after(() => Promise.all([toA.close(), toB.close()]));
      const env = {
        BRIDGE_START_RETRY_FIRST: '200ms',
        BRIDGE_LEASE_FIRST: '500ms',
        BRIDGE_RPC_TIMEOUT: '1s',
        BRIDGE_FALLBACK_FIRST: '1s',
      };
      const [caller, handler] = await Promise.all([
        stage.bridge({ addressOfB: toB.address, env: { ...env, BRIDGE_ROLE: 'caller' } }),
        stage.bridge({ addressOfA: toA.address, env: { ...env, BRIDGE_ROLE: 'handler' } }),
        stage.targets(),
      ]);
      const written = () => [...caller.logs, ...handler.logs];
      const untilWritten = (message: keyof typeof LINES) =>
        eventually(message, () => written().find(({ msg }) => msg === message));

      toB.cut();
      const early = await startCrossCluster(stage.clusters, requestFor('Echo', [1]));
      await untilWritten('cluster-b cannot be reached, the call waits');
      toB.heal();
      await early.result();

      toA.cut();
      const late = await startCrossCluster(stage.clusters, requestFor('Echo', [2]));
      await untilWritten('Completion not sent yet; it is tried again');
      await untilWritten('Call ended, reported by the anchor activity');
      toA.heal();
      await late.result();

      const gone = await startCrossCluster(stage.clusters, requestFor('Gate'));
      await eventually(
        'both calls before and this one have started',
        () => written().filter(({ msg }) => msg === 'Call started').length >= 3,
      );
      await gone.terminate();
      await untilWritten('Completion dropped: the caller is gone');

      const about = written().filter(({ callId }) => callId !== undefined);
      for (const line of about) {
        for (const field of CALL_LOG_FIELDS)
          assert.ok(
            line[field] !== undefined && line[field] !== '',
            `${line.msg}: ${field} of ${JSON.stringify(line)}`,
          );
        assert.equal(line['sourceCluster'], 'cluster-a');
        assert.equal(line['destinationCluster'], 'cluster-b');
        assert.equal(LINES[line.msg as keyof typeof LINES], line.level, line.msg);
        for (const field of TRACE_LOG_FIELDS) assert.equal(line[field], undefined, 'nothing is traced here');
      }
      assert.deepEqual(new Set(about.map(({ msg }) => msg)), new Set(Object.keys(LINES)));
      // What a call's two sides say goes by one id.
      for (const call of [early, late, gone]) {
        const ids = new Set(
          about.filter((line) => line['sourceWorkflowId'] === call.workflowId).map(({ callId }) => callId),
        );
        assert.equal(ids.size, 1);
      }
    },
  );

  test('have the fields that docs/observability.md lists', () => {
    const table = readTable(readDocument('docs/observability.md'), '## Logs');
    const listed = table.rows.map(([name]) => codeOf(name));
    for (const field of [...CALL_LOG_FIELDS, ...TRACE_LOG_FIELDS]) assert.ok(listed.includes(field), field);
  });
});
