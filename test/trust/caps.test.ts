/** Caps on calls in flight and on their rate: over a cap calls wait or are refused, and none is lost. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { TestContext } from 'node:test';
import { describe, test } from 'node:test';
import type { WorkflowHandle } from '@temporalio/client';
import { CancelledFailure } from '@temporalio/common';
import { CALL_HELD, REMOTE_RUNNING } from '../../src/shared/failure-table.js';
import { articleTargetWorkflowId } from '../../src/shared/remote-ids.js';
import { anchorBackedOff, exists, remoteIdsOf, resetToFirstTask } from '../support/anchor.js';
import type { TwoClusters } from '../support/harness.js';
import { createSide, requestFor, startBridge, startCrossCluster } from '../support/harness.js';
import {
  applicationFailureOf,
  eventTypes,
  eventually,
  failureOf,
  listExecutions,
  remoteOf,
} from '../support/inspect.js';
import type { Stage } from '../support/stage.js';
import { openStage } from '../support/stage.js';

const LIMIT = { timeout: 180_000 };
const CALLER = { BRIDGE_ROLE: 'caller' };
const HANDLER = { BRIDGE_ROLE: 'handler' };

const inFlight = (calls: number) => ({ BRIDGE_MAX_CALLS_IN_FLIGHT: `${calls}` });
const perSecond = (calls: number) => ({ BRIDGE_MAX_CALLS_PER_SECOND: `${calls}` });
type Env = Readonly<Record<string, string>>;

/** A stage with targets and a bridge for each role. */
async function openRoles(t: TestContext, caller: Env, handler: Env = {}) {
  const stage = await openStage(t);
  const [callerSide, handlerSide] = await Promise.all([
    stage.bridge({ env: { ...CALLER, ...caller } }),
    stage.bridge({ env: { ...HANDLER, ...handler } }),
    stage.targets(),
  ]);
  return { stage, callerSide, handlerSide };
}

const makeCalls = (
  stage: Stage,
  calls: number,
  type: string,
  ...args: unknown[]
): Promise<WorkflowHandle[]> =>
  Promise.all(Array.from({ length: calls }, () => startCrossCluster(stage.clusters, requestFor(type, args))));

const valueOf = async (call: WorkflowHandle): Promise<unknown> =>
  ((await call.result()) as { result: unknown }).result;

/** Waits until a call is held back by a cap. */
const whenHeld = (call: WorkflowHandle) =>
  eventually(`${call.workflowId} is held back`, async () => {
    const { lastFailure } = await anchorBackedOff(call);
    return lastFailure?.applicationFailureInfo?.type === CALL_HELD && lastFailure;
  });

/** Makes a call of a gate and waits until its target runs. */
async function openGate(stage: Stage, clusters: TwoClusters = stage.clusters): Promise<WorkflowHandle> {
  const call = await startCrossCluster(clusters, requestFor('Gate'));
  await remoteOf(clusters.b, call.workflowId);
  return call;
}

async function letThrough(stage: Stage, call: WorkflowHandle, value: unknown): Promise<void> {
  const { target } = await remoteOf(stage.clusters.b, call.workflowId);
  await target.signal('open', value);
}

/** A call in id mode `article`, and how its target comes to be on B by another hand than a wrapper's. */
function articleCall({ clusters }: Stage, more: Record<string, unknown> = {}) {
  const callerWorkflowId = `order-${randomUUID()}`;
  const workflowId = articleTargetWorkflowId({ sourceCluster: 'cluster-a', callerWorkflowId, name: 'Gate' });
  return {
    make: () =>
      startCrossCluster(clusters, requestFor('Gate', [], { idMode: 'article', ...more }), {
        workflowId: callerWorkflowId,
      }),
    startTarget: () => clusters.b.client.workflow.start('Gate', { workflowId, taskQueue: 'targets' }),
  };
}

const timesOf = async (stage: Stage, type: string, atLeast: number) =>
  (await listExecutions(stage.clusters.b, `WorkflowType = '${type}' AND CloseTime IS NOT NULL`, atLeast)).map(
    ({ startTime, closeTime }) => ({ start: startTime.getTime(), close: closeTime?.getTime() ?? Infinity }),
  );

