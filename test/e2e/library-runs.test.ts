/** Library calls across runs: continue-as-new with a reference, reset, retry, cron, and a run's own time-out. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, afterEach, before, describe, test } from 'node:test';
import type { WorkflowHandle } from '@temporalio/client';
import type { RemoteCallReport } from '../../workflows-b/remote-call-workflow.js';
import { jsonPayload } from '../../src/shared/payloads.js';
import { anchorBackedOff, recordedCall, resetToFirstTask } from '../support/anchor.js';
import { completionsOf, sendCompletionTo } from '../support/completions.js';
import type { FaultProxy } from '../support/fault-proxy.js';
import {
  EVENT,
  EXCLUDE_SIGNALS,
  applicationFailureOf,
  countEvents,
  eventually,
  listExecutions,
  remoteOf,
  targetsOf,
  taskTroubles,
  whenClosed,
  whenTaken,
} from '../support/inspect.js';
import { openLifetimes, startLifetimes } from '../support/lifetimes.js';
import type { Stage } from '../support/stage.js';
import { openStage } from '../support/stage.js';
import type { EndView } from '../support/workflows/library-callers.js';

const LIMIT = { timeout: 90_000 };

/** Waits until the run that a caller is in has made its call, and gives the run's handle. */
async function runOf({ clusters: { a } }: Stage, workflowId: string, after = ''): Promise<WorkflowHandle> {
  return eventually('the next run has made its call', async () => {
    const { runId } = await a.client.workflow.getHandle(workflowId).describe();
    const run = a.client.workflow.getHandle(workflowId, runId);
    return runId !== after && (await countEvents(run, EVENT.activityScheduled)) > 0 && run;
  });
}

const runIdOf = async (run: WorkflowHandle) => (await run.describe()).runId;

/** Tells a HandOver to go on, and waits until its next run waits for the call. */
async function handOver(stage: Stage, run: WorkflowHandle): Promise<WorkflowHandle> {
  const runId = await runIdOf(run);
  await run.signal('go-on');
  return runOf(stage, run.workflowId, runId);
}

/** Resets a caller to the end of its first workflow task. */
async function reset({ clusters: { a } }: Stage, caller: WorkflowHandle, exclude: number[] = []) {
  const { events } = await caller.fetchHistory();
  const firstTask = events?.find((event) => event.workflowTaskCompletedEventAttributes);
  const { runId } = await a.client.workflowService.resetWorkflowExecution({
    namespace: a.namespace,
    workflowExecution: { workflowId: caller.workflowId },
    reason: 'a test',
    workflowTaskFinishEventId: firstTask?.eventId ?? null,
    requestId: randomUUID(),
    resetReapplyExcludeTypes: exclude,
  });
  return a.client.workflow.getHandle(caller.workflowId, runId);
}

