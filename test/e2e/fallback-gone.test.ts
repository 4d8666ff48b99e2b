import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { WorkflowHandle } from '@temporalio/client';
import {
  anchorBackedOff,
  deleteExecution,
  exists,
  remoteIdsOf,
  resetToFirstTask,
  whenStarted,
  type RemoteIds,
} from '../support/anchor.js';
import type { TestSide } from '../support/harness.js';
import { requestFor, startCrossCluster } from '../support/harness.js';
import { applicationFailureOf, listExecutions, taskTroubles, whenClosed } from '../support/inspect.js';
import type { Stage } from '../support/stage.js';
import { openStage } from '../support/stage.js';

const FALLBACK = { BRIDGE_FALLBACK_FIRST: '500ms', BRIDGE_FALLBACK_MAX: '500ms' };

interface Begun extends RemoteIds {
  readonly caller: WorkflowHandle;
}

interface Case {
  readonly name: string;
  readonly target: readonly [type: string, ...args: unknown[]];
  /** What happens on B before the bridge's first look. */
  readonly tamper: (b: TestSide, call: Begun) => Promise<unknown>;
  /** What the caller gets. */
  readonly check: (b: TestSide, call: Begun) => Promise<unknown>;
}

const resultOf = async ({ caller }: Begun) => ((await caller.result()) as { result: unknown }).result;

const CASES: readonly Case[] = [
  {
    name: 'a target deleted while it runs counts as terminated, by the word of its wrapper',
    target: ['Gate'],
    tamper: (b, { target }) => deleteExecution(b, target),
    check: async (_b, { caller, wrapper }) => {
      assert.equal((await applicationFailureOf(caller)).type, 'REMOTE_WORKFLOW_TERMINATED');
      assert.ok(await exists(wrapper));
    },
  },
  {
    name: 'the value of a target deleted after it completed comes from its wrapper',
    target: ['Echo', 'kept by the wrapper'],
    tamper: async (b, { target, wrapper }) => {
      await whenClosed(wrapper);
      await deleteExecution(b, target);
    },
    check: async (_b, call) => assert.equal(await resultOf(call), 'kept by the wrapper'),
  },
  {
    name: 'the failure of a target deleted after it failed comes from its wrapper',
    target: ['Fail', 'kept'],
    tamper: async (b, { target, wrapper }) => {
      await whenClosed(wrapper);
      await deleteExecution(b, target);
    },
    check: async (_b, { caller }) => {
      const failure = await applicationFailureOf(caller);
      assert.equal(failure.type, 'REMOTE_WORKFLOW_FAILED');
      assert.equal((failure.cause as typeof failure).message, 'kept');
    },
  },
  {
    name: 'a target whose wrapper was deleted brings its value',
    target: ['Gate'],
    tamper: (b, { wrapper }) => deleteExecution(b, wrapper),
    check: async (_b, call) => {
      await call.target.signal('open', 'without a wrapper');
      assert.equal(await resultOf(call), 'without a wrapper');
    },
  },
  {
    name: 'a call whose target and wrapper are gone is OUTCOME_LOST',
    target: ['Gate'],
    tamper: async (b, { target, wrapper }) => {
      await deleteExecution(b, wrapper);
      await deleteExecution(b, target);
    },
    check: async (_b, { caller, callId }) => {
      const failure = await applicationFailureOf(caller);
      assert.equal(failure.type, 'OUTCOME_LOST');
      assert.equal(failure.nonRetryable, true);
      assert.equal((failure.details?.[0] as Record<string, unknown>)['callId'], callId);
    },
  },
  {
    name: 'a wrapper terminated, with its target gone, is OUTCOME_LOST',
    target: ['Gate'],
    tamper: async (b, { target, wrapper }) => {
      await wrapper.terminate('by the test');
      await deleteExecution(b, target);
    },
    check: async (_b, { caller, target }) => {
      const failure = await applicationFailureOf(caller);
      assert.equal(failure.type, 'OUTCOME_LOST');
      assert.ok(failure.message.includes(target.workflowId), failure.message);
    },
  },
  {
    name: 'the target of a terminated wrapper goes on, and its value comes',
    target: ['Gate'],
    tamper: (_b, { wrapper }) => wrapper.terminate('by the test'),
    check: async (_b, call) => {
      const { attempt = 0 } = await anchorBackedOff(call.caller);
      await anchorBackedOff(call.caller, (attempt ?? 0) + 2);
      assert.equal((await call.target.describe()).status.name, 'RUNNING');
      await call.target.signal('open', 'still there');
      assert.equal(await resultOf(call), 'still there');
    },
  },
  {
    name: 'a wrapper reset while its target runs starts no second one, and the value comes',
    target: ['Gate'],
    tamper: async (b, call) => {
      await resetToFirstTask(b, call.wrapper);
      await call.target.signal('open', 'the one');
    },
    check: oneTargetOf,
  },
  {
    name: 'a wrapper reset after its target closed starts no second one, and the value comes',
    target: ['Gate'],
    tamper: async (b, call) => {
      await call.target.signal('open', 'the one');
      await whenClosed(call.wrapper);
      await resetToFirstTask(b, call.wrapper);
    },
    check: oneTargetOf,
  },
];

