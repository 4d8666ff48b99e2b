import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, afterEach, before, describe, test } from 'node:test';
import { defaultPayloadConverter } from '@temporalio/common';
import { callIdOf, givenCallKey } from '../../src/shared/call-id.js';
import { CALL_HEADER } from '../../src/shared/names.js';
import { wrapperWorkflowIdOf } from '../../src/shared/remote-ids.js';
import { parseCallEnvelope } from '../../src/shared/wire/call-envelope.js';
import type { FaultProxy } from '../support/fault-proxy.js';
import { startFaultProxy } from '../support/fault-proxy.js';
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
  listExecutions,
  remoteOf,
  targetsOf,
  whenClosed,
} from '../support/inspect.js';
import { diffRequests, readServiceRequests } from '../../scripts/stack/server-metrics.js';

const LIMIT = { timeout: 120_000 };

/** The lines that a bridge has logged about a caller's calls. */
function linesAbout(bridge: TestBridge, callerId: string, message: RegExp) {
  return bridge.logs.filter((line) => line['sourceWorkflowId'] === callerId && message.test(line.msg));
}

/** A promise and what resolves it. */
function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

const LOST_REPLIES = {
  // The client sends the same request again, long after the caller has its answer by signal.
  'by the client, after the caller closed': { signals: true, rpcTimeout: '10s', starts: 2 },
  // That runs into its deadline, and the activity's next attempt, which knows nothing of it, makes a request of its own.
  'by the next attempt, while the caller waits': { signals: false, rpcTimeout: '2s', starts: 3 },
};

for (const [how, { signals, rpcTimeout, starts }] of Object.entries(LOST_REPLIES)) {
  describe(`a start whose reply is lost, retried ${how}`, () => {
    let clusters: TwoClusters;
    let proxy: FaultProxy;
    let bridge: TestBridge;
    let handlerSide: TestBridge;
    let targets: TestWorker;

    before(async () => {
      clusters = await createTwoClusters();
      proxy = await startFaultProxy(clusters.b.address);
      const env = { BRIDGE_COMPLETION_SIGNALS: `${signals}`, BRIDGE_RPC_TIMEOUT: rpcTimeout };
      // Apart, or the lost reply would hold the wrapper's first task, and the wrapper would stand for its time-out.
      [bridge, handlerSide, targets] = await Promise.all([
        startBridge(clusters, { addressOfB: proxy.address, env: { ...env, BRIDGE_ROLE: 'caller' } }),
        startBridge(clusters, { env: { ...env, BRIDGE_ROLE: 'handler' } }),
        startTargets(clusters.b),
      ]);
    });
    afterEach(() => proxy.clearRules());
    after(async () => {
      await Promise.all([bridge.stop(), handlerSide.stop()]);
      await targets.stop();
      await proxy.close();
      await clusters.close();
    });

    test('starts nothing again, though the target has closed', LIMIT, async () => {
      const { b } = clusters;
      const read = () => readServiceRequests(b.metricsUrl, { namespaces: [b.namespace] });
      const requestsBefore = await read();
      const { opened, open } = gate();
      const lost = proxy.cutReply({ method: 'StartWorkflowExecution', holdUntil: opened });

      const call = await startCrossCluster(clusters, requestFor('OwnRunId'));
      await lost.done;
      await proxy.waitForCall('StartWorkflowExecution', starts);
      const { target, wrapper } = await remoteOf(b, call.workflowId);
      const [closedTarget, closedWrapper] = await Promise.all([whenClosed(target), whenClosed(wrapper)]);
      if (signals) await call.result(); // the answer needs no reply to the start
      const requestsHeld = diffRequests(requestsBefore, await read());
      assert.equal(requestsHeld['StartWorkflowExecution'], 1);
      open();

      const answer = (await call.result()) as { result: string; workflowId: string; runId: string };
      await eventually('the retried start was answered', () =>
        linesAbout(bridge, call.workflowId, /^Call (started|ended)/).at(0),
      );
      assert.deepEqual(
        [answer.result, answer.workflowId, answer.runId],
        [closedTarget.runId, target.workflowId, closedTarget.runId],
      );
      // A second execution under the same id would be the current one now.
      assert.equal(
        (await b.client.workflow.getHandle(target.workflowId).describe()).runId,
        closedTarget.runId,
      );
      assert.equal((await wrapper.describe()).runId, closedWrapper.runId);
      assert.equal((await targetsOf(b, call.workflowId)).length, 1);
      // The request id alone told the server that it had this start already: the bridge read the outcome, not the memo.
      assert.equal(proxy.calls()['DescribeWorkflowExecution'], 1);
      assert.equal(proxy.calls()['GetWorkflowExecutionHistory'], 1);
    });
  });
}