/** The most executions that were open at one time, by the cluster's own record. */
function mostAtOnce(times: readonly { start: number; close: number }[]): number {
  return Math.max(
    ...times.map(({ start: at }) => times.filter(({ start, close }) => start <= at && at < close).length),
  );
}

/** The most that started within one second. */
function mostInOneSecond(times: readonly { start: number }[]): number {
  return Math.max(
    ...times.map(({ start: at }) => times.filter(({ start }) => at <= start && start < at + 1000).length),
  );
}

describe('a cap on calls in flight on the caller side', () => {
  for (const roles of ['of a process of its own', 'of a process that is the handler side, too'])
    test(`${roles}: is never exceeded, all calls end, and no history grows`, LIMIT, async (t) => {
      const stage = await openStage(t);
      const env = inFlight(5);
      const [bridge] = await Promise.all(
        roles === 'of a process of its own'
          ? [stage.bridge({ env: { ...CALLER, ...env } }), stage.bridge({ env: HANDLER }), stage.targets()]
          : [stage.bridge({ env }), stage.targets()],
      );
      const uncapped = await startCrossCluster(stage.clusters, requestFor('OwnRunId'));
      await uncapped.result();
      const calls = await makeCalls(stage, 30, 'Sleep', 700);
      const runIds = await Promise.all(calls.map(valueOf));
      assert.equal(new Set(runIds).size, 30);
      const times = await timesOf(stage, 'Sleep', 30);
      assert.equal(times.length, 30);
      const most = mostAtOnce(times);
      assert.ok(most <= 5 && most > 1, `${most} at once`);
      assert.ok('logs' in bridge && bridge.logs.some(({ msg }) => msg === 'Calls are held back by a cap'));
      const events = await eventTypes(uncapped);
      for (const call of calls) assert.deepEqual(await eventTypes(call), events);
    });

  test('holds a call where an operator sees why, and does not touch others', LIMIT, async (t) => {
    const { stage } = await openRoles(t, inFlight(1), {});
    const other = await createSide(stage.clusters.a);
    t.after(() => other.client.connection.close());
    const there = { ...stage.clusters, a: other };
    const first = await openGate(stage);
    const second = await startCrossCluster(stage.clusters, requestFor('Gate'));
    const { message } = await whenHeld(second);
    assert.match(
      message ?? '',
      /^held back, nothing is started on cluster-b yet: calls of Gate from namespace \S+ of cluster-a: 1 open; the cap is 1; next try in /,
    );
    const { wrapper } = await remoteIdsOf(stage.clusters.b, second);
    assert.equal(await exists(wrapper), false);

    const [otherType] = await makeCalls(stage, 1, 'Echo', 'passes');
    assert.equal(otherType && (await valueOf(otherType)), 'passes');
    // The calls of another namespace are counted by themselves; no handler side answers them here.
    const otherCaller = await startBridge(there, { env: { ...CALLER, ...inFlight(1) } });
    t.after(() => otherCaller.stop());
    const elsewhere = await startCrossCluster(there, requestFor('Gate'));
    const { lastFailure } = await anchorBackedOff(elsewhere);
    assert.equal(lastFailure?.applicationFailureInfo?.type, REMOTE_RUNNING);
    await elsewhere.terminate();

    await letThrough(stage, first, 1);
    await letThrough(stage, second, 2);
    assert.deepEqual([await valueOf(first), await valueOf(second)], [1, 2]);
  });

  test('a held call that is cancelled ends as cancelled, and nothing starts', LIMIT, async (t) => {
    const { stage } = await openRoles(t, inFlight(1));
    const first = await openGate(stage);
    const second = await startCrossCluster(stage.clusters, requestFor('Gate'));
    await whenHeld(second);
    await second.cancel();
    assert.ok((await failureOf(second)) instanceof CancelledFailure);
    const { wrapper, target } = await remoteIdsOf(stage.clusters.b, second);
    assert.deepEqual([await exists(wrapper), await exists(target)], [false, false]);
    await letThrough(stage, first, 1);
    assert.equal(await valueOf(first), 1);
  });

  test('a held call whose time is over expires, and nothing starts', LIMIT, async (t) => {
    const { stage } = await openRoles(t, inFlight(1));
    const first = await openGate(stage);
    const second = await startCrossCluster(stage.clusters, requestFor('Gate', [], { timeout: '3s' }));
    const failure = await applicationFailureOf(second);
    assert.equal(failure.type, 'CALL_EXPIRED');
    assert.equal((failure.details?.[0] as { started?: string }).started, 'no');
    assert.match(failure.message, /a cap held the call back/);
    const { wrapper } = await remoteIdsOf(stage.clusters.b, second);
    assert.equal(await exists(wrapper), false);
    await first.terminate();
  });

  test(
    'a call that was started before its caller was reset attaches, though no other could start',
    LIMIT,
    async (t) => {
      const { stage } = await openRoles(t, inFlight(1));
      const first = await openGate(stage);
      await anchorBackedOff(first);
      const held = await startCrossCluster(stage.clusters, requestFor('Gate'));
      await whenHeld(held);
      await resetToFirstTask(stage.clusters.a, first);
      const again = stage.clusters.a.client.workflow.getHandle(first.workflowId);
      const { lastFailure } = await anchorBackedOff(again);
      assert.equal(lastFailure?.applicationFailureInfo?.type, REMOTE_RUNNING);
      await letThrough(stage, again, 'once');
      assert.equal(await valueOf(again), 'once');
      await held.terminate();
    },
  );

  test('a call whose target is there without a wrapper is not held: it adopts it', LIMIT, async (t) => {
    const { stage } = await openRoles(t, inFlight(1));
    const first = await openGate(stage);
    const { make, startTarget } = articleCall(stage);
    const target = await startTarget();
    const call = await make();
    const { lastFailure } = await anchorBackedOff(call);
    assert.equal(lastFailure?.applicationFailureInfo?.type, REMOTE_RUNNING);
    await target.signal('open', 'adopted');
    assert.equal(await valueOf(call), 'adopted');
    await first.terminate();
  });

  test('a held call whose target comes without a wrapper does not say that nothing was', LIMIT, async (t) => {
    const { stage } = await openRoles(t, inFlight(1));
    const first = await openGate(stage);
    const { make, startTarget } = articleCall(stage, { timeout: '8s' });
    const call = await make();
    await whenHeld(call);
    const target = await startTarget();
    const failure = await applicationFailureOf(call);
    assert.equal(failure.type, 'CALL_EXPIRED');
    assert.notEqual((failure.details?.[0] as { started?: string }).started, 'no');
    await Promise.all([first.terminate(), target.terminate().catch(() => undefined)]);
  });

  test('a bridge that is started anew while calls are held loses none', LIMIT, async (t) => {
    const { stage, callerSide } = await openRoles(t, inFlight(2));
    const calls = await makeCalls(stage, 6, 'Gate');
    const started = async () => (await listExecutions(stage.clusters.b, "WorkflowType = 'Gate'")).length;
    await eventually('two have started', async () => (await started()) === 2);
    await eventually('four are held', async () => {
      const ends = await Promise.all(calls.map((call) => anchorBackedOff(call)));
      const types = ends.map(({ lastFailure }) => lastFailure?.applicationFailureInfo?.type);
      return types.filter((type) => type === CALL_HELD).length === 4;
    });
    await callerSide.stop();
    await stage.bridge({ env: { ...CALLER, ...inFlight(2) } });
    await Promise.all(calls.map((call) => letThrough(stage, call, call.workflowId)));
    assert.deepEqual(
      await Promise.all(calls.map(valueOf)),
      calls.map(({ workflowId }) => workflowId),
    );
    const times = await timesOf(stage, 'Gate', 6);
    assert.equal(times.length, 6);
    assert.ok(mostAtOnce(times) <= 2);
  });
});

