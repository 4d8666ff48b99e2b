import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { optionalTsToMs } from '@temporalio/common/lib/time.js';
import { REMOTE_CALL_HEADER } from '../../src/shared/names.js';
import { parseRemoteCallEnvelope } from '../../src/shared/wire/call-envelope.js';
import {
  anchorBackedOff,
  exists,
  recordedCall,
  remoteIdsOf,
  resetToFirstTask,
  whenStarted,
} from '../support/anchor.js';
import type { TestBridge, TestBridgeOptions, TestSide, TwoClusters } from '../support/harness.js';
import { requestFor, startCrossCluster } from '../support/harness.js';
import { EVENT, applicationFailureOf, countEvents, whenClosed } from '../support/inspect.js';
import type { Stage } from '../support/stage.js';
import { openStage } from '../support/stage.js';

const HOUR = 3_600_000;

/** The time that a target was given, in milliseconds. */
async function executionTimeoutOf(target: WorkflowHandle): Promise<number> {
  const { raw } = await (await whenStarted(target)).describe();
  return optionalTsToMs(raw.executionConfig?.workflowExecutionTimeout) ?? 0;
}

/** Until when the caller side lets the target of a call be started. */
async function startByOf(wrapper: WorkflowHandle): Promise<number> {
  const { events } = await (await whenStarted(wrapper)).fetchHistory();
  const header = events?.[0]?.workflowExecutionStartedEventAttributes?.header;
  return parseRemoteCallEnvelope(header?.fields?.[REMOTE_CALL_HEADER]).startBy;
}

/** When a call was recorded on A. */
async function recordedAt(caller: WorkflowHandle): Promise<number> {
  await recordedCall(caller);
  const { events } = await caller.fetchHistory();
  const scheduled = events?.find((event) => event.activityTaskScheduledEventAttributes);
  return optionalTsToMs(scheduled?.eventTime) ?? 0;
}

const untilTime = (time: number) => sleep(Math.max(0, time - Date.now()));

async function startedOf(caller: WorkflowHandle): Promise<unknown> {
  const failure = await applicationFailureOf(caller);
  assert.equal(failure.type, 'CALL_EXPIRED', failure.message);
  return (failure.details?.[0] as Record<string, unknown>)['started'];
}

async function reportOf(wrapper: WorkflowHandle): Promise<Record<string, unknown>> {
  return (await wrapper.result()) as Record<string, unknown>;
}