/** The value has come from the one target that there ever was, and the wrapper's second run has followed it. */
async function oneTargetOf(b: TestSide, call: Begun): Promise<void> {
  assert.equal(await resultOf(call), 'the one');
  assert.equal((await whenClosed(call.wrapper)).status.name, 'COMPLETED');
  const wrappers = await listExecutions(b, `WorkflowId = "${call.wrapper.workflowId}"`, 2);
  assert.equal(wrappers.length, 2, 'the wrapper was reset');
  assert.deepEqual(await taskTroubles(call.wrapper), []);
  const targets = await listExecutions(b, `WorkflowId = "${call.target.workflowId}"`, 1);
  const report = (await call.wrapper.result()) as Record<string, unknown>;
  assert.deepEqual(
    [report['outcome'], report['delivered'], report['targetRunId']],
    ['completed', 'signals-off', targets[0]?.runId],
  );
  assert.equal(targets.length, 1, 'one target');
}

describe('when executions on B are tampered with before the first look', { concurrency: true }, () => {
  let stage: Stage;
  const begun = new Map<string, Promise<Begun>>();

  before(async () => {
    stage = await openStage();
    const { clusters } = stage;
    const proxy = await stage.proxy('b');
    const noLooks = proxy.hold('DescribeWorkflowExecution', new Promise(() => undefined));
    await Promise.all([
      stage.bridge({ env: { ...FALLBACK, BRIDGE_ROLE: 'caller' }, addressOfB: proxy.address }),
      stage.bridge({ env: { BRIDGE_ROLE: 'handler', BRIDGE_COMPLETION_SIGNALS: 'false' } }),
      stage.targets(),
    ]);
    for (const {
      name,
      target: [type, ...args],
      tamper,
    } of CASES) {
      const start = async (): Promise<Begun> => {
        const caller = await startCrossCluster(clusters, requestFor(type, args));
        const call = { caller, ...(await remoteIdsOf(clusters.b, caller)) };
        await whenStarted(call.target);
        await tamper(clusters.b, call);
        return call;
      };
      begun.set(name, start());
    }
    await Promise.allSettled(begun.values());
    noLooks.remove();
  });
  after(() => stage.close());

  for (const { name, check } of CASES) {
    test(name, async () => {
      const call = await begun.get(name);
      assert.ok(call);
      await check(stage.clusters.b, call);
    });
  }
});

describe('without a handler-side bridge', () => {
  test('a wrapper terminated before a target exists ends the call as terminated', async (t) => {
    const stage = await openStage(t);
    const { clusters } = stage;
    await stage.bridge({ env: { ...FALLBACK, BRIDGE_ROLE: 'caller' } });
    const caller = await startCrossCluster(clusters, requestFor('Gate'));
    const { wrapper, target } = await remoteIdsOf(clusters.b, caller);
    await (await whenStarted(wrapper)).terminate('by the test');
    assert.equal((await applicationFailureOf(caller)).type, 'REMOTE_WORKFLOW_TERMINATED');
    assert.equal(await exists(target), false);
  });

  test('a call waits past its first interval; the answer comes when it is back, from one target', async (t) => {
    const stage = await openStage(t);
    const { clusters } = stage;
    await Promise.all([stage.bridge({ env: { ...FALLBACK, BRIDGE_ROLE: 'caller' } }), stage.targets()]);
    const caller = await startCrossCluster(clusters, requestFor('OwnRunId'));
    await anchorBackedOff(caller, 4);
    const { target } = await remoteIdsOf(clusters.b, caller);
    assert.equal(await exists(target), false);
    await stage.bridge({ env: { BRIDGE_ROLE: 'handler' } });
    const answer = (await caller.result()) as { result: unknown; runId: string };
    assert.equal(answer.result, answer.runId);
    const runs = await listExecutions(clusters.b, `WorkflowId = "${target.workflowId}"`, 1);
    assert.deepEqual(
      runs.map(({ runId }) => runId),
      [answer.runId],
    );
  });
});
