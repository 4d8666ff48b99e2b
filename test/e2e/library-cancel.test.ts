/** Cancellation of a library call, compared with a child of the caller's own cluster. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, afterEach, before, describe, test } from 'node:test';
import type { WorkflowHandle } from '@temporalio/client';
import { CANCEL_ACTIVITY } from '../../src/shared/names.js';
import { anchorBackedOff, exists, remoteIdsOf, whenStarted } from '../support/anchor.js';
import type { FaultProxy } from '../support/fault-proxy.js';
import type { TestWorker } from '../support/harness.js';
import {
  EVENT,
  countEvents,
  eventually,
  handlesOf,
  listExecutions,
  remoteOf,
  taskTroubles,
  whenClosed,
} from '../support/inspect.js';
import { openLifetimes, startLifetimesOnA } from '../support/lifetimes.js';
import type { Stage } from '../support/stage.js';
import type { EndView } from '../support/workflows/library-callers.js';
import type { Where } from '../support/workflows/lifetimes.js';

const LIMIT = { timeout: 90_000 };
const TYPES = [
  'TRY_CANCEL',
  'WAIT_CANCELLATION_REQUESTED',
  'WAIT_CANCELLATION_COMPLETED',
  'ABANDON',
] as const;

/** What a caller's end comes down to. */
const kindOf = (end: EndView): unknown =>
  'value' in end ? end.value : end.error.isCancellation ? 'a cancellation' : end.error;

