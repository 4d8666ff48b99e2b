import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, afterEach, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { anchorBackedOff, exists, remoteIdsOf, whenStarted } from '../support/anchor.js';
import type { TestBridge, TestSide, TwoClusters } from '../support/harness.js';
import { requestFor, sdkLogs, startCrossCluster } from '../support/harness.js';
import { EVENT, applicationFailureOf, countEvents, eventually } from '../support/inspect.js';
import type { FaultProxy } from '../support/fault-proxy.js';
import type { Stage } from '../support/stage.js';
import { openStage } from '../support/stage.js';

/** Short enough for a test: how long a request, and a try after it, may take. */
const HASTY = {
  BRIDGE_RPC_TIMEOUT: '500ms',
  BRIDGE_START_RETRY_FIRST: '200ms',
  BRIDGE_START_RETRY_MAX: '500ms',
  BRIDGE_FALLBACK_FIRST: '500ms',
  BRIDGE_FALLBACK_MAX: '500ms',
};
const UNAVAILABLE = 14;

/** No look gets an answer: B is lost to a call as soon as it has started. */
const loseLooks = (proxy: FaultProxy) =>
  proxy.refuse({ method: 'DescribeWorkflowExecution', status: UNAVAILABLE });

async function expired(caller: WorkflowHandle): Promise<Record<string, string>> {
  const failure = await applicationFailureOf(caller);
  assert.equal(failure.type, 'CALL_EXPIRED', failure.message);
  assert.equal(failure.nonRetryable, true);
  return failure.details?.[0] as Record<string, string>;
}

/** How long after the call was recorded its caller ended, in milliseconds of A's clock. */
async function lifeOf(caller: WorkflowHandle): Promise<number> {
  const { startTime, closeTime } = await caller.describe();
  return (closeTime?.getTime() ?? 0) - startTime.getTime();
}

/** Waits until a caller that stays open has no anchor activity any more. */
async function anchorIsGone(caller: WorkflowHandle): Promise<void> {
  await eventually('the anchor has ended', async () => {
    const { raw } = await caller.describe();
    return (raw.pendingActivities ?? []).length === 0;
  });
}

