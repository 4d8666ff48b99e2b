import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { TwoClusters, TestSide } from './harness.js';
import { requestFor, startCrossCluster } from './harness.js';
import { applicationFailureOf, eventTypes } from './inspect.js';

/** Calls per second. */
export const CALLS_PER_SECOND = 5;
/** How long one request of the test may take before it is sent again, in milliseconds. */
const REQUEST_MS = 5_000;
/** Requests of the test at one time. */
const AT_ONCE = 16;

/** One call of the load: what it asks for tells its right outcome. */
export interface SteadyCall {
  readonly n: number;
  /** Workflow id of its caller on A. */
  readonly callerId: string;
  readonly fails: boolean;
}

/** Calls that are made at a steady rate, whatever happens to the servers. */
export interface SteadyCalls {
  /** The calls made so far. */
  readonly made: readonly SteadyCall[];
  /** Makes no more calls; resolves when A has accepted all that were made. */
  stop(): Promise<readonly SteadyCall[]>;
}

/** Repeats a request until the server answers it; one that was lost is sent again. */
async function persistently<T>(side: TestSide, send: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await side.client.withDeadline(Date.now() + REQUEST_MS, send);
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) throw error;
      if (!(error instanceof Error && 'cause' in error && error.name === 'ServiceError')) throw error;
      await sleep(250);
    }
  }
}

async function make(clusters: TwoClusters, call: SteadyCall): Promise<void> {
  const { n, callerId, fails } = call;
  const request = requestFor('Work', [n, 200 + (n % 4) * 100, fails], { timeout: '10m' });
  // A frozen server may take up a start that was given up here after a later one has run to its end.
  const options = { workflowId: callerId, workflowIdReusePolicy: 'REJECT_DUPLICATE' };
  try {
    await persistently(clusters.a, () => startCrossCluster(clusters, request, options));
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}

/** Begins to make calls, {@link CALLS_PER_SECOND} a second, every fifth of which fails. */
export function startSteadyCalls(clusters: TwoClusters, prefix: string, atMost = Infinity): SteadyCalls {
  const made: SteadyCall[] = [];
  const accepted: Promise<void>[] = [];
  const timer = setInterval(() => {
    if (made.length >= atMost) return;
    const n = made.length;
    const call = { n, callerId: `${prefix}-${String(n).padStart(5, '0')}`, fails: n % 5 === 4 };
    made.push(call);
    const acceptance = make(clusters, call);
    acceptance.catch(() => undefined);
    accepted.push(acceptance);
  }, 1_000 / CALLS_PER_SECOND);
  return {
    made,
    stop: async () => {
      clearInterval(timer);
      await Promise.all(accepted);
      return made;
    },
  };
}

async function openWorkflows(side: TestSide): Promise<string[]> {
  const open: string[] = [];
  for await (const { workflowId, type } of side.client.workflow.list({
    query: 'ExecutionStatus = "Running"',
  })) {
    open.push(`${type} ${workflowId}`);
  }
  return open;
}

/** What an open workflow waits for, for the message of a test that failed. */
async function pendingOf(side: TestSide, open: string): Promise<string> {
  const workflowId = open.split(' ')[1] ?? '';
  const handle = side.client.workflow.getHandle(workflowId);
  const [{ raw }, types] = await Promise.all([handle.describe(), eventTypes(handle)]);
  const pending = (raw.pendingActivities ?? []).map(
    ({ activityType, attempt, lastFailure }) =>
      `${activityType?.name} attempt ${attempt}: ${lastFailure?.message}`,
  );
  return `${open} [${pending.join('; ')}], events ${types.join(' ')}`;
}

/**
 * Waits until nothing is open on either side; an open workflow is the only place of a pending activity. Bounded by
 * progress, not by the speed of the machine: hundreds of calls that were held up all come at once.
 *
 * @param stuckAfterMs - fails when no workflow has closed for this long
 */
export async function untilNothingIsOpen({ a, b }: TwoClusters, stuckAfterMs: number): Promise<void> {
  let fewest = Infinity;
  let progressAt = Date.now();
  for (;;) {
    const [onA = [], onB = []] = await Promise.all(
      [a, b].map((side) => persistently(side, () => openWorkflows(side))),
    );
    // A call adds at most two on B (wrapper and target), and the calls of A only get fewer.
    const open = 4 * onA.length + onB.length;
    if (open === 0) return;
    if (open < fewest) [fewest, progressAt] = [open, Date.now()];
    if (Date.now() - progressAt > stuckAfterMs) {
      const some = await Promise.all([
        ...onA.slice(0, 5).map((one) => pendingOf(a, one)),
        ...onB.slice(0, 5).map((one) => pendingOf(b, one)),
      ]);
      throw new Error(
        `nothing has closed for ${stuckAfterMs} ms; ${onA.length} open on A, ${onB.length} on B, such as\n${some.join('\n')}`,
      );
    }
    await sleep(500);
  }
}

interface Outcome {
  readonly n: number;
  readonly runId: string;
}

async function outcomeOf({ a }: TwoClusters, { callerId, fails }: SteadyCall): Promise<Outcome> {
  const handle = a.client.workflow.getHandle(callerId);
  if (!fails) return ((await handle.result()) as { result: Outcome }).result;
  const failure = await applicationFailureOf(handle);
  assert.equal(failure.type, 'REMOTE_WORKFLOW_FAILED', `${callerId}: ${failure.message}`);
  assert.ok(failure.cause instanceof ApplicationFailure);
  assert.equal(failure.cause.type, 'Planned');
  return failure.cause.details?.[0] as Outcome;
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const runQueue = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, runQueue));
}