describe('a cap on calls in flight on the handler side', () => {
  test('refuses what is over it with a typed error, before anything starts', LIMIT, async (t) => {
    const { stage, handlerSide } = await openRoles(t, {}, inFlight(2));
    const calls = await makeCalls(stage, 6, 'Gate');
    const refused = calls.map((call) => applicationFailureOf(call).catch(() => undefined));
    await eventually('four are refused', async () => {
      const closed = await Promise.all(calls.map((call) => call.describe()));
      return closed.filter(({ status }) => status.name === 'FAILED').length === 4;
    });
    const gates = await listExecutions(stage.clusters.b, "WorkflowType = 'Gate'", 2);
    assert.equal(gates.length, 2);
    for (const { workflowId } of gates)
      await stage.clusters.b.client.workflow.getHandle(workflowId).signal('open', 'open');
    const failures = (await Promise.all(refused)).filter((failure) => failure !== undefined);
    assert.equal(failures.length, 4);
    for (const failure of failures) {
      assert.equal(failure.type, 'TOO_MANY_OPEN_CALLS');
      assert.equal(failure.nonRetryable, false);
      const { started, limit } = failure.details?.[0] as Record<string, unknown>;
      assert.deepEqual({ started, limit }, { started: 'no', limit: '2' });
      assert.match(failure.message, /the cap is 2; nothing was started$/);
    }
    assert.equal(handlerSide.logs.filter(({ msg }) => msg === 'Call refused').length, 4);
    await eventually('there is room again', async () => {
      const [next] = await makeCalls(stage, 1, 'Gate');
      const target = next && (await remoteOf(stage.clusters.b, next.workflowId).catch(() => undefined));
      await next?.terminate();
      return target !== undefined;
    });
  });
});

