import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { CancelledFailure } from '@temporalio/common';
import type { TestBridge, TestWorker, TwoClusters } from '../support/harness.js';
import {
  createTwoClusters,
  requestFor,
  startBridge,
  startCrossCluster,
  startTargets,
} from '../support/harness.js';
import { eventually, failureOf, targetsOf } from '../support/inspect.js';

describe('cancellation of a call', () => {
  let clusters: TwoClusters;
  let bridge: TestBridge;
  let targets: TestWorker;

  before(async () => {
    clusters = await createTwoClusters();
    [bridge, targets] = await Promise.all([startBridge(clusters), startTargets(clusters.b)]);
  });
  after(async () => {
    await bridge.stop();
    await targets.stop();
    await clusters.close();
  });

  test('a cancelled caller cancels the remote workflow and waits for its own end', async () => {
    const call = await startCrossCluster(clusters, requestFor('UntilCancelled'));
    const [target] = await targetsOf(clusters.b, call.workflowId);
    await call.cancel();
    assert.ok((await failureOf(call)) instanceof CancelledFailure);
    assert.equal((await call.describe()).status.name, 'CANCELLED');
    const remote = clusters.b.client.workflow.getHandle(target?.workflowId ?? '');
    assert.equal((await remote.describe()).status.name, 'CANCELLED');
  });

  test('a remote workflow that is cancelled on its own cluster reaches the caller as a cancellation', async () => {
    const call = await startCrossCluster(clusters, requestFor('UntilCancelled'));
    const [target] = await targetsOf(clusters.b, call.workflowId);
    await clusters.b.client.workflow.getHandle(target?.workflowId ?? '').cancel();
    const failure = await failureOf(call);
    assert.ok(failure instanceof CancelledFailure, failure.message);
    assert.match(failure.message, /UntilCancelled on targets was canceled/);
  });

  test('a caller cancelled while its start is on the way leaves nothing running', async () => {
    const call = await startCrossCluster(clusters, requestFor('UntilCancelled'));
    await call.cancel();
    assert.ok((await failureOf(call)) instanceof CancelledFailure);
    await eventually('no open target', async () => {
      const all = await targetsOf(clusters.b, call.workflowId, 0);
      return all.every(({ status }) => status.name !== 'RUNNING');
    });
  });
});