describe('a call that has not reached the handler cluster', () => {
  let clusters: TwoClusters;
  let proxy: FaultProxy;
  let bridge: TestBridge;
  let targets: TestWorker;

  before(async () => {
    clusters = await createTwoClusters();
    proxy = await startFaultProxy(clusters.b.address);
    [bridge, targets] = await Promise.all([
      startBridge(clusters, { addressOfB: proxy.address }),
      startTargets(clusters.b),
    ]);
  });
  after(async () => {
    await bridge.stop();
    await targets.stop();
    await proxy.close();
    await clusters.close();
  });

  test('stands in the caller’s history with its arguments before it is started', LIMIT, async () => {
    const { opened, open } = gate();
    proxy.hold('StartWorkflowExecution', opened);
    const call = await startCrossCluster(clusters, requestFor('EchoAll', [{ qty: 1 }, 'two']));
    await proxy.waitForCall('StartWorkflowExecution');

    const { events } = await call.fetchHistory();
    const scheduled = (events ?? []).flatMap((event) => event.activityTaskScheduledEventAttributes ?? []);
    assert.equal(scheduled.length, 1);
    const args = (scheduled[0]?.input?.payloads ?? []).map((payload) =>
      defaultPayloadConverter.fromPayload<unknown>(payload),
    );
    assert.deepEqual(args, [{ qty: 1 }, 'two']);
    const envelope = parseCallEnvelope(scheduled[0]?.header?.fields?.[CALL_HEADER]);
    const wrapper = clusters.b.client.workflow.getHandle(envelope.wrapperWorkflowId);
    await assert.rejects(wrapper.describe(), { name: 'WorkflowNotFoundError' });

    open();
    assert.deepEqual(((await call.result()) as { result: unknown }).result, [{ qty: 1 }, 'two']);
    const { memo } = await wrapper.describe();
    assert.deepEqual(memo?.['bridge-call-id'], envelope.callId);
  });
});

describe('two replicas of the bridge', () => {
  let clusters: TwoClusters;
  let bridges: TestBridge[];
  let targets: TestWorker;

  before(async () => {
    clusters = await createTwoClusters();
    [targets, ...bridges] = await Promise.all([
      startTargets(clusters.b),
      startBridge(clusters),
      startBridge(clusters),
    ]);
  });
  after(async () => {
    await Promise.all(bridges.map((bridge) => bridge.stop()));
    await targets.stop();
    await clusters.close();
  });

  test('share the work, and each call has one target', LIMIT, async () => {
    const shared = /^Call started$/;
    const delivered = /^Completion sent$/;
    const bothDid = (message: RegExp) =>
      bridges.every(({ logs }) => logs.some(({ msg }) => message.test(msg)));
    const prefix = `replicas-${randomUUID()}`;
    const answers = new Map<string, string>();
    // Who gets a task is the servers' choice; that one replica gets none of hundreds is not to be expected.
    for (let round = 0; round < 10 && !(bothDid(shared) && bothDid(delivered)); round += 1) {
      const calls = await Promise.all(
        Array.from({ length: 40 }, (_, n) =>
          startCrossCluster(clusters, requestFor('OwnRunId'), { workflowId: `${prefix}-${round}-${n}` }),
        ),
      );
      for (const call of calls)
        answers.set(call.workflowId, ((await call.result()) as { result: string }).result);
    }
    assert.ok(bothDid(shared), 'both start calls');
    assert.ok(bothDid(delivered), 'both deliver answers');
    const found = await listExecutions(clusters.b, 'WorkflowType = "OwnRunId"', answers.size);
    assert.equal(found.length, answers.size);
    assert.deepEqual(new Set(found.map(({ runId }) => runId)), new Set(answers.values()));
    const wrappers = await listExecutions(clusters.b, 'WorkflowType = "RemoteCallWorkflow"', answers.size);
    assert.equal(wrappers.length, answers.size);
  });
});

