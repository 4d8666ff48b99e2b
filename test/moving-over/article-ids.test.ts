/** Id mode `article`: calls that the published bridge has left on B are taken up, what is not that call is not. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { TestBridge, TestWorker, TwoClusters } from '../support/harness.js';
import {
  createTwoClusters,
  requestFor,
  startBridge,
  startCrossCluster,
  startTargets,
} from '../support/harness.js';
import {
  applicationFailureOf,
  eventually,
  failureOf,
  listExecutions,
  taskTroubles,
  whenClosed,
} from '../support/inspect.js';
import type { PublishedResult } from './published-bridge/names.js';
import { startPublishedBridge } from './published-bridge/worker.js';
import { openGateOf, outputOf, publishedTargetId, requestAsPublished } from './published-call.js';

const LIMIT = { timeout: 60_000 };

let clusters: TwoClusters;
let bridge: TestBridge;
let published: TestWorker;
let targets: TestWorker;

/** The published bridge keeps `bridge-queue`. */
const NEW_QUEUE = 'bridge-queue-2';

before(async () => {
  clusters = await createTwoClusters();
  [bridge, published, targets] = await Promise.all([
    // A caller that comes after the wrapper's signal has the fallback poll alone.
    startBridge(clusters, {
      env: { BRIDGE_TASK_QUEUE: NEW_QUEUE, BRIDGE_FALLBACK_FIRST: '500ms', BRIDGE_FALLBACK_MAX: '1s' },
    }),
    startPublishedBridge(clusters),
    startTargets(clusters.b),
  ]);
});
after(async () => {
  await Promise.all([bridge, published, targets].map((worker) => worker.stop()));
  await clusters.close();
});

/** Makes a call by the published bridge; resolves once its target is on B. */
async function callAsPublished(WorkflowType: string, input?: unknown) {
  const workflowId = `order-${randomUUID()}`;
  const call = await startCrossCluster(clusters, requestAsPublished(WorkflowType, input), { workflowId });
  const target = clusters.b.client.workflow.getHandle(publishedTargetId(call, WorkflowType));
  const { runId } = await eventually('the target is on B', () => target.describe().catch(() => undefined));
  return { call, target, runId };
}

/** Makes the same call here: the same caller id, type and input, in id mode `article`. */
function callAgain(
  { workflowId }: Pick<WorkflowHandle, 'workflowId'>,
  WorkflowType: string,
  input?: unknown,
  more: Record<string, unknown> = {},
  taskQueue = NEW_QUEUE,
) {
  const request = { ...requestAsPublished(WorkflowType, input), IDMode: 'article', ...more };
  return startCrossCluster(clusters, request, { workflowId, taskQueue });
}

async function assertOneExecution(workflowId: string): Promise<void> {
  const found = await listExecutions(clusters.b, `WorkflowId = "${workflowId}"`, 1);
  assert.equal(found.length, 1);
}

/** The wrapper of a call that is not the first one with this target: no parent leads to it. */
async function whenFollowed(targetId: string): Promise<void> {
  await eventually(`${targetId} is followed`, async () => {
    const query = 'WorkflowType = "RemoteCallWorkflow" AND ExecutionStatus = "Running"';
    for (const { workflowId } of await listExecutions(clusters.b, query)) {
      const { raw } = await clusters.b.client.workflow.getHandle(workflowId).describe();
      const waits = raw.pendingActivities?.some(({ lastFailure }) =>
        lastFailure?.message?.includes(targetId),
      );
      if (waits) return true;
    }
    return false;
  });
}

async function assertConflict(call: WorkflowHandle): Promise<void> {
  const failure = await applicationFailureOf(call);
  assert.equal(failure.type, 'CALL_ID_CONFLICT');
  assert.equal(failure.nonRetryable, true);
  assert.deepEqual(await taskTroubles(call), []);
}

