import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { CancelledFailure } from '@temporalio/common';
import { anchorBackedOff, recordedCall, remoteIdsOf, whenStarted } from '../support/anchor.js';
import type { TestBridge, TwoClusters } from '../support/harness.js';
import { requestFor, sdkLogs, startCrossCluster } from '../support/harness.js';
import { EVENT, applicationFailureOf, countEvents, eventTypes, failureOf } from '../support/inspect.js';
import type { Stage } from '../support/stage.js';
import { openStage } from '../support/stage.js';
import { diffRequests, readServiceRequests, readsIn } from '../../scripts/stack/server-metrics.js';

const SIGNALS_OFF = {
  BRIDGE_COMPLETION_SIGNALS: 'false',
  BRIDGE_FALLBACK_FIRST: '300ms',
  BRIDGE_FALLBACK_MAX: '300ms',
};

describe('with completion signals switched off, the fallback poll brings', { concurrency: true }, () => {
  let stage: Stage;
  let clusters: TwoClusters;
  let bridge: TestBridge;

  before(async () => {
    stage = await openStage();
    clusters = stage.clusters;
    [bridge] = await Promise.all([stage.bridge({ env: SIGNALS_OFF }), stage.targets()]);
  });
  after(() => stage.close());

  const start = (type: string, args: unknown[] = [], more: Record<string, unknown> = {}) =>
    startCrossCluster(clusters, requestFor(type, args, more));
  const runningTarget = async (caller: WorkflowHandle) =>
    whenStarted((await remoteIdsOf(clusters.b, caller)).target);
  const cameWithoutSignal = async (caller: WorkflowHandle) =>
    assert.equal(await countEvents(caller, EVENT.signaled), 0, 'no signal came');

  test('a value', async () => {
    const caller = await start('EchoAll', [1, { two: [null] }]);
    const answer = (await caller.result()) as Record<string, unknown>;
    const { target } = await remoteIdsOf(clusters.b, caller);
    assert.deepEqual(answer, {
      workflowId: target.workflowId,
      runId: (await target.describe()).runId,
      status: 'completed',
      result: [1, { two: [null] }],
    });
    await cameWithoutSignal(caller);
    const { callId } = await recordedCall(caller);
    const found = bridge.logs.filter(
      (line) => line['callId'] === callId && /reported by the anchor activity/.test(line.msg),
    );
    assert.deepEqual(
      found.map(({ level, outcome }) => [level, outcome]),
      [['info', 'completed']],
    );
  });

  test('nothing, from a target that returns nothing', async () => {
    const caller = await start('Nothing');
    assert.equal(((await caller.result()) as { result: unknown }).result, null);
    await cameWithoutSignal(caller);
  });

  test('a failure, with type, message, details, flag and causes', async () => {
    const caller = await start('Fail', ['gone']);
    const failure = await applicationFailureOf(caller);
    assert.equal(failure.type, 'REMOTE_WORKFLOW_FAILED');
    assert.equal(failure.nonRetryable, true);
    const own = failure.cause as typeof failure;
    assert.deepEqual(
      [own.type, own.message, own.nonRetryable, own.details],
      ['OutOfStock', 'gone', true, [{ sku: 'SKU-7', left: 0 }, 'second detail']],
    );
    assert.match(own.stack ?? '', /Fail/);
    const cause = own.cause as typeof failure;
    assert.deepEqual([cause.type, cause.details], ['Shelf', [7]]);
    await cameWithoutSignal(caller);
  });

  test('the cancellation of a target that was cancelled', async () => {
    const caller = await start('UntilCancelled');
    await (await runningTarget(caller)).cancel();
    assert.ok((await failureOf(caller)) instanceof CancelledFailure);
    await cameWithoutSignal(caller);
  });

  test('the termination of a target that was terminated', async () => {
    const caller = await start('Gate');
    await (await runningTarget(caller)).terminate('by the test');
    assert.equal((await applicationFailureOf(caller)).type, 'REMOTE_WORKFLOW_TERMINATED');
    await cameWithoutSignal(caller);
  });

  test('the time-out of a target that timed out', async () => {
    const caller = await start('RunOutOfTime');
    const failure = await applicationFailureOf(caller);
    assert.equal(failure.type, 'REMOTE_WORKFLOW_TIMED_OUT');
    await cameWithoutSignal(caller);
  });

  test('the value of a call that waited through 20 attempts, with as many events as one that waited through none', async () => {
    const patient = await start('Gate');
    const anchor = await anchorBackedOff(patient, 21);
    const waiting = await eventTypes(patient);
    assert.deepEqual(
      waiting,
      [1, 5, 6, 7, 10],
      'nothing but the scheduled activity, whose attempts leave no event',
    );
    const { target, wrapper, callId } = await remoteIdsOf(clusters.b, patient);
    const loud = [...bridge.logs, ...sdkLogs()].filter(({ level }) => level === 'warn' || level === 'error');
    const about = loud.filter((line) =>
      [callId, patient.workflowId].some((id) => JSON.stringify(line).includes(id)),
    );
    assert.deepEqual(about, [], 'waiting is no trouble');
    await target.signal('open', 'late');
    const quick = await start('Echo', ['quick']);
    await Promise.all([patient.result(), quick.result()]);
    assert.deepEqual(await eventTypes(patient), await eventTypes(quick));

    const { stackTrace, cause } = anchor.lastFailure ?? {};
    const message = anchor.lastFailure?.message ?? '';
    assert.ok(message.includes('running on cluster-b'), message);
    assert.ok(message.includes(`as ${target.workflowId}`), message);
    assert.ok(message.includes(`wrapper ${wrapper.workflowId}`), message);
    assert.match(message, /the answer comes by signal/);
    assert.match(message, /next look at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ, in \d+(?:\.\d+)?ms$/);
    assert.deepEqual([stackTrace ?? '', cause ?? undefined], ['', undefined], 'no stack trace, no cause');
  });
});

