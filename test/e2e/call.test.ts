import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { TestBridge, TestWorker, TwoClusters } from '../support/harness.js';
import {
  createTwoClusters,
  requestFor,
  startBridge,
  startCrossCluster,
  startTargets,
} from '../support/harness.js';
import { applicationFailureOf } from '../support/inspect.js';

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
  });
}