describe('a cap on calls in flight on the handler side, and a target that is there already', () => {
  test('the call adopts it, though none could start', LIMIT, async (t) => {
    const { stage } = await openRoles(t, {}, inFlight(1));
    const first = await openGate(stage);
    const { make, startTarget } = articleCall(stage);
    const target = await startTarget();
    const call = await make();
    await target.signal('open', 'adopted');
    assert.equal(await valueOf(call), 'adopted');
    const refused = await applicationFailureOf(await articleCall(stage).make());
    assert.equal(refused.type, 'TOO_MANY_OPEN_CALLS');
    await first.terminate();
  });
});

describe('a cap on the rate of calls', () => {
  const RATE = 4;
  const CALLS = 20;
  for (const side of ['caller', 'handler'] as const)
    test(`on the ${side} side lets calls wait, and all of them through`, LIMIT, async (t) => {
      const { stage } = await openRoles(
        t,
        side === 'caller' ? perSecond(RATE) : {},
        side === 'handler' ? perSecond(RATE) : {},
      );
      const calls = await makeCalls(stage, CALLS, 'OwnRunId');
      const [other] = await makeCalls(stage, 1, 'Echo', 'another type');
      assert.equal(other && (await valueOf(other)), 'another type');
      const runIds = await Promise.all(calls.map(valueOf));
      assert.equal(new Set(runIds).size, CALLS);
      const times = await timesOf(stage, 'OwnRunId', CALLS);
      assert.equal(times.length, CALLS);
      // By the cluster's record, which is late by what a request takes: two more may fall into one second.
      const most = mostInOneSecond(times);
      assert.ok(most <= 2 * RATE + 2, `${most} within a second`);
      const starts = times.map(({ start }) => start);
      const tookMs = Math.max(...starts) - Math.min(...starts);
      assert.ok(tookMs >= ((CALLS - RATE) / RATE) * 1000 - 1000, `${CALLS} started within ${tookMs} ms`);
    });
});

describe('without a cap', () => {
  test('no open calls are listed; with one they are', LIMIT, async (t) => {
    const stage = await openStage(t);
    const [without, withCap] = [await stage.proxy('b'), await stage.proxy('b')];
    await stage.targets();
    const bridge = await stage.bridge({ addressOfB: without.address });
    const [first] = await makeCalls(stage, 1, 'Echo', 1);
    assert.equal(first && (await valueOf(first)), 1);
    await bridge.stop();
    await stage.bridge({ addressOfB: withCap.address, env: inFlight(1) });
    const [second] = await makeCalls(stage, 1, 'Echo', 2);
    assert.equal(second && (await valueOf(second)), 2);
    assert.equal(Object.keys(without.calls()).includes('ListWorkflowExecutions'), false);
    assert.equal(Object.keys(withCap.calls()).includes('ListWorkflowExecutions'), true);
  });
});