describe('a target that the published bridge has started, asked for in article id mode', () => {
  test('is attached to while it runs', LIMIT, async () => {
    const { call, target, runId } = await callAsPublished('Gate');
    await call.terminate();
    const again = await callAgain(call, 'Gate');
    await whenFollowed(target.workflowId);
    await openGateOf(clusters.b, target.workflowId, 'for the new bridge');
    const answer = (await again.result()) as PublishedResult;
    const { Output, ...where } = answer;
    assert.deepEqual(where, { WorkflowID: target.workflowId, RunID: runId, Status: 'completed' });
    assert.equal(outputOf({ Output }), 'for the new bridge');
    await assertOneExecution(target.workflowId);
    assert.deepEqual(await taskTroubles(again), []);
  });

  test('is attached to after it has completed, and is not run again', LIMIT, async () => {
    const { call, target, runId } = await callAsPublished('OwnRunId');
    const before = (await call.result()) as PublishedResult;
    const again = (await (await callAgain(call, 'OwnRunId')).result()) as PublishedResult;
    assert.deepEqual(again, before);
    assert.equal(outputOf(again), runId);
    await assertOneExecution(target.workflowId);
  });

  test('is attached to after it has failed, and its failure comes back whole', LIMIT, async () => {
    const { call, target } = await callAsPublished('Fail', 'no stock');
    assert.equal((await failureOf(call)).message, 'remote workflow failed: no stock');
    const failure = await applicationFailureOf(await callAgain(call, 'Fail', 'no stock'));
    assert.equal(failure.type, 'REMOTE_WORKFLOW_FAILED');
    const { cause } = failure;
    assert.ok(cause instanceof ApplicationFailure);
    assert.deepEqual([cause.type, cause.message], ['OutOfStock', 'no stock']);
    assert.deepEqual(cause.details, [{ sku: 'SKU-7', left: 0 }, 'second detail']);
    assert.ok(cause.cause instanceof ApplicationFailure && cause.cause.type === 'Shelf');
    await assertOneExecution(target.workflowId);
  });

  test('is attached to after it was terminated', LIMIT, async () => {
    const { call, target } = await callAsPublished('Gate');
    await target.terminate('by hand');
    await whenClosed(call);
    const failure = await applicationFailureOf(await callAgain(call, 'Gate'));
    assert.equal(failure.type, 'REMOTE_WORKFLOW_TERMINATED');
    await assertOneExecution(target.workflowId);
  });

  test('gives the same answer to each that asks again', LIMIT, async () => {
    const { call, target } = await callAsPublished('OwnRunId');
    const before: unknown = await call.result();
    for (let times = 0; times < 2; times += 1) {
      assert.deepEqual(await (await callAgain(call, 'OwnRunId')).result(), before);
    }
    await assertOneExecution(target.workflowId);
  });

  test('is attached to where no signal brings its outcome', LIMIT, async (t) => {
    const taskQueue = 'bridge-queue-without-signals';
    const silent = await startBridge(clusters, {
      env: {
        BRIDGE_TASK_QUEUE: taskQueue,
        BRIDGE_HANDLER_TASK_QUEUE: 'bridge-handler-queue-without-signals',
        BRIDGE_COMPLETION_SIGNALS: 'false',
        BRIDGE_FALLBACK_FIRST: '500ms',
        BRIDGE_FALLBACK_MAX: '500ms',
      },
    });
    t.after(() => silent.stop());
    const { call, target, runId } = await callAsPublished('Gate');
    await call.terminate();
    const again = await callAgain(call, 'Gate', undefined, {}, taskQueue);
    await whenFollowed(target.workflowId);
    await openGateOf(clusters.b, target.workflowId, 'looked up');
    const answer = (await again.result()) as PublishedResult;
    assert.deepEqual([answer.WorkflowID, answer.RunID], [target.workflowId, runId]);
    assert.equal(outputOf(answer), 'looked up');
    await assertOneExecution(target.workflowId);
  });

  test('is attached to by its name where that is not its type', LIMIT, async () => {
    const call = { workflowId: `order-${randomUUID()}` };
    const workflowId = publishedTargetId(call, 'fulfillment');
    await clusters.b.client.workflow.start('OwnRunId', { taskQueue: 'targets', workflowId });
    const again = await callAgain(call, 'OwnRunId', undefined, { Key: 'fulfillment' });
    const answer = (await again.result()) as PublishedResult;
    assert.deepEqual([answer.WorkflowID, outputOf(answer)], [workflowId, answer.RunID]);
    await assertOneExecution(workflowId);
  });

  test('is attached to although its input was another one, which no memo tells', LIMIT, async () => {
    const { call, target } = await callAsPublished('Echo', 'first');
    await call.result();
    const again = await callAgain(call, 'Echo', 'other');
    assert.equal(outputOf(await again.result()), 'first');
    await assertOneExecution(target.workflowId);
  });
});

describe('a workflow on B that has the id but is not that call', () => {
  for (const state of ['runs', 'has closed']) {
    test(`is a conflict if it is of another type and ${state}`, LIMIT, async () => {
      const call = { workflowId: `order-${randomUUID()}` };
      const workflowId = publishedTargetId(call, 'Gate');
      const other = await clusters.b.client.workflow.start('Judged', { taskQueue: 'targets', workflowId });
      if (state === 'has closed') {
        await other.signal('judge', { value: 'of somebody else' });
        await other.result();
      }
      await assertConflict(await callAgain(call, 'Gate'));
      await assertOneExecution(workflowId);
      if (state === 'runs') await other.signal('judge', { value: 'unharmed' });
      assert.equal(await other.result(), state === 'runs' ? 'unharmed' : 'of somebody else');
    });
  }

  test('is a conflict if it belongs to another call of this bridge', LIMIT, async () => {
    // The published ids are ambiguous: `x-y` + `Gate` reads as `x` + `y-Gate`.
    const workflowId = `order-${randomUUID()}`;
    const first = await callAgain({ workflowId: `${workflowId}-y` }, 'Gate');
    const targetId = publishedTargetId(first, 'Gate');
    const target = clusters.b.client.workflow.getHandle(targetId);
    await eventually('the target is on B', () => target.describe().catch(() => undefined));
    await assertConflict(await callAgain({ workflowId }, 'Gate', undefined, { Key: 'y-Gate' }));
    await openGateOf(clusters.b, targetId, 'for the first call');
    assert.equal(outputOf(await first.result()), 'for the first call');
    await assertConflict(await callAgain({ workflowId }, 'Gate', undefined, { Key: 'y-Gate' }));
    await assertOneExecution(targetId);
  });

  test(
    'is a conflict in the other id modes, even if the published bridge has started it',
    LIMIT,
    async () => {
      const { call, target } = await callAsPublished('OwnRunId');
      await call.result();
      const request = requestFor('OwnRunId', [], { workflowId: target.workflowId });
      const { workflowId } = call;
      await assertConflict(await startCrossCluster(clusters, request, { workflowId, taskQueue: NEW_QUEUE }));
      await assertOneExecution(target.workflowId);
    },
  );
});

describe('a target of the published bridge that a call has attached to', () => {
  test('is cancelled with the caller that has attached to it', LIMIT, async () => {
    const { call, target } = await callAsPublished('UntilCancelled');
    await call.terminate();
    const again = await callAgain(call, 'UntilCancelled');
    await whenFollowed(target.workflowId);
    await again.cancel();
    assert.ok((await failureOf(again)) instanceof CancelledFailure);
    assert.equal((await whenClosed(target)).status.name, 'CANCELLED');
    await assertOneExecution(target.workflowId);
  });
});