/** Executions of a type by workflow id: all first run ids that visibility knows. */
async function runsByWorkflowId(side: TestSide, type: string): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  for await (const { workflowId, runId, raw } of side.client.workflow.list({
    query: `WorkflowType = "${type}"`,
  })) {
    found.set(workflowId, [...(found.get(workflowId) ?? []), raw.firstRunId || runId]);
  }
  return found;
}

/** How many wrappers ended in which way: all have to complete, since a failed one has left its outcome to the poll. */
async function wrapperEnds(side: TestSide): Promise<Record<string, number>> {
  const ends: Record<string, number> = {};
  for await (const { status } of side.client.workflow.list({
    query: 'WorkflowType = "RemoteCallWorkflow"',
  })) {
    ends[status.name] = (ends[status.name] ?? 0) + 1;
  }
  return ends;
}

/**
 * Checks that each call has its one, right outcome and that its target was executed exactly once: visibility on B has
 * one first run id for it, and that is the run which the outcome names. No wrapper may have failed.
 */
export async function assertEachCallOnce(
  clusters: TwoClusters,
  calls: readonly SteadyCall[],
): Promise<{ slowestMs: number }> {
  const targets = await runsByWorkflowId(clusters.b, 'Work');
  const ends = await wrapperEnds(clusters.b);
  const targetsOfCaller = new Map<string, string[]>();
  for (const [workflowId, runIds] of targets) {
    const callerId = /^bridge-cluster-a-(.+)-Work-[^-]+$/.exec(workflowId)?.[1] ?? workflowId;
    targetsOfCaller.set(callerId, [...(targetsOfCaller.get(callerId) ?? []), ...runIds]);
  }
  let slowestMs = 0;
  const callers = clusters.a.client.workflow.list({ query: 'WorkflowType = "CrossClusterWorkflow"' });
  const callerRuns = new Map<string, number>();
  for await (const { workflowId, startTime, closeTime } of callers) {
    callerRuns.set(workflowId, (callerRuns.get(workflowId) ?? 0) + 1);
    slowestMs = Math.max(slowestMs, (closeTime?.getTime() ?? Infinity) - startTime.getTime());
  }
  await inParallel(calls, async (call) => {
    const outcome = await outcomeOf(clusters, call);
    assert.equal(outcome.n, call.n, `${call.callerId} got the outcome of another call`);
    assert.equal(callerRuns.get(call.callerId), 1, `runs of ${call.callerId}`);
    const ran = targetsOfCaller.get(call.callerId);
    assert.deepEqual(
      ran,
      [outcome.runId],
      `${call.callerId} ran ${ran?.join(', ')}; its outcome is of ${outcome.runId}`,
    );
  });
  assert.equal(targetsOfCaller.size, calls.length, 'targets that no call asked for');
  assert.deepEqual(ends, { COMPLETED: calls.length }, 'ends of wrappers');
  return { slowestMs };
}
