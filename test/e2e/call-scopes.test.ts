import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { WorkflowHandle } from '@temporalio/client';
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
  applicationFailureOf,
  countEvents,
  eventually,
  handlesOf,
  remoteOf,
  targetsOf,
} from '../support/inspect.js';

const LIMIT = { timeout: 60_000 };
const RETRY = { maximumAttempts: 2, initialInterval: '10ms' } as const;

let clusters: TwoClusters;
let bridge: TestBridge;
let targets: TestWorker;
let callers: TestWorker;

before(async () => {
  clusters = await createTwoClusters();
  [bridge, targets, callers] = await Promise.all([
    // Whoever attaches to a call of another chain has the fallback poll alone.
    startBridge(clusters, { env: { BRIDGE_FALLBACK_FIRST: '500ms', BRIDGE_FALLBACK_MAX: '1s' } }),
    startTargets(clusters.b),
    startCallers(clusters.a),
  ]);
});
after(async () => {
  await bridge.stop();
  await Promise.all([targets.stop(), callers.stop()]);
  await clusters.close();
});

interface Answer {
  readonly workflowId: string;
  readonly runId: string;
  readonly result: unknown;
}

const answerOf = async (call: WorkflowHandle) => (await call.result()) as Answer;

/** Starts a caller of workflows/callers.ts. */
function startCaller(workflowType: string, args: unknown[], options: Record<string, unknown> = {}) {
  return clusters.a.client.workflow.start(workflowType, {
    taskQueue: 'callers',
    workflowId: `caller-${randomUUID()}`,
    args,
    ...options,
  });
}

/** The targets of a caller once there are this many; more than these would be a call too many. */
async function countTargets(callerId: string, atLeast: number): Promise<number> {
  return (await targetsOf(clusters.b, callerId, atLeast)).length;
}

describe('a caller’s id that is started again', () => {
  for (const more of [{}, { key: 'order-1', scope: 'run' }]) {
    test(`makes a new call in run scope ${'key' in more ? 'with' : 'without'} a key`, LIMIT, async () => {
      const workflowId = `again-${randomUUID()}`;
      const request = requestFor('OwnRunId', [], more);
      const first = await answerOf(await startCrossCluster(clusters, request, { workflowId }));
      const second = await answerOf(await startCrossCluster(clusters, request, { workflowId }));
      assert.notEqual(second.result, first.result);
      assert.equal(second.result, second.runId);
      assert.equal(await countTargets(workflowId, 2), 2);
    });
  }

  test('makes a new call in chain scope, which the runs of one chain share', LIMIT, async () => {
    const workflowId = `again-${randomUUID()}`;
    const options = { workflowType: 'OwnRunId', scope: 'chain', key: 'order-1' };
    const chains: string[][] = [];
    for (let start = 0; start < 2; start += 1) {
      const caller = await startCaller('CallInEachRun', [options, 3], { workflowId });
      chains.push((await caller.result()) as string[]);
    }
    const [first, second] = chains;
    assert.equal(first?.length, 3);
    assert.equal(second?.length, 3);
    assert.equal(new Set(first).size, 1);
    assert.equal(new Set(second).size, 1);
    assert.notEqual(first[0], second[0]);
    assert.equal(await countTargets(workflowId, 2), 2);
  });

  const attaching = {
    'workflow-id scope': { scope: 'workflow-id', key: 'order-1' },
    'article id mode': { idMode: 'article', key: 'order-1' },
    'article id mode without a key': { idMode: 'article' },
  };
  for (const [what, more] of Object.entries(attaching)) {
    test(`attaches in ${what}, and gets the same answer`, LIMIT, async () => {
      const workflowId = `again-${randomUUID()}`;
      const request = requestFor('OwnRunId', [], more);
      const first = await answerOf(await startCrossCluster(clusters, request, { workflowId }));
      const second = await answerOf(await startCrossCluster(clusters, request, { workflowId }));
      assert.deepEqual(second, first);
      if ('idMode' in more) {
        const name = 'key' in more ? more.key : 'OwnRunId';
        assert.equal(first.workflowId, `bridge-cluster-a-${workflowId}-${name}`);
      }
      assert.equal(await countTargets(workflowId, 1), 1);
    });

    test(`attaches in ${what} while the target still runs`, LIMIT, async () => {
      const workflowId = `again-${randomUUID()}`;
      const request = requestFor('Gate', [], more);
      const first = await startCrossCluster(clusters, request, { workflowId });
      const { target } = await remoteOf(clusters.b, workflowId);
      await first.terminate();
      const second = await startCrossCluster(clusters, request, { workflowId });
      await eventually('the second caller waits for the target', async () => {
        const { raw } = await second.describe();
        return raw.pendingActivities?.some(({ lastFailure }) => lastFailure?.message?.includes('running on'));
      });
      await target.signal('open', 'for both');
      assert.equal((await answerOf(second)).result, 'for both');
      assert.equal(await countTargets(workflowId, 1), 1);
    });

    test(`conflicts in ${what} if it asks for something else`, LIMIT, async () => {
      const workflowId = `again-${randomUUID()}`;
      const start = (args: unknown[]) =>
        startCrossCluster(clusters, requestFor('Echo', args, more), { workflowId });
      assert.equal((await answerOf(await start(['one']))).result, 'one');
      const failure = await applicationFailureOf(await start(['other']));
      assert.equal(failure.type, 'CALL_ID_CONFLICT');
      assert.equal(failure.nonRetryable, true);
      assert.match(failure.message, /in use with other arguments; nothing was started/);
      assert.equal((await answerOf(await start(['one']))).result, 'one', 'the first call is untouched');
      assert.equal(await countTargets(workflowId, 1), 1);
    });
  }
});