describe('the time of a call', () => {
  let stage: Stage;
  let clusters: TwoClusters;
  let b: TestSide;
  let bridges: TestBridge[] = [];

  before(async () => {
    stage = await openStage();
    ({ clusters } = stage);
    ({ b } = clusters);
    await Promise.all([stage.targets(), stage.callers()]);
  });
  afterEach(async () => {
    await Promise.all(bridges.map((bridge) => bridge.stop()));
    bridges = [];
  });
  after(() => stage.close());

  const bridge = async (role: string, { env, ...rest }: TestBridgeOptions = {}): Promise<void> => {
    const own = { BRIDGE_ROLE: role, BRIDGE_CLOCK_SKEW: '0s', ...env };
    bridges.push(await stage.bridge({ env: own, ...rest }));
  };
  const call = (type: string, timeout: string, args: unknown[] = []) =>
    startCrossCluster(clusters, requestFor(type, args, { timeout }));

  test('a target that runs out of it times out on B, and the signal says so', async () => {
    const proxy = await stage.proxy('b');
    // No look gets through, so that nothing but the signal can bring the outcome.
    const noLooks = proxy.hold('DescribeWorkflowExecution', new Promise(() => undefined));
    await bridge('caller', { addressOfB: proxy.address });
    await bridge('handler');
    const caller = await call('Sleep', '2s', [HOUR]);
    const { target } = await remoteIdsOf(b, caller);
    assert.equal((await applicationFailureOf(caller)).type, 'REMOTE_WORKFLOW_TIMED_OUT');
    assert.equal(await countEvents(caller, EVENT.signaled), 1);
    assert.equal((await target.describe()).status.name, 'TIMED_OUT');
    noLooks.remove();
  });

  test('the target gets what a start that came late has left of it', async () => {
    const proxy = await stage.proxy('b');
    // Each try's request ends at its deadline; the next one is sent with the time that is left by then.
    const held = proxy.hold('StartWorkflowExecution', new Promise(() => undefined));
    const env = {
      BRIDGE_RPC_TIMEOUT: '1s',
      BRIDGE_START_RETRY_FIRST: '100ms',
      BRIDGE_START_RETRY_MAX: '100ms',
    };
    await bridge('caller', { env, addressOfB: proxy.address });
    await bridge('handler');
    const caller = await call('Gate', '10m');
    await anchorBackedOff(caller, 3);
    held.remove();
    const { target } = await remoteIdsOf(b, caller);
    const given = await executionTimeoutOf(target);
    assert.ok(given <= 600_000 - 2_000, `two tries of 1 s came before: ${given} ms`);
    assert.ok(given > 300_000, `${given} ms`);
    await target.signal('open', 1);
    await caller.result();
  });

  test('the target gets what a handler side that was away has left of it', async () => {
    await bridge('caller');
    const caller = await call('Gate', '10m');
    const { wrapper, target } = await remoteIdsOf(b, caller);
    await whenStarted(wrapper);
    await sleep(2_000);
    await bridge('handler');
    const given = await executionTimeoutOf(target);
    assert.ok(given <= 600_000 - 2_000 && given > 300_000, `${given} ms`);
    await target.signal('open', 1);
    await caller.result();
  });

  test('nothing may start after the smaller of its end and half of the retention on B', async () => {
    await bridge('caller');
    const retention = 24 * HOUR; // as the test's namespaces are registered
    for (const [timeout, startableFor] of [
      ['5m', 300_000],
      ['11h', 11 * HOUR],
      ['13h', retention / 2],
      ['48h', retention / 2],
    ] as const) {
      const caller = await call('Echo', timeout);
      const { wrapper } = await remoteIdsOf(b, caller);
      // Of the recorded time the worker sees whole milliseconds.
      const expected = Math.floor(await recordedAt(caller)) + startableFor;
      assert.ok(Math.abs((await startByOf(wrapper)) - expected) <= 1, timeout);
      await caller.terminate();
    }
  });

  test('a wrapper that gets a worker only after its end starts no target, and the caller learns it', async () => {
    await bridge('caller');
    const caller = await call('Echo', '8s');
    const { wrapper, target } = await remoteIdsOf(b, caller);
    // The caller gives up only 8 s after the end, so that the wrapper's word comes first.
    await untilTime((await startByOf(wrapper)) + 500);
    await bridge('handler');
    assert.equal(await startedOf(caller), 'no');
    const { outcome, delivered } = await reportOf(wrapper);
    assert.deepEqual([outcome, delivered], ['refused', 'signal']);
    assert.equal(await exists(target), false);
  });

  test('the time that a wrapper waits for a worker counts also within the allowed clock difference', async () => {
    await bridge('caller');
    const caller = await call('Echo', '8s');
    const { wrapper, target } = await remoteIdsOf(b, caller);
    await untilTime((await startByOf(wrapper)) + 500);
    await bridge('handler', { env: { BRIDGE_CLOCK_SKEW: '5m' } });
    assert.equal(await startedOf(caller), 'no');
    assert.equal(await exists(target), false);
  });

  test('a caller whose wrapper gets no worker in time cannot know, and nothing starts later', async () => {
    await bridge('caller', { env: { BRIDGE_FALLBACK_FIRST: '300ms', BRIDGE_FALLBACK_MAX: '300ms' } });
    const caller = await call('Echo', '6s');
    const { wrapper, target } = await remoteIdsOf(b, caller);
    await whenStarted(wrapper);
    assert.equal(await startedOf(caller), 'unknown');
    await bridge('handler');
    const { outcome, delivered } = await reportOf(wrapper);
    assert.deepEqual([outcome, delivered], ['refused', 'caller-gone']);
    assert.equal(await exists(target), false);
  });

  test('a call that no caller side takes up before its end is not started', async () => {
    await bridge('handler');
    const caller = await clusters.a.client.workflow.start('CallAndTell', {
      taskQueue: 'callers',
      workflowId: 'not-taken-up',
      args: [{ workflowType: 'Echo', timeoutMs: 1_000 }],
    });
    const { wrapper } = await remoteIdsOf(b, caller);
    await untilTime((await recordedAt(caller)) + 1_500);
    await bridge('caller');
    assert.deepEqual(await caller.result(), { ended: 'CALL_EXPIRED', details: { started: 'no' } });
    assert.equal(await exists(wrapper), false);
  });

  test('a wrapper that is reset after its end still reports the target that it had started', async () => {
    await bridge('both');
    const caller = await call('Echo', '6s', ['in time']);
    const { wrapper, target } = await remoteIdsOf(b, caller);
    await caller.result();
    await whenClosed(wrapper);
    await untilTime((await startByOf(wrapper)) + 500);
    await resetToFirstTask(b, wrapper);
    const { outcome, targetRunId } = await reportOf(wrapper);
    assert.deepEqual([outcome, targetRunId], ['completed', (await target.describe()).runId]);
  });
});