test('a call that is answered before its first interval is not looked at', async (t) => {
  const stage = await openStage(t);
  const { clusters } = stage;
  await Promise.all([stage.bridge(), stage.targets()]);
  // One call first, so that what a process asks once (its namespace's retention) is not counted.
  await (await startCrossCluster(clusters, requestFor('Echo'))).result();
  const readB = () => readServiceRequests(clusters.b.metricsUrl, { namespaces: [clusters.b.namespace] });
  const before = await readB();
  const caller = await startCrossCluster(clusters, requestFor('Gate'));
  await sleep(3_000);
  const { target } = await remoteIdsOf(clusters.b, caller);
  await target.signal('open', 'now');
  await caller.result();
  const asked = diffRequests(before, await readB());
  assert.equal(asked['StartWorkflowExecution'], 1, 'the figures show what is asked');
  assert.deepEqual(readsIn(asked), {});
});

test('a value too large for a signal comes by the fallback poll', async (t) => {
  const stage = await openStage(t);
  const [bridge] = await Promise.all([
    stage.bridge({ env: { ...SIGNALS_OFF, BRIDGE_COMPLETION_SIGNALS: 'true' } }),
    stage.targets(),
    stage.callers(),
  ]);
  // A caller of its own: `CrossClusterWorkflow` puts an answer around the value, which has a limit, too.
  const caller = await stage.clusters.a.client.workflow.start('CallOnce', {
    taskQueue: 'callers',
    workflowId: 'too-large',
    args: [{ workflowType: 'LongText', args: [2_050_000] }],
  });
  assert.equal(((await caller.result()) as string).length, 2_050_000);
  assert.equal(await countEvents(caller, EVENT.signaled), 0);
  assert.ok(bridge.logs.some(({ msg }) => msg.startsWith('Completion too large for a signal')));
});

for (const signals of ['true', 'false']) {
  test(`calls that wait while the caller-side bridge is replaced end, with signals ${signals}`, async (t) => {
    const stage = await openStage(t);
    const { clusters } = stage;
    const env = { ...SIGNALS_OFF, BRIDGE_COMPLETION_SIGNALS: signals };
    const startCallerSide = () => stage.bridge({ env: { ...env, BRIDGE_ROLE: 'caller' } });
    const [first] = await Promise.all([
      startCallerSide(),
      stage.bridge({ env: { ...env, BRIDGE_ROLE: 'handler' } }),
      stage.targets(),
    ]);
    const callers = await Promise.all(
      [0, 1, 2, 3].map(() => startCrossCluster(clusters, requestFor('Gate'))),
    );
    const gates = await Promise.all(callers.map((caller) => remoteIdsOf(clusters.b, caller)));
    await Promise.all([
      ...callers.map((caller) => anchorBackedOff(caller)),
      ...gates.map(({ target }) => whenStarted(target)),
    ]);
    await first.stop();
    // Two answers fall into the time without a caller-side bridge, two come after it.
    const open = async (n: number) => gates[n]?.target.signal('open', n);
    await Promise.all([0, 1].map(open));
    await startCallerSide();
    await Promise.all([2, 3].map(open));
    const answers = await Promise.all(callers.map((caller) => caller.result()));
    assert.deepEqual(
      answers.map((answer) => (answer as { result: unknown }).result),
      [0, 1, 2, 3],
    );
  });
}