for (const maxCachedWorkflows of [1000, 0]) {
  describe(`a call over several runs, with ${maxCachedWorkflows} cached workflows`, () => {
    let stage: Stage;
    let toB: FaultProxy;
    before(async () => {
      ({ stage, toB } = await openLifetimes(maxCachedWorkflows));
    });
    afterEach(() => {
      toB.clearRules();
      toB.heal();
    });
    after(() => stage.close());

    /** Starts a HandOver whose target runs. */
    async function startHandOver(runs: number) {
      const caller = await stage.start('HandOver', { type: 'Gate' }, runs, 'go-on');
      const remote = await remoteOf(stage.clusters.b, caller.workflowId);
      await whenTaken(await runOf(stage, caller.workflowId), 1); // the word of the start
      const run = await runOf(stage, caller.workflowId);
      const current = stage.clusters.a.client.workflow.getHandle(caller.workflowId);
      return { caller, run, current, ...remote };
    }

    async function oneTargetOf(caller: Pick<WorkflowHandle, 'workflowId'>): Promise<void> {
      assert.equal((await targetsOf(stage.clusters.b, caller.workflowId)).length, 1);
    }

    test('is answered in the last run when the answer came before the first hand-over', LIMIT, async () => {
      const { caller, run, current, target } = await startHandOver(2);
      await target.signal('open', 'early');
      await whenTaken(run, 2);
      const second = await handOver(stage, run);
      await handOver(stage, second);
      assert.equal(await current.result(), 'early');
      await oneTargetOf(caller);
    });

    test('is answered in the last run when the answer comes with the hand-over', LIMIT, async () => {
      for (let round = 0; round < 5; round += 1) {
        const { caller, current, target } = await startHandOver(1);
        await Promise.all([target.signal('open', `round ${round}`), current.signal('go-on')]);
        // Where the run that made the call took the signal, the next one looks at once.
        assert.equal(await current.result(), `round ${round}`);
        await oneTargetOf(caller);
        assert.deepEqual(await taskTroubles(current), []);
      }
    });

    test('is answered by signal in the last run when the answer comes after it', LIMIT, async () => {
      const { caller, run, current, target, wrapper } = await startHandOver(3);
      let last = run;
      for (let runs = 0; runs < 3; runs += 1) last = await handOver(stage, last);
      await target.signal('open', 'late');
      assert.equal(await current.result(), 'late');
      assert.equal(((await wrapper.result()) as RemoteCallReport).delivered, 'signal');
      await oneTargetOf(caller);
      assert.deepEqual(await taskTroubles(last), []);
    });

    test('is cancelled from the run that it was handed to', LIMIT, async () => {
      const { run, target } = await startHandOver(1);
      const second = await handOver(stage, run);
      await second.cancel();
      assert.equal((await whenClosed(target)).status.name, 'CANCELLED');
      assert.equal((await whenClosed(second)).status.name, 'CANCELLED');
    });

    for (const [what, exclude] of Object.entries({ 're-applied': [], 'left out': [EXCLUDE_SIGNALS] })) {
      test(`has its answer after a reset of its caller with signals ${what}`, LIMIT, async () => {
        const caller = await stage.start('ExecuteThenWait', { type: 'OwnRunId' });
        await whenTaken(caller, 1);
        const { target, wrapper } = await remoteOf(stage.clusters.b, caller.workflowId);
        await whenClosed(wrapper);
        const again = await reset(stage, caller, exclude);
        await again.signal('go-on');
        assert.equal(await again.result(), await runIdOf(target));
        await oneTargetOf(caller);
        assert.equal(
          (await listExecutions(stage.clusters.b, `WorkflowId = "${wrapper.workflowId}"`)).length,
          1,
        );
        assert.deepEqual(await taskTroubles(again), []);
      });
    }

    test('goes on in the run that a reset made, while its target runs', LIMIT, async () => {
      const caller = await stage.start('Execute', { type: 'Gate' });
      const { target, wrapper } = await remoteOf(stage.clusters.b, caller.workflowId);
      const again = await reset(stage, caller);
      await eventually('the call was made again', async () => {
        return (await countEvents(again, EVENT.activityScheduled)) > 0;
      });
      await target.signal('open', 'after the reset');
      assert.equal(await again.result(), 'after the reset');
      assert.equal(((await wrapper.result()) as RemoteCallReport).delivered, 'signal');
      await oneTargetOf(caller);
    });

    test('is started once when its caller is reset before the start', LIMIT, async () => {
      toB.cut();
      const caller = await stage.start('Execute', { type: 'OwnRunId' });
      await anchorBackedOff(caller);
      const again = await reset(stage, caller);
      await anchorBackedOff(again);
      toB.heal();
      const { target } = await remoteOf(stage.clusters.b, caller.workflowId);
      assert.equal(await again.result(), await runIdOf(target));
      await oneTargetOf(caller);
    });

    test('keeps its target when its wrapper is reset', LIMIT, async () => {
      const caller = await stage.start('Execute', { type: 'Gate' });
      const { target, wrapper } = await remoteOf(stage.clusters.b, caller.workflowId);
      await resetToFirstTask(stage.clusters.b, wrapper);
      await target.signal('open', 'the same');
      assert.equal(await caller.result(), 'the same');
      assert.equal(((await wrapper.result()) as RemoteCallReport).delivered, 'signal');
      await oneTargetOf(caller);
    });

    if (maxCachedWorkflows === 0) return;

    for (const [type, status] of Object.entries({
      REQUEST_CANCEL: 'CANCELLED',
      TERMINATE: 'TERMINATED',
    })) {
      test(
        `tells its target after a reset of its wrapper that its caller closes: ${type}`,
        LIMIT,
        async () => {
          const call = { type: 'Gate', parentClosePolicy: type };
          const caller = await stage.start('StartAndClose', call, 'go-on');
          const { target, wrapper } = await remoteOf(stage.clusters.b, caller.workflowId);
          await whenTaken(caller, 1);
          await resetToFirstTask(stage.clusters.b, wrapper);
          await caller.signal('go-on');
          await caller.result();
          assert.equal((await whenClosed(target)).status.name, status);
          assert.equal((await whenClosed(wrapper)).status.name, 'COMPLETED');
        },
      );
    }

    test('takes one answer, though others follow under its name', LIMIT, async () => {
      const caller = await stage.start('ExecuteThenWait', { type: 'OwnRunId' });
      await whenTaken(caller, 1);
      const [completion] = await completionsOf(caller);
      assert.ok(completion);
      const again = await reset(stage, caller);
      const altered = { ...completion, payloads: [jsonPayload('another answer')] };
      for (const sent of [completion, altered])
        await sendCompletionTo(stage.clusters.a, caller.workflowId, sent);
      await whenTaken(again, 3);
      await again.signal('go-on');
      const { target } = await remoteOf(stage.clusters.b, caller.workflowId);
      assert.equal(await again.result(), await runIdOf(target));
      assert.deepEqual(await taskTroubles(again), []);
    });

    test('is a new one in a retried run', LIMIT, async () => {
      const caller = await stage.clusters.a.client.workflow.start('FailOnce', {
        taskQueue: 'callers',
        workflowId: `retried-${randomUUID()}`,
        args: [{ type: 'OwnRunId', key: 'order-1' }],
        retry: { maximumAttempts: 2, initialInterval: '10ms' },
      });
      const [first, second] = (await caller.result()) as [string, string];
      assert.notEqual(first, second);
      assert.equal((await targetsOf(stage.clusters.b, caller.workflowId, 2)).length, 2);
    });

    test('is a new one in each run of a schedule', LIMIT, async () => {
      const caller = await stage.clusters.a.client.workflow.start('Execute', {
        taskQueue: 'callers',
        workflowId: `cron-${randomUUID()}`,
        args: [{ type: 'OwnRunId', key: 'order-1' }],
        cronSchedule: '@every 1s',
      });
      const targets = await targetsOf(stage.clusters.b, caller.workflowId, 2);
      await stage.clusters.a.client.workflow.getHandle(caller.workflowId).terminate();
      assert.equal(new Set(targets.map(({ workflowId }) => workflowId)).size, targets.length);
    });

    test('has one time-out over all its runs', LIMIT, async () => {
      const call = { type: 'Gate', timeout: '5s', fallback: { first: '500ms' } };
      const caller = await stage.start('HandOver', call, 2, 'go-on');
      await remoteOf(stage.clusters.b, caller.workflowId);
      let run = await runOf(stage, caller.workflowId);
      await whenTaken(run, 1);
      toB.cut();
      for (let runs = 0; runs < 2; runs += 1) {
        const before = (await recordedCall(run)).timeoutMs ?? 0;
        run = await handOver(stage, run);
        assert.ok(((await recordedCall(run)).timeoutMs ?? 0) < before);
      }
      const { type, details } = await applicationFailureOf(
        stage.clusters.a.client.workflow.getHandle(caller.workflowId),
      );
      assert.equal(type, 'CALL_EXPIRED');
      assert.equal((details?.[0] as { started?: string }).started, 'yes');
      toB.heal();
      await stage.call('Execute', { type: 'Echo' }); // until B is reached again
    });

    test('tells the target’s own time-out, though it was handed over just before', LIMIT, async () => {
      const call = { type: 'Gate', timeout: '6s', fallback: { first: '6s' } };
      const caller = await stage.start('HandOver', call, 1, 5500);
      await remoteOf(stage.clusters.b, caller.workflowId);
      const failure = await applicationFailureOf(
        stage.clusters.a.client.workflow.getHandle(caller.workflowId),
      );
      assert.equal(failure.type, 'REMOTE_WORKFLOW_TIMED_OUT', failure.message);
    });

    test('is answered in a run whose own time-out comes before the first look', LIMIT, async () => {
      const caller = await stage.clusters.a.client.workflow.start('Execute', {
        taskQueue: 'callers',
        workflowId: `short-${randomUUID()}`,
        args: [{ type: 'Gate' }],
        workflowRunTimeout: '50s',
      });
      const { target } = await remoteOf(stage.clusters.b, caller.workflowId);
      await eventually('the anchor has given up', async () => {
        return (await caller.describe()).raw.pendingActivities?.length === 0;
      });
      await target.signal('open', 'in time');
      assert.equal(await caller.result(), 'in time');
    });

    test('is refused for what is no reference of its chain', LIMIT, async () => {
      const isRefused = (end: EndView | undefined, message: RegExp, what: string) => {
        assert.ok(end && 'error' in end, what);
        assert.equal(end.error.type, 'INVALID_REQUEST', what);
        assert.equal(end.error.nonRetryable, true, what);
        assert.match(end.error.message, message, what);
      };
      for (const garbage of [null, 'a text', 7, true, [], {}])
        isRefused(await stage.call('Resume', garbage), /^reference/, JSON.stringify(garbage));

      const changes: [Record<string, unknown>, RegExp][] = [
        [{ v: 2 }, /version/],
        [{ kind: 'something else' }, /kind/],
        [{ call: 'text' }, /call/],
        [{ bridgeTaskQueue: '' }, /bridgeTaskQueue/],
        [{ remote: {} }, /remote/],
        [{ madeAt: -1 }, /madeAt/],
      ];
      const altered = changes.map(([change]) => change);
      const ends = await stage.call<EndView[]>('ResumeAltered', { type: 'OwnRunId' }, [...altered, {}]);
      for (const [index, [change, message]] of changes.entries())
        isRefused(ends[index], message, JSON.stringify(change));
      const [resumed, own] = ends.slice(changes.length);
      assert.ok(own && 'value' in own);
      assert.deepEqual(resumed, own, 'an unaltered one is taken');

      const workflowId = `chain-${randomUUID()}`;
      const start = (type: string, argument: unknown) =>
        stage.clusters.a.client.workflow.execute(type, {
          taskQueue: 'callers',
          workflowId,
          args: [argument],
        });
      const reference: unknown = await start('ReferenceOf', { type: 'OwnRunId' });
      assert.ok(JSON.stringify(reference).length < 2048, 'it is small');
      isRefused(await stage.call('Resume', reference), /this chain of runs/, 'another id');
      isRefused((await start('Resume', reference)) as EndView, /this chain of runs/, 'another chain');
    });
  });
}

describe('a call over several runs without completion signals', () => {
  let stage: Stage;
  before(async () => {
    stage = await openStage();
    const env = { BRIDGE_COMPLETION_SIGNALS: 'false' };
    await Promise.all([stage.bridge({ env }), startLifetimes(stage)]);
  });
  after(() => stage.close());

  for (const when of ['before', 'after']) {
    test(`is answered by the fallback when the target ends ${when} the hand-over`, LIMIT, async () => {
      const call = { type: 'Gate', fallback: { first: '300ms', max: '500ms' } };
      const caller = await stage.start('HandOver', call, 2, 'go-on');
      const { target } = await remoteOf(stage.clusters.b, caller.workflowId);
      if (when === 'before') await target.signal('open', when);
      const first = await runOf(stage, caller.workflowId);
      const second = await handOver(stage, first);
      await handOver(stage, second);
      if (when === 'after') await target.signal('open', when);
      const current = stage.clusters.a.client.workflow.getHandle(caller.workflowId);
      assert.equal(await current.result(), when);
      assert.equal((await completionsOf(current)).length, 0);
    });
  }
});
