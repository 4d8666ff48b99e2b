/** Many calls of one workflow at once, and calls from its signal and update handlers. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { sdkLogs } from '../support/harness.js';
import { EVENT, countEvents, eventually, listExecutions, taskTroubles } from '../support/inspect.js';
import type { Stage } from '../support/stage.js';
import { openStage } from '../support/stage.js';
import type { EndView } from '../support/workflows/library-callers.js';

const LIMIT = { timeout: 180_000 };

describe('a workflow with many calls', () => {
  let stage: Stage;
  before(async () => {
    stage = await openStage();
    await Promise.all([stage.bridge(), stage.targets(), stage.libraryCallers()]);
  });
  after(() => stage.close());

  test('gets each of 300 outcomes to its own call, and each target runs once', LIMIT, async () => {
    const calls = Array.from({ length: 300 }, (_, n) =>
      n % 10 === 9
        ? { type: 'Fail', args: [`number ${n}`] }
        : // Every tenth asks for the same: without a key these are calls of their own, too.
          { type: 'EchoAll', args: n % 10 === 0 ? ['same'] : [n] },
    );
    const caller = await stage.start('ExecuteMany', calls);
    const ends = (await caller.result()) as EndView[];
    assert.equal(ends.length, calls.length);
    for (const [n, end] of ends.entries()) {
      if (n % 10 === 9) {
        assert.ok('error' in end);
        assert.equal(end.error.cause?.message, `number ${n}`);
      } else assert.deepEqual(end, { value: n % 10 === 0 ? ['same'] : [n] });
    }
    const prefix = `bridge-cluster-a-${caller.workflowId}-`;
    const targets = await listExecutions(stage.clusters.b, `WorkflowId STARTS_WITH "${prefix}"`, 300);
    assert.equal(targets.length, 300);
    assert.equal(new Set(targets.map(({ workflowId }) => workflowId)).size, 300);
    assert.deepEqual(await taskTroubles(caller), []);
    assert.equal(await countEvents(caller, EVENT.activityScheduled), 300);
  });

  test('makes calls from signal and update handlers', LIMIT, async () => {
    const caller = await stage.start('CallsFromHandlers');
    const updated = await Promise.all(
      ['one', 'two', 'three'].map((value) =>
        caller.executeUpdate('call-update', { args: [{ type: 'Echo', args: [value] }] }),
      ),
    );
    assert.deepEqual(updated, ['one', 'two', 'three']);
    for (let n = 0; n < 5; n += 1) await caller.signal('call', { type: 'Echo', args: [n] });
    // Their outcomes are on their way: the workflow goes on when it has them.
    await eventually('all calls have ended', async () => {
      const { raw } = await caller.describe();
      return (
        (await countEvents(caller, EVENT.activityScheduled)) === 8 && raw.pendingActivities?.length === 0
      );
    });
    await caller.signal('go-on');
    assert.deepEqual(((await caller.result()) as unknown[]).sort(), [0, 1, 2, 3, 4]);
    assert.deepEqual(await taskTroubles(caller), []);
  });

  test('fails an update whose call fails, and goes on', LIMIT, async () => {
    const caller = await stage.start('CallsFromHandlers');
    await assert.rejects(
      caller.executeUpdate('call-update', { args: [{ type: 'Fail', args: ['in an update'] }] }),
      (error: Error & { cause?: { type?: string; cause?: Error } }) => {
        assert.equal(error.cause?.type, 'REMOTE_WORKFLOW_FAILED');
        assert.equal(error.cause.cause?.message, 'in an update');
        return true;
      },
    );
    const bad = { type: 'Echo', cancellationType: 'MAYBE' };
    await assert.rejects(caller.executeUpdate('call-update', { args: [bad] }), (error: Error) => {
      assert.equal((error.cause as { type?: string }).type, 'INVALID_REQUEST');
      return true;
    });
    await caller.signal('go-on');
    assert.deepEqual(await caller.result(), []);
  });

  test(
    'has one call of two with one key and the same arguments, and refuses other arguments',
    LIMIT,
    async () => {
      const keyed = (key: string, value: unknown) => ({ type: 'Echo', key, args: [value] });
      const ends = await stage.call<EndView[]>('ExecuteMany', [
        keyed('a', 1),
        keyed('a', 1),
        keyed('b', 2),
        keyed('b', 3),
      ]);
      assert.deepEqual(ends.slice(0, 3), [{ value: 1 }, { value: 1 }, { value: 2 }]);
      const last = ends[3];
      assert.ok(last && 'error' in last);
      assert.equal(last.error.type, 'CALL_ID_CONFLICT');
    },
  );

  test('is warned of 1,500 open calls, and refused another one above 1,900', LIMIT, async () => {
    const call = { type: 'Echo', args: ['one more'] };
    const warnings = (workflowId: string) =>
      sdkLogs().filter(({ msg, level, ...rest }) => {
        return level === 'warn' && /^Many calls/.test(msg) && JSON.stringify(rest).includes(workflowId);
      }).length;
    for (const [others, warned] of [
      [1498, 0],
      [1499, 1],
      [1899, 0],
    ] as const) {
      const caller = await stage.start('ExecuteAmong', call, others);
      assert.deepEqual(await caller.result(), { value: 'one more' });
      // A workflow's log lines come after its task's end.
      if (warned > 0) await eventually('the warning', async () => warnings(caller.workflowId) > 0);
      assert.equal(warnings(caller.workflowId), warned, `beside ${others}`);
    }
    const caller = await stage.start('ExecuteAmong', call, 1900);
    const { error } = (await caller.result()) as Extract<EndView, { error: unknown }>;
    assert.equal(error.type, 'TOO_MANY_OPEN_CALLS');
    assert.equal(error.nonRetryable, false, 'later there may be room');
    assert.match(error.message, /1900 calls of this workflow are open; expected at most 1900/);
    assert.equal(await countEvents(caller, EVENT.activityScheduled), 0);
  });
});
