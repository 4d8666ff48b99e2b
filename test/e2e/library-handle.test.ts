/** What a handle of a workflow on another cluster does, whoever is up and whatever has become of the workflow. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { WorkflowHandle } from '@temporalio/client';
import { EVENT, countEvents, eventually, remoteOf, taskTroubles, whenClosed } from '../support/inspect.js';
import type { Stage } from '../support/stage.js';
import { openStage } from '../support/stage.js';
import type { EndView, LibraryCall, Step } from '../support/workflows/library-callers.js';

const LIMIT = { timeout: 90_000 };
/** Tries again soon, where a test has to wait for that. */
const FAST = { env: { BRIDGE_START_RETRY_FIRST: '50ms', BRIDGE_START_RETRY_MAX: '500ms' } };

const signal = (name: string, ...args: unknown[]): Step => ({ do: 'signal', name, args });
const query = (name: string, ...args: unknown[]): Step => ({ do: 'query', name, args });
const update = (name: string, ...args: unknown[]): Step => ({ do: 'update', name, args });
const RESULT: Step = { do: 'result' };
const CANCEL: Step = { do: 'cancel' };
const GO_ON: Step = { do: 'go-on' };
const terminate = (reason?: string): Step => ({
  do: 'terminate',
  ...(reason === undefined ? {} : { reason }),
});

type Target = LibraryCall | { readonly attachTo: string; readonly options?: Record<string, unknown> };

/** The values of steps, or the types of their errors. */
const brief = (ends: readonly EndView[]): unknown[] =>
  ends.map((end) =>
    'error' in end ? (end.error.type ?? (end.error.isCancellation ? 'cancelled' : end.error)) : end.value,
  );
const DONE = undefined;
const errorOf = (end: EndView | undefined) => {
  assert.ok(end && 'error' in end, JSON.stringify(end));
  return end.error;
};