for (const maxCachedWorkflows of [1000, 0]) {
  describe(`a call whose scope is cancelled, with ${maxCachedWorkflows} cached workflows`, () => {
    let stage: Stage;
    let toB: FaultProxy;
    let onA: TestWorker;
    before(async () => {
      ({ stage, toB } = await openLifetimes(maxCachedWorkflows));
      onA = await startLifetimesOnA(stage);
    });
    afterEach(() => {
      toB.clearRules();
      toB.heal();
    });
    after(async () => {
      await onA.stop();
      await stage.close();
    });

    const endSoFar = async (caller: WorkflowHandle) =>
      (await caller.query<EndView | null>('end')) ?? undefined;

    /** How a cancelled call goes whose target ends as told once the caller waits, or has stopped waiting. */
    async function story(where: Where, cancellationType: string, ending: string) {
      const workflowId = `target-${randomUUID()}`;
      const options = { workflowId, taskQueue: 'targets', cancellationType };
      const caller = await stage.start('CancelWhenTold', where, 'Stubborn', options);
      const target = stage.clusters[where === 'remote' ? 'b' : 'a'].client.workflow.getHandle(workflowId);
      await whenStarted(target);
      const isAsked = () => target.query<boolean>('asked');
      await isAsked(); // It has begun.
      await caller.signal('cancel');
      const waits = cancellationType === 'WAIT_CANCELLATION_COMPLETED';
      const asks = cancellationType !== 'ABANDON';
      if (asks) await eventually('the target is asked to cancel', isAsked);
      if (!waits) await eventually('the caller waits no longer', () => endSoFar(caller));
      const before = await endSoFar(caller);
      const asked = await isAsked();
      await target.signal('open', ending);
      const { status } = await whenClosed(target);
      if (waits) await eventually('the caller has the end', () => endSoFar(caller));
      await caller.signal('close');
      const end = (await caller.result()) as EndView;
      assert.deepEqual(await taskTroubles(caller), []);
      return { endedBefore: before !== undefined, asked, status: status.name, end: kindOf(end) };
    }

    const cancelled = 'a cancellation';
    for (const cancellationType of TYPES) {
      // The target's value is told only to a caller that waits for its end.
      for (const ending of cancellationType === 'ABANDON' ? ['a value'] : ['cancelled', 'a value']) {
        test(
          `is waited for as ${cancellationType} says when the target ends ${ending === 'cancelled' ? 'as cancelled' : 'with a value'}`,
          LIMIT,
          async () => {
            const remote = await story('remote', cancellationType, ending);
            const waits = cancellationType === 'WAIT_CANCELLATION_COMPLETED';
            const asked = cancellationType !== 'ABANDON';
            assert.deepEqual(remote, {
              endedBefore: !waits,
              asked,
              status: ending === 'cancelled' ? 'CANCELLED' : 'COMPLETED',
              end: waits && ending !== 'cancelled' ? { asked, value: ending } : cancelled,
            });
            // Tried: a child whose request to cancel has been taken is waited for in this SDK like WAIT_CANCELLATION_COMPLETED.
            if (maxCachedWorkflows > 0 && cancellationType !== 'WAIT_CANCELLATION_REQUESTED')
              assert.deepEqual(remote, await story('child', cancellationType, ending));
          },
        );
      }
    }

    test('is over when its own time-out in the caller passes, and the target with it', LIMIT, async () => {
      const caller = await stage.start('CallWithTimeout', { type: 'UntilCancelled' }, 1000);
      assert.equal(kindOf((await caller.result()) as EndView), cancelled);
      const { target } = await remoteOf(stage.clusters.b, caller.workflowId);
      assert.equal((await whenClosed(target)).status.name, 'CANCELLED');
      const inTime = await stage.call<EndView>(
        'CallWithTimeout',
        { type: 'Echo', args: ['in time'] },
        60_000,
      );
      assert.deepEqual(inTime, { value: 'in time' });
    });

    if (maxCachedWorkflows === 0) return;

    test('is not made at all if the scope was cancelled before, as with a child', LIMIT, async () => {
      const options = { taskQueue: 'targets' };
      for (const what of ['remote', 'start', 'attach', 'child']) {
        const caller = await stage.start('CancelFirst', what, 'Echo', options);
        assert.equal(kindOf((await caller.result()) as EndView), cancelled, what);
        assert.equal(await countEvents(caller, EVENT.activityScheduled), 0, what);
      }
    });

    test('in a caller that is cancelled as a whole, the target’s own end is awaited', LIMIT, async () => {
      const caller = await stage.start('Execute', { type: 'Stubborn' });
      const { target } = await remoteOf(stage.clusters.b, caller.workflowId);
      await caller.cancel();
      await eventually('the target is asked', () => target.query<boolean>('asked'));
      await target.signal('open', 'kept its value');
      assert.deepEqual(await caller.result(), { asked: true, value: 'kept its value' });
    });

    test('lets a start settle whose reply is on the way, then cancels it', LIMIT, async () => {
      const startsBefore = toB.calls()['StartWorkflowExecution'] ?? 0;
      let open = (): void => undefined;
      toB.hold('StartWorkflowExecution', new Promise<void>((resolve) => (open = resolve)));
      const caller = await stage.start('CancelWhenTold', 'remote', 'UntilCancelled', {
        taskQueue: 'targets',
      });
      await toB.waitForCall('StartWorkflowExecution', startsBefore + 1);
      await settlesAsCancelled(caller, () => open());
    });

    test('lets a start settle that waits for its cluster, then cancels it', LIMIT, async () => {
      toB.cut();
      const caller = await stage.start('CancelWhenTold', 'remote', 'UntilCancelled', {
        taskQueue: 'targets',
      });
      await anchorBackedOff(caller);
      await settlesAsCancelled(caller, () => toB.heal());
    });

    /** Cancels a call whose start is not known, lets the start through when the cancellation waits for it, and looks. */
    async function settlesAsCancelled(caller: WorkflowHandle, letThrough: () => void): Promise<void> {
      const { wrapper, target } = await remoteIdsOf(stage.clusters.b, caller);
      await caller.signal('cancel');
      await eventually('a try to cancel has found nothing', async () => {
        const { raw } = await caller.describe();
        const cancel = raw.pendingActivities?.find(
          ({ activityType }) => activityType?.name === CANCEL_ACTIVITY,
        );
        return (cancel?.attempt ?? 0) >= 2;
      });
      assert.equal(await exists(wrapper), false);
      letThrough();
      await caller.signal('close');
      assert.equal(kindOf((await caller.result()) as EndView), cancelled);
      // The cancellation may come before the wrapper has started its target: then none is started.
      assert.equal((await whenClosed(wrapper)).status.name, 'COMPLETED');
      if (await exists(target)) assert.equal((await target.describe()).status.name, 'CANCELLED');
      const targets = await listExecutions(stage.clusters.b, `WorkflowId = "${target.workflowId}"`);
      assert.ok(targets.length <= 1);
    }

    test('asks no more of the other cluster when it has ended meanwhile', LIMIT, async () => {
      toB.cut();
      const options = { taskQueue: 'targets', timeout: '2s', fallback: { first: '200ms' } };
      const caller = await stage.start('CancelWhenTold', 'remote', 'UntilCancelled', options);
      await anchorBackedOff(caller);
      await caller.signal('cancel');
      const end = await eventually('the call has expired', () => endSoFar(caller));
      assert.equal('error' in end && end.error.type, 'CALL_EXPIRED');
      await eventually('nothing is tried any more', async () => {
        const { raw } = await caller.describe();
        return (raw.pendingActivities ?? []).length === 0;
      });
      await caller.signal('close');
      await caller.result();
    });

    for (const cancellationType of ['TRY_CANCEL', 'WAIT_CANCELLATION_REQUESTED']) {
      test(`reaches the target though the caller closes at once: ${cancellationType}`, LIMIT, async () => {
        const workflowId = `target-${randomUUID()}`;
        const options = { workflowId, taskQueue: 'targets', cancellationType, parentClosePolicy: 'ABANDON' };
        const caller = await stage.start('CancelAndClose', 'UntilCancelled', options);
        await whenStarted(stage.clusters.b.client.workflow.getHandle(workflowId));
        const { target } = await handlesOf(stage.clusters.b, workflowId);
        await caller.signal('cancel');
        assert.equal(await caller.result(), 'closed');
        assert.equal((await whenClosed(target)).status.name, 'CANCELLED');
      });
    }
  });
}
