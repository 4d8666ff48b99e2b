import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { diffRequests, readServiceRequests } from '../../scripts/stack/server-metrics.js';
import type { TestBridge, TestWorker, TwoClusters } from '../support/harness.js';
import {
  createTwoClusters,
  requestFor,
  startBridge,
  startCrossCluster,
  startTargets,
} from '../support/harness.js';
import { applicationFailureOf, eventTypes, eventually, targetsOf } from '../support/inspect.js';

const READS = [
  'DescribeWorkflowExecution',
  'GetWorkflowExecutionHistory',
  'GetWorkflowExecutionHistoryReverse',
  'QueryWorkflow',
  'ListWorkflowExecutions',
  'CountWorkflowExecutions',
  'ScanWorkflowExecutions',
  'DescribeTaskQueue',
];

for (const maxCachedWorkflows of ['1000', '0']) {
  describe(`a call, with ${maxCachedWorkflows} cached workflows`, () => {
    let clusters: TwoClusters;
    let bridge: TestBridge;
    let targets: TestWorker;

    before(async () => {
      clusters = await createTwoClusters();
      [bridge, targets] = await Promise.all([
        startBridge(clusters, { env: { BRIDGE_MAX_CACHED_WORKFLOWS: maxCachedWorkflows } }),
        startTargets(clusters.b),
      ]);
    });
    after(async () => {
      await bridge.stop();
      await targets.stop();
      await clusters.close();
    });

    test('a value comes back from the other cluster', async () => {
      const call = await startCrossCluster(clusters, requestFor('EchoAll', [1, 'two', { three: 3 }, null]));
      const answer = (await call.result()) as { result: unknown; status: string };
      assert.deepEqual(answer.result, [1, 'two', { three: 3 }, null]);
      assert.equal(answer.status, 'completed');
    });

    test('a failure comes back with type, message, details, flag, stack and causes', async () => {
      const failure = await applicationFailureOf(
        await startCrossCluster(clusters, requestFor('Fail', ['gone'])),
      );
      assert.equal(failure.type, 'REMOTE_WORKFLOW_FAILED');
      assert.equal(failure.nonRetryable, true);
      const own = failure.cause as typeof failure;
      assert.equal(own.type, 'OutOfStock');
      assert.equal(own.message, 'gone');
      assert.equal(own.nonRetryable, true);
      assert.deepEqual(own.details, [{ sku: 'SKU-7', left: 0 }, 'second detail']);
      assert.match(own.stack ?? '', /Fail/);
      const cause = own.cause as typeof failure;
      assert.equal(cause.type, 'Shelf');
      assert.deepEqual(cause.details, [7]);
    });

    // Without a cache a worker of the SDK runs one workflow at a time, and calls side by side wait for a task's time-out.
    if (maxCachedWorkflows !== '0') {
      test('a call causes one start on B, one signal on A, and no read on either', async () => {
        // One call first, so that what a process asks once (capabilities, retention) is not counted.
        await (await startCrossCluster(clusters, requestFor('Echo', ['warm']))).result();
        const read = () =>
          Promise.all(
            [clusters.a, clusters.b].map((side) =>
              readServiceRequests(side.metricsUrl, { namespaces: [side.namespace] }),
            ),
          );
        const [a0 = {}, b0 = {}] = await read();
        const calls = 5;
        const handles = [];
        for (let i = 0; i < calls; i += 1)
          handles.push(await startCrossCluster(clusters, requestFor('Echo', [i])));
        // The test itself reads nothing until it has taken the figures: only the servers' own metrics.
        const [onA, onB] = await eventually('all calls have ended', async () => {
          const [a1 = {}, b1 = {}] = await read();
          const [a, b] = [diffRequests(a0, a1), diffRequests(b0, b1)];
          // Each call: two workflow tasks on A, the second of which ends it.
          return (a['RespondWorkflowTaskCompleted'] ?? 0) >= 2 * calls && [a, b];
        });
        assert.equal(onB?.['StartWorkflowExecution'], calls, JSON.stringify(onB));
        assert.equal(onA?.['SignalWorkflowExecution'], calls, JSON.stringify(onA));
        assert.equal(
          onA['StartWorkflowExecution'],
          calls,
          'the test starts the callers; nothing else is started on A',
        );
        assert.equal(onB['SignalWorkflowExecution'] ?? 0, 0);
        for (const operation of READS) {
          assert.equal(onA[operation] ?? 0, 0, `${operation} on A`);
          assert.equal(onB[operation] ?? 0, 0, `${operation} on B`);
        }
        for (const handle of handles) await handle.result();
      });
    }

    test('a call has 10 events on A, the safety net included', async () => {
      const call = await startCrossCluster(clusters, requestFor('Gate'));
      const target = await openTarget(clusters, call.workflowId);
      await target.signal('open', 'now');
      await call.result();
      assert.deepEqual(await eventTypes(call), [1, 5, 6, 7, 10, 26, 5, 6, 7, 2]);
    });
  });
}

async function openTarget(clusters: TwoClusters, callerId: string) {
  const [target] = await targetsOf(clusters.b, callerId);
  assert.ok(target);
  return clusters.b.client.workflow.getHandle(target.workflowId);
}