describe('a handle', () => {
  let stage: Stage;
  before(async () => {
    stage = await openStage();
    await Promise.all([stage.bridge(FAST), stage.targets(), stage.libraryCallers()]);
  });
  after(() => stage.close());

  const use = async (target: Target, steps: readonly Step[]): Promise<EndView[]> =>
    (await stage.call<(EndView | { value?: unknown })[]>('UseHandle', target, steps)).map((end) =>
      'error' in end ? end : { value: end.value },
    );
  /** A workflow on B that no call has started. */
  const foreign = (type: string, args: unknown[] = [], workflowId = `foreign-${randomUUID()}`) =>
    stage.clusters.b.client.workflow.start(type, { taskQueue: 'targets', workflowId, args });
  const closed = async (handle: WorkflowHandle) => (await whenClosed(handle)).status.name;

  test('delivers awaited signals in their order', LIMIT, async () => {
    const numbers = Array.from({ length: 8 }, (_, n) => n);
    const ends = await use({ type: 'Collector' }, [
      ...numbers.map((n) => signal('add', n)),
      query('items'),
      signal('done'),
      RESULT,
    ]);
    assert.deepEqual(brief(ends), [...numbers.map(() => DONE), numbers, DONE, numbers]);
  });

  test('updates, queries and gets values of each kind, nothing included', LIMIT, async () => {
    const ends = await use({ type: 'RenewingCollector' }, [
      update('push', { a: [1, null] }),
      update('push-nothing'),
      query('items'),
      query('long', 3),
      signal('next', 'done'),
      RESULT,
    ]);
    assert.deepEqual(brief(ends), [1, DONE, [{ a: [1, null] }], 'xxx', DONE, [{ a: [1, null] }]]);
  });

  test('tells why a query or an update was refused, and goes on', LIMIT, async () => {
    const ends = await use({ type: 'Collector' }, [
      query('unknown'),
      update('unknown'),
      update('set', 'fail'),
      update('set', 'refuse'),
      signal(''),
      query('items'),
      signal('done'),
      RESULT,
    ]);
    const [badQuery, badUpdate, failed, refused, noName, ...rest] = ends;
    assert.equal(errorOf(noName).type, 'INVALID_REQUEST');
    for (const end of [badQuery, badUpdate, failed, refused]) {
      assert.equal(errorOf(end).type, 'REMOTE_OPERATION_FAILED');
      assert.equal(errorOf(end).name, 'ApplicationFailure');
      assert.equal(errorOf(end).nonRetryable, true);
    }
    assert.match(errorOf(badQuery).message, /unknown/);
    assert.match(errorOf(badUpdate).message, /unknown/);
    assert.equal(errorOf(failed).cause?.type, 'SetFailed');
    assert.equal(errorOf(failed).cause?.message, 'cannot set');
    assert.deepEqual(errorOf(failed).cause?.details, ['fail']);
    assert.match(errorOf(refused).cause?.message ?? '', /validator says no/);
    assert.deepEqual(brief(rest), [[], DONE, []]);
    const failing = await use({ type: 'RenewingCollector' }, [query('failing'), terminate()]);
    assert.match(errorOf(failing[0]).message, /cannot tell/);
  });

  test('waits for an update that takes longer than one try of the bridge', LIMIT, async () => {
    const caller = await stage.start('UseHandle', { type: 'Collector' }, [
      update('set', 'slow'),
      signal('done'),
      RESULT,
    ]);
    const ends = (await caller.result()) as EndView[];
    assert.deepEqual(brief([...ends]).slice(0, 1), [{ set: 'slow' }]);
    assert.deepEqual(brief([...ends]).slice(2), [['slow']], 'once');
    assert.deepEqual(await taskTroubles(caller), []);
  });

  test('refuses names and arguments that cannot travel, and nothing is wedged', LIMIT, async () => {
    const ends = await use({ type: 'RenewingCollector' }, [
      signal('n'.repeat(1001)),
      query('\ud800'),
      query('long', 2_200_000),
      terminate('🙂'.repeat(501)),
      RESULT,
    ]);
    assert.deepEqual(brief(ends.slice(0, 2)), ['INVALID_REQUEST', 'INVALID_REQUEST']);
    assert.match(errorOf(ends[2]).type ?? '', /PAYLOAD_TOO_LARGE|REMOTE_OPERATION_FAILED/);
    assert.deepEqual(brief(ends.slice(3)), [DONE, 'REMOTE_WORKFLOW_TERMINATED']);
  });

  test('tells its ids, terminates with the reason given, and cancels', LIMIT, async () => {
    const caller = await stage.start('UseHandle', { type: 'Gate' }, [terminate('no longer needed'), RESULT]);
    const ends = (await caller.result()) as EndView[];
    assert.deepEqual(brief(ends).at(-1), 'REMOTE_WORKFLOW_TERMINATED');
    const { target } = await remoteOf(stage.clusters.b, caller.workflowId);
    const { events } = await target.fetchHistory();
    const end = events?.at(-1)?.workflowExecutionTerminatedEventAttributes;
    assert.equal(end?.reason, 'no longer needed');
    assert.deepEqual(
      brief(await use({ type: 'UntilCancelled' }, [CANCEL, CANCEL, RESULT])).at(-1),
      'cancelled',
    );
  });

  test(
    'of a target that has closed answers queries, refuses signals and updates, and ends nothing',
    LIMIT,
    async () => {
      const ends = await use({ type: 'Collector' }, [
        signal('add', 1),
        signal('done'),
        RESULT,
        query('items'),
        signal('add', 2),
        update('set', 3),
        CANCEL,
        terminate(),
        RESULT,
      ]);
      assert.deepEqual(brief(ends), [
        DONE,
        DONE,
        [1],
        [1],
        'REMOTE_WORKFLOW_NOT_FOUND',
        'REMOTE_WORKFLOW_NOT_FOUND',
        DONE,
        DONE,
        [1],
      ]);
      assert.match(errorOf(ends[4]).message, /has closed/);
    },
  );

  test('of a target that continued as new reaches its current run', LIMIT, async () => {
    for (const workflowId of [undefined, `renewed-${randomUUID()}`]) {
      const ends = await use({ type: 'RenewingCollector', ...(workflowId && { workflowId }) }, [
        signal('add', 1),
        signal('next', 'renew'),
        { do: 'sleep', ms: 2_000 },
        signal('add', 2),
        query('items'),
        update('push', 3),
        signal('next', 'renew'),
        { do: 'sleep', ms: 500 },
        terminate(),
        RESULT,
        query('items'),
      ]);
      assert.deepEqual(brief(ends), [
        ...[DONE, DONE, DONE, DONE],
        [1, 2],
        3,
        ...[DONE, DONE, DONE],
        'REMOTE_WORKFLOW_TERMINATED',
        [1, 2, 3],
      ]);
    }
  });

  test('and another one of the same call each have their signals delivered', LIMIT, async () => {
    const got = await stage.call('SignalByTwoHandles', {
      type: 'Collector',
      key: 'shared',
      fallback: { first: 200 },
    });
    assert.deepEqual(got, ['by one', 'by the other']);
  });

  test('never touches a stranger that has got the workflow id', LIMIT, async () => {
    const workflowId = `given-${randomUUID()}`;
    const caller = await stage.start('UseHandle', { type: 'Collector', workflowId }, [
      signal('add', 'mine'),
      signal('done'),
      RESULT,
      GO_ON,
      signal('add', 'not yours'),
      update('set', 'not yours'),
      query('items'),
      CANCEL,
      terminate(),
    ]);
    await eventually('the target closes', async () => {
      const found = await stage.clusters.b.client.workflow
        .getHandle(workflowId)
        .describe()
        .catch(() => undefined);
      return found?.status.name === 'COMPLETED';
    });
    const stranger = await foreign('Collector', [], workflowId);
    await stranger.signal('add', 'the stranger’s');
    await caller.signal('go-on');
    const ends = (await caller.result()) as EndView[];
    assert.deepEqual(brief(ends).slice(4), [
      'REMOTE_WORKFLOW_NOT_FOUND',
      'REMOTE_WORKFLOW_NOT_FOUND',
      ['mine'],
      undefined,
      undefined,
    ]);
    await stranger.signal('done');
    assert.deepEqual(await stranger.result(), ['the stranger’s']);
  });

  describe('of a workflow that somebody else has started', () => {
    test('signals, queries and updates it, and gets its result', LIMIT, async () => {
      const other = await foreign('Collector');
      const ends = await use({ attachTo: other.workflowId }, [
        signal('add', 1),
        update('set', 2),
        query('items'),
        signal('done'),
        RESULT,
        RESULT,
      ]);
      assert.deepEqual(brief(ends), [DONE, { set: 2 }, [1, 2], DONE, [1, 2], [1, 2]]);
      assert.equal((await other.describe()).raw.workflowExecutionInfo?.parentExecution, null);
    });

    test('gets the outcome of one that closed before', LIMIT, async () => {
      const value = await foreign('Echo', ['early']);
      const failed = await foreign('Fail', ['early failure']);
      await Promise.all([closed(value), closed(failed)]);
      assert.deepEqual(brief(await use({ attachTo: value.workflowId }, [RESULT])), ['early']);
      const [end] = await use({ attachTo: failed.workflowId }, [RESULT]);
      assert.equal(errorOf(end).type, 'REMOTE_WORKFLOW_FAILED');
      assert.equal(errorOf(end).cause?.message, 'early failure');
    });

    test('gets the outcome of the whole chain of runs', LIMIT, async () => {
      const chain = await foreign('CountUp', [3]);
      const { attachTo } = { attachTo: chain.workflowId };
      assert.deepEqual(brief(await use({ attachTo }, [RESULT])), [3]);
      const options = { runId: chain.firstExecutionRunId };
      assert.deepEqual(brief(await use({ attachTo, options }, [RESULT])), [3]);
    });

    test('is told at once if no such workflow is known', LIMIT, async () => {
      const steps = [signal('add', 1), query('items'), update('set', 1), CANCEL, terminate(), RESULT];
      const ends = await use({ attachTo: `nobody-${randomUUID()}` }, steps);
      assert.deepEqual(
        brief(ends),
        steps.map(() => 'REMOTE_WORKFLOW_NOT_FOUND'),
      );
      assert.match(errorOf(ends[0]).message, /is not known to cluster-b/);
    });

    test('reaches only the run that it names', LIMIT, async () => {
      const other = await foreign('RenewingCollector');
      await other.signal('next', 'renew');
      await eventually('it goes on as a new run', async () => {
        const { runId } = await stage.clusters.b.client.workflow.getHandle(other.workflowId).describe();
        return runId !== other.firstExecutionRunId;
      });
      const options = { runId: other.firstExecutionRunId };
      const ends = await use({ attachTo: other.workflowId, options }, [
        signal('add', 1),
        CANCEL,
        terminate(),
      ]);
      assert.deepEqual(brief(ends), ['REMOTE_WORKFLOW_NOT_FOUND', DONE, DONE]);
      const current = stage.clusters.b.client.workflow.getHandle(other.workflowId);
      assert.deepEqual(await current.query('items'), []);
      await current.signal('next', 'done');
      assert.deepEqual(await current.result(), []);
    });

    test('cancels and terminates it', LIMIT, async () => {
      const [one, other] = await Promise.all([foreign('UntilCancelled'), foreign('Gate')]);
      assert.deepEqual(brief(await use({ attachTo: one.workflowId }, [CANCEL, RESULT])), [DONE, 'cancelled']);
      assert.equal(await closed(one), 'CANCELLED');
      assert.deepEqual(brief(await use({ attachTo: other.workflowId }, [terminate(), RESULT])), [
        DONE,
        'REMOTE_WORKFLOW_TERMINATED',
      ]);
      assert.equal(await closed(other), 'TERMINATED');
    });

    test('leaves it alone when its own workflow closes', LIMIT, async () => {
      const other = await foreign('Collector');
      await use({ attachTo: other.workflowId }, [signal('add', 'seen')]);
      assert.equal((await other.describe()).status.name, 'RUNNING');
      await other.signal('done');
      assert.deepEqual(await other.result(), ['seen']);
    });

    test('records nothing until it is used, and one call for all its results', LIMIT, async () => {
      const other = await foreign('Gate');
      const caller = await stage.start('AttachLater', other.workflowId);
      await eventually('it waits', async () => (await caller.describe()).historyLength >= 4);
      assert.equal(await countEvents(caller, EVENT.activityScheduled), 0);
      await caller.signal('go-on');
      await other.signal('open', 'late');
      assert.deepEqual(await caller.result(), { value: 'late' });
      assert.equal(await countEvents(caller, EVENT.activityScheduled), 1);
    });

    test('refuses an id or run id that is none', LIMIT, async () => {
      for (const attachTo of ['', 'x'.repeat(256)]) {
        const caller = await stage.start('UseHandle', { attachTo }, [RESULT]);
        await assert.rejects(caller.result(), (error: { cause?: { type?: string } }) => {
          assert.equal(error.cause?.type, 'INVALID_REQUEST');
          return true;
        });
      }
    });
  });
});