describe('an id that a stranger holds on the handler cluster', () => {
  let clusters: TwoClusters;
  let bridge: TestBridge;
  let targets: TestWorker;

  before(async () => {
    clusters = await createTwoClusters();
    [bridge, targets] = await Promise.all([startBridge(clusters), startTargets(clusters.b)]);
  });
  after(async () => {
    await bridge.stop();
    await targets.stop();
    await clusters.close();
  });

  /** The wrapper's id of a call whose caller has not been started. */
  function wrapperIdOf(callerWorkflowId: string, key: string): string {
    return wrapperWorkflowIdOf(
      callIdOf({
        callerNamespace: clusters.a.namespace,
        callerWorkflowId,
        scope: 'workflow-id',
        scopeId: 'cluster-a',
        callKey: givenCallKey(key),
        targetType: 'Echo',
      }),
    );
  }

  const strangers = { open: 'Gate', closed: 'OwnRunId' };
  for (const [state, workflowType] of Object.entries(strangers)) {
    const squat = async (workflowId: string) => {
      const stranger = await clusters.b.client.workflow.start(workflowType, {
        taskQueue: 'targets',
        workflowId,
      });
      if (state === 'closed') await stranger.result();
      else await eventually('it waits', async () => (await stranger.describe()).historyLength >= 4);
      const { runId, historyLength } = await stranger.describe();
      const left = async () => {
        const now = await clusters.b.client.workflow.getHandle(workflowId).describe();
        assert.deepEqual([now.runId, now.historyLength], [runId, historyLength], 'the stranger is untouched');
      };
      return left;
    };

    test(`is a conflict: the wrapper’s id, by a workflow that is ${state}`, LIMIT, async () => {
      const workflowId = `caller-${randomUUID()}`;
      const isUntouched = await squat(wrapperIdOf(workflowId, 'order-1'));
      const request = requestFor('Echo', ['mine'], { scope: 'workflow-id', key: 'order-1' });
      const failure = await applicationFailureOf(await startCrossCluster(clusters, request, { workflowId }));
      assert.equal(failure.type, 'CALL_ID_CONFLICT');
      assert.equal(failure.nonRetryable, true);
      assert.match(failure.message, /held by a workflow that is not this call/);
      await isUntouched();
      assert.equal((await targetsOf(clusters.b, workflowId, 0)).length, 0);
      const other = requestFor('Echo', ['mine'], { scope: 'workflow-id', key: 'order-2' });
      const second = await startCrossCluster(clusters, other, { workflowId });
      assert.equal(
        ((await second.result()) as { result: unknown }).result,
        'mine',
        'a free id is not refused',
      );
    });

    test(`is a conflict: the target’s id, by a workflow that is ${state}`, LIMIT, async () => {
      const taken = `stranger-${randomUUID()}`;
      const isUntouched = await squat(taken);
      const call = await startCrossCluster(clusters, requestFor('Echo', ['mine'], { workflowId: taken }));
      const failure = await applicationFailureOf(call);
      assert.equal(failure.type, 'CALL_ID_CONFLICT');
      assert.equal(failure.nonRetryable, true);
      assert.match(
        failure.message,
        new RegExp(`${taken} is held by a workflow that this call did not start`),
      );
      await isUntouched();
    });
  }
});
