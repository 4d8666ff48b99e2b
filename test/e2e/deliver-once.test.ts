import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, afterEach, before, describe, test } from 'node:test';
import type { WorkflowHandle } from '@temporalio/client';
import Long from 'long';
import type { RemoteCallReport } from '../../workflows-b/remote-call-workflow.js';
import { jsonPayload } from '../../src/shared/payloads.js';
import { completionsOf, firstCompletion, sendCompletionTo } from '../support/completions.js';
import type { FaultProxy } from '../support/fault-proxy.js';
import { startFaultProxy } from '../support/fault-proxy.js';
import type { TestBridge, TestWorker, TwoClusters } from '../support/harness.js';
import {
  createTwoClusters,
  requestFor,
  startBridge,
  startCallers,
  startCrossCluster,
  startTargets,
} from '../support/harness.js';
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

const LIMIT = { timeout: 60_000 };

for (const maxCachedWorkflows of [1000, 0]) {
  describe(`an answer, with ${maxCachedWorkflows} cached workflows`, () => {
    let clusters: TwoClusters;
    let toA: FaultProxy;
    let toB: FaultProxy;
    let bridge: TestBridge;
    let targets: TestWorker;
    let callers: TestWorker;

    before(async () => {
      clusters = await createTwoClusters();
      [toA, toB] = await Promise.all([
        startFaultProxy(clusters.a.address),
        startFaultProxy(clusters.b.address),
      ]);
      [bridge, targets, callers] = await Promise.all([
        startBridge(clusters, {
          addressOfA: toA.address,
          addressOfB: toB.address,
          env: { BRIDGE_MAX_CACHED_WORKFLOWS: `${maxCachedWorkflows}` },
        }),
        startTargets(clusters.b),
        startCallers(clusters.a, { maxCachedWorkflows }),
      ]);
    });
    afterEach(() => {
      toA.clearRules();
      toB.clearRules();
    });
    after(async () => {
      await bridge.stop();
      await Promise.all([targets.stop(), callers.stop()]);
      await Promise.all([toA.close(), toB.close()]);
      await clusters.close();
    });

    /** Starts a caller that makes one call twice: it stays open in between, until `go-on`. */
    function startTwice(workflowType: string) {
      return clusters.a.client.workflow.start('CallTwice', {
        taskQueue: 'callers',
        workflowId: `twice-${randomUUID()}`,
        args: [{ workflowType, key: 'order-1' }],
      });
    }

    const reportOf = async (wrapper: WorkflowHandle) => (await wrapper.result()) as RemoteCallReport;

    test('is taken when it comes before the start’s own reply', LIMIT, async () => {
      let open = (): void => undefined;
      const opened = new Promise<void>((resolve) => (open = resolve));
      toB.cutReply({ method: 'StartWorkflowExecution', holdUntil: opened });
      const caller = await startTwice('OwnRunId');
      await firstCompletion(caller);
      await whenTaken(caller, 1);
      const { raw } = await caller.describe();
      const types = (await caller.fetchHistory()).events?.map(({ eventType }) => eventType) ?? [];
      assert.ok(!types.includes(12) && !types.includes(13), 'the start has not been answered');
      assert.equal(raw.pendingActivities?.[0]?.attempt, 1);
      open();
      await caller.signal('go-on');
      const [first, second] = (await caller.result()) as [string, string];
      assert.equal(first, second);
      assert.equal((await targetsOf(clusters.b, caller.workflowId)).length, 1);
      assert.deepEqual(await taskTroubles(caller), []);
    });

    test('is sent again under the same request id when the reply to its signal is lost', LIMIT, async () => {
      const sentBefore = toA.calls()['SignalWorkflowExecution'] ?? 0;
      let open = (): void => undefined;
      const opened = new Promise<void>((resolve) => (open = resolve));
      toA.cutReply({ method: 'SignalWorkflowExecution', holdUntil: opened });
      const caller = await startTwice('OwnRunId');
      // The client's own retry runs into the local activity's deadline; the third request is another attempt's.
      await toA.waitForCall('SignalWorkflowExecution', sentBefore + 3);
      open();
      const { target, wrapper } = await remoteOf(clusters.b, caller.workflowId);
      assert.equal((await reportOf(wrapper)).delivered, 'signal');
      await whenTaken(caller, 1);
      assert.equal((await completionsOf(caller)).length, 1);
      await caller.signal('go-on');
      const { runId } = await target.describe();
      assert.deepEqual(await caller.result(), [runId, runId]);
      assert.deepEqual(await taskTroubles(caller), []);
    });

    test(
      'is taken once when its signal comes twice, the second time with something else',
      LIMIT,
      async () => {
        const caller = await startTwice('Gate');
        const { target } = await remoteOf(clusters.b, caller.workflowId);
        await target.signal('open', 'the answer');
        const completion = await firstCompletion(caller);
        await sendCompletionTo(clusters.a, caller.workflowId, completion);
        const altered = { ...completion, payloads: [jsonPayload('another answer')] };
        await sendCompletionTo(clusters.a, caller.workflowId, altered);
        await whenTaken(caller, 3);
        assert.equal((await completionsOf(caller)).length, 3);
        await caller.signal('go-on');
        assert.deepEqual(await caller.result(), ['the answer', 'the answer']);
        assert.deepEqual(await taskTroubles(caller), []);
      },
    );

    test('of a caller that has closed is given up, and the wrapper says so', LIMIT, async () => {
      const call = await startCrossCluster(clusters, requestFor('Gate'));
      const { target, wrapper } = await remoteOf(clusters.b, call.workflowId);
      await call.terminate();
      await target.signal('open', 'too late');
      const { delivered, outcome, note } = await reportOf(wrapper);
      assert.deepEqual([delivered, outcome], ['caller-gone', 'completed']);
      assert.match(note, new RegExp(call.workflowId));
      assert.deepEqual(await taskTroubles(wrapper), []);
    });

    test('does not reach another caller that was started under the same id', LIMIT, async () => {
      const workflowId = `reused-${randomUUID()}`;
      const start = (what: string) =>
        startCrossCluster(clusters, requestFor('Gate', [what], { key: 'order-1' }), { workflowId });
      const old = await start('old');
      const oldRemote = await remoteOf(clusters.b, workflowId);
      await old.terminate();
      const current = await start('new');
      const all = await targetsOf(clusters.b, workflowId, 2);
      const newTarget = all.find((found) => found.workflowId !== oldRemote.target.workflowId);
      assert.ok(newTarget, 'the new caller’s target has an id of its own');

      await oldRemote.target.signal('open', 'for the old one');
      assert.equal((await reportOf(oldRemote.wrapper)).delivered, 'caller-gone');
      assert.equal((await completionsOf(current)).length, 0);
      await clusters.b.client.workflow.getHandle(newTarget.workflowId).signal('open', 'for the new one');
      assert.equal(((await current.result()) as { result: unknown }).result, 'for the new one');
      assert.equal((await completionsOf(current)).length, 1);
    });

    test(
      'does not reach the next run’s call, which has its key but asks for something else',
      LIMIT,
      async () => {
        const [one, other] = ['one', 'other'].map((word) => ({
          workflowType: 'Gate',
          key: 'order-1',
          scope: 'chain',
          args: [word],
        }));
        const caller = await clusters.a.client.workflow.start('FailWhileCallRuns', {
          taskQueue: 'callers',
          workflowId: `chain-${randomUUID()}`,
          args: [one, other],
          retry: { maximumAttempts: 2, initialInterval: '10ms' },
        });
        const { target, wrapper } = await remoteOf(clusters.b, caller.workflowId);
        let open = (): void => undefined;
        toB.hold('StartWorkflowExecution', new Promise<void>((resolve) => (open = resolve)));
        const startsBefore = toB.calls()['StartWorkflowExecution'] ?? 0;
        await caller.signal('go-on');
        await toB.waitForCall('StartWorkflowExecution', startsBefore + 1);
        await target.signal('open', 'for the first run');
        assert.equal((await reportOf(wrapper)).delivered, 'signal');
        open();
        const current = clusters.a.client.workflow.getHandle(caller.workflowId);
        assert.equal((await applicationFailureOf(current)).type, 'CALL_ID_CONFLICT');
      },
    );

    /** Resets a caller to the end of its first workflow task. */
    async function reset(caller: WorkflowHandle, exclude: number[]): Promise<WorkflowHandle> {
      const { runId } = await clusters.a.client.workflowService.resetWorkflowExecution({
        namespace: clusters.a.namespace,
        workflowExecution: { workflowId: caller.workflowId },
        reason: 'a test',
        workflowTaskFinishEventId: Long.fromNumber(4),
        requestId: randomUUID(),
        resetReapplyExcludeTypes: exclude,
      });
      return clusters.a.client.workflow.getHandle(caller.workflowId, runId);
    }

    for (const [what, exclude] of Object.entries({
      're-applied': [],
      'left out': [EXCLUDE_SIGNALS],
    })) {
      test(`is the same after a reset of its caller with signals ${what}`, LIMIT, async () => {
        const caller = await startTwice('OwnRunId');
        await firstCompletion(caller);
        await whenTaken(caller, 1);
        const { target, wrapper } = await remoteOf(clusters.b, caller.workflowId);
        await whenClosed(wrapper);
        const again = await reset(caller, exclude);
        await again.signal('go-on');
        const { runId } = await target.describe();
        assert.deepEqual(await again.result(), [runId, runId]);
        assert.equal((await completionsOf(again)).length, exclude.length > 0 ? 0 : 1);
        assert.equal((await whenClosed(wrapper)).status.name, 'COMPLETED');
        assert.equal((await targetsOf(clusters.b, caller.workflowId)).length, 1);
        assert.equal((await listExecutions(clusters.b, `WorkflowId = "${wrapper.workflowId}"`)).length, 1);
        assert.deepEqual(await taskTroubles(again), []);
      });
    }

    test(
      'is there again after a reset of a caller that had closed, whether or not B can be asked',
      LIMIT,
      async () => {
        const caller = await clusters.a.client.workflow.start('CallOnce', {
          taskQueue: 'callers',
          workflowId: `once-${randomUUID()}`,
          args: [{ workflowType: 'OwnRunId' }],
        });
        const answer: unknown = await caller.result();
        let open = (): void => undefined;
        toB.hold('StartWorkflowExecution', new Promise<void>((resolve) => (open = resolve)));
        const again = await reset(caller, []);
        assert.equal(await again.result(), answer);
        open();
        assert.equal((await targetsOf(clusters.b, caller.workflowId)).length, 1);
      },
    );

    test('follows its caller into the run that a reset made', LIMIT, async () => {
      const caller = await startTwice('Gate');
      const { target, wrapper } = await remoteOf(clusters.b, caller.workflowId);
      const again = await reset(caller, []);
      await eventually('the call was made again', async () => {
        return (await countEvents(again, EVENT.activityScheduled)) > 0;
      });
      await target.signal('open', 'after the reset');
      assert.equal((await reportOf(wrapper)).delivered, 'signal');
      await again.signal('go-on');
      assert.deepEqual(await again.result(), ['after the reset', 'after the reset']);
      assert.equal((await targetsOf(clusters.b, caller.workflowId)).length, 1);
      assert.deepEqual(await taskTroubles(again), []);
    });
  });
}
