/** What becomes of the targets of a caller that closes, or is gone. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, afterEach, before, describe, test } from 'node:test';
import type { WorkflowHandle } from '@temporalio/client';
import { WATCH_CALLER_ACTIVITY } from '../../src/shared/names.js';
import type { RemoteCallReport } from '../../workflows-b/remote-call-workflow.js';
import { exists, remoteIdsOf } from '../support/anchor.js';
import type { FaultProxy } from '../support/fault-proxy.js';
import type { RemoteHandles } from '../support/inspect.js';
import { EVENT, countEvents, eventually, remoteOf, taskTroubles, whenClosed } from '../support/inspect.js';
import { readsIn } from '../../scripts/stack/server-metrics.js';
import { afterMoreLooks, leaseAttempts, startLifetimes } from '../support/lifetimes.js';
import type { Stage } from '../support/stage.js';
import { openStage } from '../support/stage.js';

const LIMIT = { timeout: 90_000 };
const LOOK = 'DescribeWorkflowExecution';
/** How a target ends by each policy; `COMPLETED`: it goes on until the test opens it. */
const POLICIES = {
  ABANDON: 'COMPLETED',
  REQUEST_CANCEL: 'CANCELLED',
  TERMINATE: 'TERMINATED',
} as const;

for (const maxCachedWorkflows of [1000, 0]) {
  describe(`a caller that closes with a call open, with ${maxCachedWorkflows} cached workflows`, () => {
    let stage: Stage;
    before(async () => {
      stage = await openStage();
      // The lease is far away: what happens here is the closing caller's own doing.
      const env = {
        BRIDGE_LEASE_FIRST: '1h',
        BRIDGE_LEASE_MAX: '1h',
        BRIDGE_MAX_CACHED_WORKFLOWS: `${maxCachedWorkflows}`,
      };
      await Promise.all([stage.bridge({ env }), startLifetimes(stage, maxCachedWorkflows)]);
    });
    after(() => stage.close());

    for (const [how, callerStatus] of [
      ['return', 'COMPLETED'],
      ['fail', 'FAILED'],
      ['cancel', 'CANCELLED'],
    ] as const) {
      for (const [parentClosePolicy, status] of Object.entries(POLICIES)) {
        test(`(${how}) leaves its target as ${parentClosePolicy} says`, LIMIT, async () => {
          // A cancelled caller passes its cancellation on by itself, unless its type says no.
          const call = { type: 'Gate', parentClosePolicy, cancellationType: 'ABANDON' };
          const isCancelled = how === 'cancel';
          const caller = await stage.start('StartAndClose', call, isCancelled ? 'go-on' : how);
          const { target } = await remoteOf(stage.clusters.b, caller.workflowId);
          if (isCancelled) {
            await eventually('the start is confirmed', async () => {
              return (await countEvents(caller, EVENT.signaled)) > 0;
            });
            await caller.cancel();
          }
          assert.equal((await whenClosed(caller)).status.name, callerStatus);
          if (parentClosePolicy === 'ABANDON') await target.signal('open', 'later');
          assert.equal((await whenClosed(target)).status.name, status);
          assert.deepEqual(await taskTroubles(caller), []);
        });
      }
    }

    if (maxCachedWorkflows === 0) return;

    test('does not close by a mistake in its code, and nothing is ended', LIMIT, async () => {
      const caller = await stage.start('Mistake', { type: 'Gate', parentClosePolicy: 'TERMINATE' });
      const { target } = await remoteOf(stage.clusters.b, caller.workflowId);
      const scheduled = await countEvents(caller, EVENT.activityScheduled);
      await caller.signal('go-on');
      await eventually('its task has failed', async () => (await taskTroubles(caller)).length > 0);
      assert.equal(await countEvents(caller, EVENT.activityScheduled), scheduled);
      await target.signal('open', 'untouched');
      assert.equal((await whenClosed(target)).status.name, 'COMPLETED');
      await caller.terminate();
    });
  });
}