describe('a call whose cluster B is lost', () => {
  let stage: Stage;
  let clusters: TwoClusters;
  let b: TestSide;
  let linkToB: FaultProxy;
  let linkToA: FaultProxy;
  let callerSide: TestBridge;

  before(async () => {
    stage = await openStage();
    ({ clusters } = stage);
    ({ b } = clusters);
    linkToA = await stage.proxy('a');
    await Promise.all([
      stage.bridge({
        env: { BRIDGE_ROLE: 'handler', BRIDGE_CLOCK_SKEW: '0s' },
        addressOfA: linkToA.address,
      }),
      stage.targets(),
      stage.callers(),
    ]);
  });
  after(() => stage.close());
  afterEach(async () => {
    linkToB.clearRules();
    linkToB.heal();
    linkToA.clearRules();
    await callerSide.stop();
  });

  /** A caller side of the test's own, with a breakable link to B; the handler side has another. */
  const startCallerSide = async (env: Record<string, string> = {}): Promise<void> => {
    linkToB = await stage.proxy('b');
    const own = { ...HASTY, BRIDGE_ROLE: 'caller', BRIDGE_CLOCK_SKEW: '0s', ...env };
    callerSide = await stage.bridge({ env: own, addressOfB: linkToB.address });
  };
  const call = (timeout: string) => startCrossCluster(clusters, requestFor('Echo', ['x'], { timeout }));
  /** A caller that goes on after its call has ended. */
  const callAndStay = (timeoutMs: number) =>
    clusters.a.client.workflow.start('CallAndTell', {
      taskQueue: 'callers',
      workflowId: `stays-${randomUUID()}`,
      args: [{ workflowType: 'Echo', timeoutMs }, true],
    });
  const answerOf = async (caller: WorkflowHandle) => {
    await caller.signal('go-on');
    return caller.result() as Promise<unknown>;
  };

  for (const since of ['the beginning', 'an earlier call'] as const) {
    test(`expires as not started, if that is since ${since}; nothing starts when the link heals`, async () => {
      await startCallerSide();
      if (since === 'an earlier call') {
        await (await startCrossCluster(clusters, requestFor('Echo'))).result();
      }
      linkToB.cut();
      const [caller, open] = await Promise.all([call('3s'), callAndStay(3_000)]);
      const remotes = await Promise.all([caller, open].map((made) => remoteIdsOf(b, made)));
      assert.equal((await expired(caller))['started'], 'no');
      assert.ok((await lifeOf(caller)) >= 3_000, 'its time has passed');
      await anchorIsGone(open);
      linkToB.heal();
      await sleep(2_000);
      for (const { wrapper, target } of remotes) {
        assert.deepEqual([await exists(wrapper), await exists(target)], [false, false]);
      }
      assert.deepEqual(await answerOf(open), { ended: 'CALL_EXPIRED', details: { started: 'no' } });
    });
  }

  test('expires as not started if the link swallows everything from the beginning', async () => {
    await startCallerSide();
    linkToB.blackhole();
    const caller = await call('3s');
    assert.equal((await expired(caller))['started'], 'no');
    const { wrapper } = await remoteIdsOf(b, caller);
    linkToB.heal();
    await sleep(1_000);
    assert.equal(await exists(wrapper), false);
  });

  test('expires as perhaps started if a good connection swallows the start; no target when it heals', async () => {
    await startCallerSide();
    await (await startCrossCluster(clusters, requestFor('Echo'))).result();
    linkToB.blackhole();
    const caller = await call('3s');
    assert.equal((await expired(caller))['started'], 'unknown');
    const { target } = await remoteIdsOf(b, caller);
    linkToB.heal();
    await sleep(1_000);
    assert.equal(await exists(target), false);
  });

  test('fails with REMOTE_UNREACHABLE after as many attempts as the bridge was told to make', async () => {
    await startCallerSide({ BRIDGE_START_MAX_ATTEMPTS: '2' });
    linkToB.cut();
    const caller = await call('5m');
    const failure = await applicationFailureOf(caller);
    assert.equal(failure.type, 'REMOTE_UNREACHABLE');
    assert.equal(failure.nonRetryable, false);
    assert.match(failure.message, /in 2 attempts/);
    assert.equal((failure.details?.[0] as Record<string, string>)['started'], 'no');
    const { wrapper } = await remoteIdsOf(b, caller);
    assert.equal(await exists(wrapper), false);
  });

  test('expires as started if the start was confirmed', async () => {
    await startCallerSide({ BRIDGE_RPC_TIMEOUT: '5s' });
    linkToA.refuse({ method: 'SignalWorkflowExecution', status: UNAVAILABLE });
    loseLooks(linkToB);
    const caller = await call('8s');
    const { target } = await remoteIdsOf(b, caller);
    await whenStarted(target);
    await anchorBackedOff(caller);
    linkToB.cut();
    const details = await expired(caller);
    assert.equal(details['started'], 'yes');
    assert.equal(details['workflowId'], target.workflowId);
    assert.ok((await lifeOf(caller)) >= 8_500, 'the time-out and one interval have passed');
  });

  test('expires as perhaps started if the start was carried out and its reply lost', async () => {
    await startCallerSide({ BRIDGE_RPC_TIMEOUT: '3s' });
    linkToA.refuse({ method: 'SignalWorkflowExecution', status: UNAVAILABLE });
    const lost = linkToB.cutReply({
      method: 'StartWorkflowExecution',
      holdUntil: new Promise(() => undefined),
    });
    const caller = await call('5s');
    await lost.done;
    linkToB.cut();
    assert.equal((await expired(caller))['started'], 'unknown');
    const { wrapper } = await remoteIdsOf(b, caller);
    assert.equal(await exists(wrapper), true, 'B had carried out the start');
  });

  test('takes no outcome that comes after it expired, whether its caller has closed or goes on', async () => {
    await startCallerSide({ BRIDGE_RPC_TIMEOUT: '5s' });
    const noSignals = linkToA.refuse({ method: 'SignalWorkflowExecution', status: UNAVAILABLE });
    loseLooks(linkToB);
    const [caller, open] = await Promise.all([call('8s'), callAndStay(8_000)]);
    const [closed, late] = await Promise.all([remoteIdsOf(b, caller), remoteIdsOf(b, open)]);
    assert.equal((await expired(caller))['started'], 'yes');
    await anchorIsGone(open);
    assert.equal(await countEvents(open, EVENT.signaled), 0);
    noSignals.remove();

    const outcomes = await Promise.all(
      [closed, late].map(({ wrapper }) => wrapper.result() as Promise<Record<string, unknown>>),
    );
    assert.deepEqual(
      outcomes.map((report) => [report['outcome'], report['delivered']]),
      [
        ['completed', 'caller-gone'],
        ['completed', 'signal'],
      ],
    );
    await eventually('the late completion is logged as dropped', () =>
      sdkLogs().some((line) => line['callId'] === late.callId && line.msg.startsWith('Completion dropped')),
    );
    assert.equal(await countEvents(open, EVENT.signaled), 1);
    assert.deepEqual(await answerOf(open), { ended: 'CALL_EXPIRED', details: { started: 'yes' } });
  });
});