describe('a key that one run uses twice', () => {
  test('is one call if it asks for the same', LIMIT, async () => {
    const options = { workflowType: 'OwnRunId', key: 'order-1' };
    const caller = await startCaller('CallMany', [[options, options]]);
    const [first, second] = (await caller.result()) as string[];
    assert.equal(first, second);
    assert.equal(await countTargets(caller.workflowId, 1), 1);
  });

  test('conflicts if it asks for something else', LIMIT, async () => {
    const both = ['one', 'other'].map((word) => ({ workflowType: 'Echo', key: 'order-1', args: [word] }));
    const caller = await startCaller('EndsOfMany', [both]);
    assert.deepEqual(await caller.result(), ['one', 'CALL_ID_CONFLICT']);
    assert.equal(
      await countEvents(caller, EVENT.activityScheduled),
      1,
      'the other one was not even asked for',
    );
    const { target } = await remoteOf(clusters.b, caller.workflowId);
    assert.equal(await target.result(), 'one');
    assert.equal(await countTargets(caller.workflowId, 1), 1);
  });
});

describe('the runs of a chain', () => {
  test('a continue-as-new loop that calls in each run gets a new answer each time', LIMIT, async () => {
    for (const key of [undefined, 'order-1']) {
      const caller = await startCaller('CallInEachRun', [{ workflowType: 'OwnRunId', key }, 5]);
      const answers = (await caller.result()) as string[];
      assert.equal(answers.length, 5);
      assert.equal(new Set(answers).size, 5);
      assert.equal(await countTargets(caller.workflowId, 5), 5);
    }
  });

  /** Lets the caller's first target fail and its second, which must be another one, return a value. */
  async function failThenPass(callerId: string) {
    const { target: first } = await remoteOf(clusters.b, callerId);
    await first.signal('judge', { fail: 'not today' });
    const all = await targetsOf(clusters.b, callerId, 2);
    const second = all.find(({ workflowId }) => workflowId !== first.workflowId);
    assert.ok(second, 'the retry’s target has an id of its own');
    await (await handlesOf(clusters.b, second.workflowId)).target.signal('judge', { value: 'tomorrow' });
    return second;
  }

  test('a retried caller whose first call failed makes a new call', LIMIT, async () => {
    const options = { workflowType: 'Judged', key: 'order-1' };
    const caller = await startCaller('CallAndFailOnce', [options], { retry: RETRY });
    await failThenPass(caller.workflowId);
    assert.deepEqual(await caller.result(), { value: 'tomorrow', attempt: 2 });
    assert.equal(await countTargets(caller.workflowId, 2), 2);
  });

  test('CrossClusterWorkflow, retried because its target failed, makes a new call', LIMIT, async () => {
    const call = await startCrossCluster(clusters, requestFor('Judged'), { retry: RETRY });
    const second = await failThenPass(call.workflowId);
    const answer = await answerOf(call);
    assert.deepEqual([answer.result, answer.runId], ['tomorrow', second.runId]);
    assert.equal(await countTargets(call.workflowId, 2), 2);
  });

  test(
    'a retried caller takes up the call of its chain, and the answer comes to it by signal',
    LIMIT,
    async () => {
      const options = { workflowType: 'Gate', key: 'order-1', scope: 'chain' };
      const caller = await startCaller('FailWhileCallRuns', [options], { retry: RETRY });
      const { target, wrapper } = await remoteOf(clusters.b, caller.workflowId);
      await caller.signal('go-on');
      const current = clusters.a.client.workflow.getHandle(caller.workflowId);
      await eventually('the second run has begun', async () => {
        const { runId, status } = await current.describe();
        return runId !== caller.firstExecutionRunId && status.name === 'RUNNING';
      });
      await target.signal('open', 'late');
      assert.equal(await current.result(), 'late');
      assert.equal(((await wrapper.result()) as { delivered: string }).delivered, 'signal');
      assert.equal(await countTargets(caller.workflowId, 1), 1);
    },
  );
});