describe('the lease', () => {
  let stage: Stage;
  let toA: FaultProxy;
  let toB: FaultProxy;
  before(async () => {
    stage = await openStage();
    [toA, toB] = await Promise.all([stage.proxy('a'), stage.proxy('b')]);
    await Promise.all([
      stage.bridge({
        addressOfA: toA.address,
        addressOfB: toB.address,
        env: { BRIDGE_LEASE_FIRST: '300ms', BRIDGE_LEASE_MAX: '1s' },
      }),
      startLifetimes(stage),
    ]);
  });
  afterEach(() => {
    toA.clearRules();
    toB.clearRules();
  });
  after(() => stage.close());

  const reportOf = async ({ wrapper }: RemoteHandles) => (await wrapper.result()) as RemoteCallReport;

  /** Starts a caller that makes this call and stays open, and waits for the lease's second look. */
  async function leased(call: Record<string, unknown>, options: Record<string, unknown> = {}) {
    const caller = await stage.clusters.a.client.workflow.start('StartAndClose', {
      taskQueue: 'callers',
      workflowId: `leased-${randomUUID()}`,
      args: [{ type: 'Gate', ...call }, 'go-on'],
      ...options,
    });
    const remote = await remoteOf(stage.clusters.b, caller.workflowId);
    return { caller, remote };
  }

  for (const [parentClosePolicy, status] of Object.entries(POLICIES)) {
    const ways = {
      'was terminated': { close: (caller: WorkflowHandle) => caller.terminate(), options: {} },
      'has timed out': { close: () => Promise.resolve(), options: { workflowExecutionTimeout: '3s' } },
    };
    for (const [way, { close, options }] of Object.entries(ways)) {
      test(`leaves the target of a caller that ${way} as ${parentClosePolicy} says`, LIMIT, async () => {
        const { caller, remote } = await leased({ parentClosePolicy }, options);
        await close(caller);
        const closed = (await whenClosed(caller)).status.name;
        assert.equal(closed, way === 'was terminated' ? 'TERMINATED' : 'TIMED_OUT');
        if (parentClosePolicy === 'ABANDON') {
          assert.equal(await leaseAttempts(remote.wrapper), 0, 'nothing looks after its caller');
          await remote.target.signal('open', 'later');
        }
        assert.equal((await whenClosed(remote.target)).status.name, status);
        const { delivered } = await reportOf(remote);
        assert.equal(delivered, 'caller-gone');
        assert.deepEqual(await taskTroubles(remote.wrapper), []);
      });
    }
  }

  test('does not end the target of a caller that lives', LIMIT, async () => {
    const { caller, remote } = await leased({});
    await afterMoreLooks(remote.wrapper);
    assert.equal((await remote.target.describe()).status.name, 'RUNNING');
    await caller.terminate();
    await whenClosed(remote.target);
  });

  test('does not fire while the caller hands the call over from run to run', LIMIT, async () => {
    const caller = await stage.start('HandOver', { type: 'Gate' }, 2, 'go-on');
    const remote = await remoteOf(stage.clusters.b, caller.workflowId);
    const current = stage.clusters.a.client.workflow.getHandle(caller.workflowId);
    let { runId } = await current.describe();
    for (let run = 0; run < 2; run += 1) {
      await current.signal('go-on');
      const before = runId;
      await eventually('the next run has begun', async () => {
        ({ runId } = await current.describe());
        return runId !== before;
      });
      await afterMoreLooks(remote.wrapper);
    }
    await remote.target.signal('open', 'still there');
    assert.equal(await current.result(), 'still there');
    assert.equal((await reportOf(remote)).outcome, 'completed');
  });

  test(
    'does not fire while the caller’s chain waits for its retry, and fires when it ends',
    LIMIT,
    async () => {
      // The next run is there, and its first task is an hour away.
      const { caller, remote } = await leased(
        {},
        { workflowRunTimeout: '2s', retry: { maximumAttempts: 2, initialInterval: '1h' } },
      );
      const chain = stage.clusters.a.client.workflow.getHandle(caller.workflowId);
      await eventually('the next run is there', async () => {
        const { runId, status } = await chain.describe();
        return runId !== caller.firstExecutionRunId && status.name === 'RUNNING';
      });
      await afterMoreLooks(remote.wrapper);
      assert.equal((await remote.target.describe()).status.name, 'RUNNING');
      await chain.terminate();
      assert.equal((await whenClosed(remote.target)).status.name, 'CANCELLED');
    },
  );

  test('fires when the caller’s id belongs to another chain', LIMIT, async () => {
    const workflowId = `leased-${randomUUID()}`;
    const { caller, remote } = await leased({}, { workflowId });
    await caller.terminate();
    const second = await stage.clusters.a.client.workflow.start('Execute', {
      taskQueue: 'callers',
      workflowId,
      args: [{ type: 'Gate', key: 'second' }],
    });
    assert.equal((await whenClosed(remote.target)).status.name, 'CANCELLED');
    await second.terminate();
  });

  for (const times of [1, 2]) {
    test(
      `takes a caller for gone that ${times} looks in a row do not find: ${times > 1 ? 'yes' : 'no'}`,
      LIMIT,
      async () => {
        const { caller, remote } = await leased({});
        const fault = toA.refuse({ method: LOOK, status: 5, message: 'workflow not found', times });
        await fault.done;
        if (times > 1) {
          assert.equal((await whenClosed(remote.target)).status.name, 'CANCELLED');
        } else {
          await afterMoreLooks(remote.wrapper);
          assert.equal((await remote.target.describe()).status.name, 'RUNNING');
        }
        await caller.terminate();
        await whenClosed(remote.target);
      },
    );
  }

  test('is not put out by a cluster that cannot be asked', LIMIT, async () => {
    const { caller, remote } = await leased({});
    const fault = toA.refuse({ method: LOOK, status: 7, message: 'not yours', times: 3 });
    await fault.done;
    await afterMoreLooks(remote.wrapper);
    assert.equal((await remote.target.describe()).status.name, 'RUNNING');
    await caller.terminate();
    assert.equal((await whenClosed(remote.target)).status.name, 'CANCELLED');
  });

  test('keeps a target from starting whose caller went before it was admitted', LIMIT, async () => {
    let open = (): void => undefined;
    const asked = 'ListSearchAttributes';
    toB.hold(asked, new Promise<void>((resolve) => (open = resolve)));
    const caller = await stage.start('Execute', {
      type: 'Gate',
      parentClosePolicy: 'TERMINATE',
      typedSearchAttributes: [{ key: { name: 'CustomNone', type: 'KEYWORD' }, value: 'x' }],
    });
    const { wrapper, target } = await remoteIdsOf(stage.clusters.b, caller);
    await toB.waitForCall(asked);
    await caller.terminate();
    await eventually('the lease has told', async () => {
      const events = (await wrapper.fetchHistory()).events ?? [];
      const lease = events.find(
        ({ activityTaskScheduledEventAttributes: scheduled }) =>
          scheduled?.activityType?.name === WATCH_CALLER_ACTIVITY,
      );
      return events.some(
        ({ activityTaskCompletedEventAttributes: completed }) =>
          completed && String(completed.scheduledEventId) === String(lease?.eventId),
      );
    });
    open();
    await whenClosed(wrapper);
    assert.equal(await exists(target), false);
  });
});

describe('a call that ends before anything is due', () => {
  test('causes no read on either cluster, whatever its parent-close policy', LIMIT, async (t) => {
    const stage = await openStage(t);
    const [toA, toB] = await Promise.all([stage.proxy('a'), stage.proxy('b')]);
    await Promise.all([
      stage.bridge({ addressOfA: toA.address, addressOfB: toB.address }),
      startLifetimes(stage),
    ]);
    for (const parentClosePolicy of Object.keys(POLICIES)) {
      for (const workflow of ['Execute', 'StartAndResult'])
        await stage.call(workflow, { type: 'Echo', args: ['value'], parentClosePolicy });
      await stage.call('CallWithTimeout', { type: 'UntilCancelled', parentClosePolicy }, 300);
    }
    // The bridge alone goes through the proxies.
    for (const [cluster, proxy] of Object.entries({ A: toA, B: toB })) {
      assert.deepEqual(readsIn(proxy.calls()), {}, `on ${cluster}`);
    }
    assert.ok((toB.calls()['StartWorkflowExecution'] ?? 0) >= 9);
  });
});
