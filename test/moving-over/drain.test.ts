/** The published bridge drains on its queue while this one works on another, and then takes the queue over. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import type { WorkflowHandle } from '@temporalio/client';
import { startCrossCluster, type TestWorker } from '../support/harness.js';
import {
  EVENT,
  countEvents,
  eventually,
  failureOf,
  listExecutions,
  taskTroubles,
} from '../support/inspect.js';
import { openStage } from '../support/stage.js';
import {
  OPEN_PUBLISHED_CALLS,
  openGateOf,
  outputOf,
  publishedTargetId,
  requestAsPublished,
} from './published-call.js';
import { startPublishedBridge } from './published-bridge/worker.js';

const LIMIT = { timeout: 120_000 };
/** Who has worked on a workflow's tasks. */
async function workersOf(call: WorkflowHandle): Promise<string[]> {
  const { events } = await call.fetchHistory();
  const identities = (events ?? []).flatMap(({ workflowTaskCompletedEventAttributes: task }) =>
    task?.identity ? [task.identity] : [],
  );
  return [...new Set(identities)];
}

test(
  'open calls end where they began, new ones on another queue, until the old queue is free',
  LIMIT,
  async (t) => {
    const stage = await openStage(t);
    const { clusters } = stage;
    const { a, b } = clusters;
    await stage.targets();
    let published: TestWorker | undefined = await startPublishedBridge(clusters);
    const stopPublished = async () => {
      const running = published;
      published = undefined;
      await running?.stop();
    };
    t.after(stopPublished);

    const open = (WorkflowType: string, Input?: unknown) =>
      startCrossCluster(clusters, requestAsPublished(WorkflowType, Input), {
        workflowId: `old-${randomUUID()}`,
      });
    const [waiting, failing] = await Promise.all([open('Gate'), open('Judged')]);
    for (const call of [waiting, failing]) {
      await eventually('the published bridge waits', async () => {
        return (await countEvents(call, EVENT.activityScheduled)) === 2;
      });
    }

    const bridge = await stage.bridge({ env: { BRIDGE_TASK_QUEUE: 'bridge-queue-2' } });
    const fresh = await startCrossCluster(clusters, requestAsPublished('Gate'), {
      workflowId: `new-${randomUUID()}`,
      taskQueue: 'bridge-queue-2',
    });
    const [target] = await listExecutions(
      b,
      `WorkflowId STARTS_WITH "bridge-cluster-a-${fresh.workflowId}-"`,
      1,
    );
    await openGateOf(b, target?.workflowId ?? '', 'new');
    assert.equal(outputOf(await fresh.result()), 'new');
    assert.deepEqual(await taskTroubles(fresh), []);

    // The old bridge is started again while it drains: its calls wait for it, and nobody else takes them.
    await stopPublished();
    assert.equal(
      (await listExecutions(a, OPEN_PUBLISHED_CALLS, 2)).length,
      2,
      'the old calls are still open',
    );
    await openGateOf(b, publishedTargetId(waiting, 'Gate'), 'old');
    await b.client.workflow
      .getHandle(publishedTargetId(failing, 'Judged'))
      .signal('judge', { fail: 'sold out' });
    published = await startPublishedBridge(clusters);
    assert.equal(outputOf(await waiting.result()), 'old');
    assert.equal((await failureOf(failing)).message, 'remote workflow failed: sold out');
    for (const call of [waiting, failing]) {
      assert.deepEqual(await workersOf(call), ['published-bridge']);
      assert.deepEqual(await taskTroubles(call), []);
    }

    await eventually('nothing is open on the old queue', async () => {
      return (await listExecutions(a, OPEN_PUBLISHED_CALLS)).length === 0;
    });
    await stopPublished();
    await bridge.stop();
    await stage.bridge();
    const again = await startCrossCluster(clusters, requestAsPublished('Echo', { orderID: '123' }));
    assert.deepEqual(outputOf(await again.result()), { orderID: '123' });
    assert.deepEqual(await taskTroubles(again), []);
  },
);
