/** Why the two bridges must not share a queue: what happens to a published call that this bridge gets hold of. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { startCrossCluster } from '../support/harness.js';
import {
  EVENT,
  applicationFailureOf,
  countEvents,
  eventually,
  listExecutions,
  taskTroubles,
} from '../support/inspect.js';
import { openStage } from '../support/stage.js';
import { startPublishedBridge } from './published-bridge/worker.js';
import { publishedTargetId, requestAsPublished } from './published-call.js';

const LIMIT = { timeout: 60_000 };
/** `EVENT_TYPE_ACTIVITY_TASK_COMPLETED`. */
const ACTIVITY_COMPLETED = 12;

test(
  'a published start that this bridge takes from the queue is refused, and starts nothing',
  LIMIT,
  async (t) => {
    const stage = await openStage(t);
    const { clusters } = stage;
    const published = await startPublishedBridge(clusters, { takes: 'workflows' });
    const call = await startCrossCluster(clusters, requestAsPublished('Echo', 1), {
      workflowId: `order-${randomUUID()}`,
    });
    await eventually('the start is scheduled', async () => {
      return (await countEvents(call, EVENT.activityScheduled)) === 1;
    });
    await published.stop();
    await stage.bridge();
    const failure = await applicationFailureOf(call);
    assert.equal(failure.type, 'INVALID_REQUEST');
    const targets = `WorkflowId = "${publishedTargetId(call, 'Echo')}" OR WorkflowType = "RemoteCallWorkflow"`;
    assert.deepEqual(await listExecutions(clusters.b, targets), []);
  },
);

test('the answer of a published start is not taken for the answer of the target', LIMIT, async (t) => {
  // The Go SDK numbers activities otherwise, so that its histories are refused before it comes to this (replay.test.ts).
  const stage = await openStage(t);
  const { clusters } = stage;
  const call = await startCrossCluster(clusters, requestAsPublished('Echo', 1), {
    workflowId: `order-${randomUUID()}`,
  });
  // One after the other, so that the history stops between the start and the wait.
  for (const [takes, type] of [
    ['workflows', EVENT.activityScheduled],
    ['activities', ACTIVITY_COMPLETED],
  ] as const) {
    const published = await startPublishedBridge(clusters, { takes });
    await eventually(`${takes} are taken`, async () => (await countEvents(call, type)) === 1);
    await published.stop();
  }
  await stage.bridge();
  const troubles = await eventually('this bridge has taken it up', async () => {
    const { status } = await call.describe();
    const found = await taskTroubles(call);
    return (found.length > 0 || status.name !== 'RUNNING') && [status.name, ...found];
  });
  assert.notEqual(troubles[0], 'COMPLETED');
});