describe('a handle’s operations before the target’s worker is up', () => {
  test('wait for it where they need it, and reach it', LIMIT, async (t) => {
    const stage = await openStage(t);
    await Promise.all([stage.bridge(FAST), stage.libraryCallers()]);
    const caller = await stage.start('UseHandle', { type: 'Collector' }, [
      signal('add', 1),
      update('set', 2),
      query('items'),
      signal('done'),
      RESULT,
    ]);
    const { target } = await remoteOf(stage.clusters.b, caller.workflowId);
    await eventually('the signal is there', async () => (await countEvents(target, EVENT.signaled)) === 1);
    await stage.targets();
    assert.deepEqual(brief((await caller.result()) as EndView[]).slice(1), [
      { set: 2 },
      [1, 2],
      undefined,
      [1, 2],
    ]);
  });

  test('end a target that has not run yet', LIMIT, async (t) => {
    const stage = await openStage(t);
    await Promise.all([stage.bridge(FAST), stage.libraryCallers()]);
    const ends = await stage.call<EndView[]>('UseHandle', { type: 'Collector' }, [terminate(), RESULT]);
    assert.deepEqual(brief(ends)[1], 'REMOTE_WORKFLOW_TERMINATED');
  });
});

describe('a handle’s operation whose reply is lost', () => {
  let stage: Stage;
  let proxy: Awaited<ReturnType<Stage['proxy']>>;
  before(async () => {
    stage = await openStage();
    proxy = await stage.proxy('b');
    await Promise.all([
      stage.bridge({ ...FAST, addressOfB: proxy.address }),
      stage.targets(),
      stage.libraryCallers(),
    ]);
  });
  after(() => stage.close());

  // Four times: the bridge's client tries a request three times, then the activity is tried again.
  test('is taken once: a signal', LIMIT, async () => {
    const cut = proxy.cutReply({ method: 'SignalWorkflowExecution', times: 4 });
    const ends = await stage.call<EndView[]>('UseHandle', { type: 'Collector' }, [
      signal('add', 'once'),
      query('items'),
      signal('done'),
      RESULT,
    ]);
    assert.equal(cut.struck, 4);
    assert.deepEqual(brief(ends).slice(1), [['once'], undefined, ['once']]);
  });

  test('is taken once: an update', LIMIT, async () => {
    const cut = proxy.cutReply({ method: 'UpdateWorkflowExecution', times: 4 });
    const ends = await stage.call<EndView[]>('UseHandle', { type: 'Collector' }, [
      update('set', 'once'),
      signal('done'),
      RESULT,
    ]);
    assert.equal(cut.struck, 4);
    assert.deepEqual(brief(ends), [{ set: 'once' }, undefined, ['once']]);
  });

  test('is taken: the end of a target', LIMIT, async () => {
    const cut = proxy.cutReply({ method: 'TerminateWorkflowExecution' });
    const ends = await stage.call<EndView[]>('UseHandle', { type: 'Gate' }, [terminate(), RESULT]);
    assert.equal(cut.struck, 1);
    assert.deepEqual(brief(ends), [undefined, 'REMOTE_WORKFLOW_TERMINATED']);
    const cancel = proxy.cutReply({ method: 'RequestCancelWorkflowExecution' });
    const cancelled = await stage.call<EndView[]>('UseHandle', { type: 'UntilCancelled' }, [CANCEL, RESULT]);
    assert.equal(cancel.struck, 1);
    assert.deepEqual(brief(cancelled), [undefined, 'cancelled']);
  });
});
