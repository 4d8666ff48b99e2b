/** Makes one call by hand, follows it and brings its outcome. */
import { randomUUID } from 'node:crypto';
import { WorkflowExecutionAlreadyStartedError, WorkflowFailedError } from '@temporalio/client';
import { faultOf } from '../../bridge/grpc-errors.js';
import { CROSS_CLUSTER_WORKFLOW } from '../../shared/names.js';
import { diagnose } from '../calls/diagnose.js';
import { byCaller } from '../calls/find-call.js';
import { readCall, WrapperMemory, type CallClusters, type CallRef } from '../calls/read-call.js';
import type { ClusterReader } from '../cluster-reader.js';
import { ClusterTrouble, troubleOf } from '../cluster-trouble.js';
import { pause } from '../interrupt.js';
import { CliFailure } from '../io.js';
import { safe } from '../text.js';
import { endedAs, failureChain, type FailureLink } from './failure-lines.js';
import type { ProgressView } from './progress.js';
import type { PlainRequest } from './request.js';
import { stepsOf } from './steps.js';

/** Waits between two looks at a call: short at first, for calls that take milliseconds, then gentle. */
const FIRST_LOOK_MS = 100;
const MAX_LOOK_MS = 5_000;
const LOOK_FACTOR = 1.5;
/** A healthy bridge takes a call up in less time. */
const LATE_MS = 5_000;
/** Wait before A is asked again for the result, after it could not be reached. */
const RECONNECT_MS = 2_000;

/** The workflow on A that was started to make the call. */
export interface MadeCaller {
  readonly workflowId: string;
  readonly runId: string;
}

/** How a call ended. */
export type CallEnd =
  | { readonly status: 'completed'; readonly result: unknown }
  | {
      readonly status: 'failed' | 'canceled' | 'terminated' | 'timed_out';
      readonly failure: readonly FailureLink[];
    }
  /** The user stopped waiting; the call goes on. */
  | { readonly status: 'running' };

/**
 * Starts the bridge's workflow on A.
 *
 * @throws {CliFailure} if nobody polls for it, or its id is taken; nothing was started then
 * @throws {ClusterTrouble} if A cannot be reached
 */
export async function startCall(
  a: ClusterReader,
  request: PlainRequest,
  options: { readonly bridgeQueue: string; readonly workflowId?: string },
): Promise<MadeCaller> {
  const { bridgeQueue, workflowId = `call-${randomUUID()}` } = options;
  await assertPolled(a, bridgeQueue);
  try {
    const handle = await a.send(() =>
      a.client.client.workflow.start(CROSS_CLUSTER_WORKFLOW, {
        taskQueue: bridgeQueue,
        workflowId,
        args: [request],
      }),
    );
    return { workflowId, runId: handle.firstExecutionRunId };
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) {
      throw new CliFailure(
        `workflow id ${safe(workflowId)} is taken on ${a.cluster.name}; nothing was started; choose another --workflow-id, or see "temporal-bridge calls show ${safe(workflowId)}"`,
      );
    }
    throw troubleOf(a.cluster, error);
  }
}

/** A call that nobody would take up is better not made. A host that may not ask makes it all the same. */
async function assertPolled(a: ClusterReader, queue: string): Promise<void> {
  try {
    const states = await Promise.all([a.queue(queue, 'workflow'), a.queue(queue, 'activity')]);
    // One that was seen lately may be there: the progress tells if it is not.
    if (states.every(({ pollers }) => pollers.length > 0)) return;
  } catch (error) {
    if (error instanceof ClusterTrouble && error.kind === 'denied') return;
    throw error;
  }
  throw new CliFailure(
    `no bridge polls ${safe(queue)} on ${a.cluster.name}; nothing was started; start one with "temporal-bridge run" (or --role caller), and see "temporal-bridge doctor"`,
  );
}

/** Waits for the end of a call and shows its steps, until the signal is aborted. */
export async function followCall(
  clusters: CallClusters,
  caller: MadeCaller,
  progress: ProgressView,
  signal: AbortSignal,
): Promise<{ readonly end: CallEnd; readonly callId: string | undefined }> {
  const ended = new AbortController();
  const stopLooking = AbortSignal.any([signal, ended.signal]);
  const follower = new Follower(clusters, caller, progress);
  const looking = follower.look(stopLooking);
  looking.catch(() => undefined); // told below, if it is still of interest then
  try {
    const end = await endOf(clusters.callers[0], caller, progress, signal);
    ended.abort();
    if (end.status !== 'running') {
      await looking;
      await follower.lookOnce(true);
    }
    return { end, callId: follower.callId };
  } finally {
    ended.abort();
  }
}

/** Looks at a call again and again. */
class Follower {
  readonly #memory = new WrapperMemory();
  readonly #clusters: CallClusters;
  readonly #caller: MadeCaller;
  readonly #progress: ProgressView;
  readonly #startedAt = Date.now();
  #ref: CallRef | undefined;

  constructor(clusters: CallClusters, caller: MadeCaller, progress: ProgressView) {
    this.#clusters = clusters;
    this.#caller = caller;
    this.#progress = progress;
  }

  get callId(): string | undefined {
    return this.#ref?.callId;
  }

  async look(signal: AbortSignal): Promise<void> {
    for (let waitMs = FIRST_LOOK_MS; !signal.aborted; waitMs = Math.min(waitMs * LOOK_FACTOR, MAX_LOOK_MS)) {
      await this.lookOnce();
      await pause(waitMs, signal);
    }
  }

  /** What cannot be seen is not shown: the outcome does not depend on it. */
  async lookOnce(isLast = false): Promise<void> {
    const [a] = this.#clusters.callers;
    try {
      if (!this.#ref && a) [this.#ref] = await byCaller(a, this.#caller.workflowId);
      if (!this.#ref) {
        const isLate = Date.now() - this.#startedAt > LATE_MS;
        const todo = 'if it stays so, no bridge is there to do it: temporal-bridge doctor tells';
        this.#progress.waitingFor('the bridge takes it up on A', isLate ? todo : '');
        return;
      }
      const view = await readCall(this.#clusters, this.#ref, this.#memory);
      this.#progress.steps(stepsOf(view, isLast));
      const { step, where, todo, hangs } = diagnose(view, Date.now());
      if (step === 'ended') this.#progress.waitingFor('');
      else this.#progress.waitingFor(where, hangs ? todo : '');
    } catch (error) {
      if (!(error instanceof ClusterTrouble)) throw error;
      this.#progress.waitingFor(error.what, error.remedy);
    }
  }
}

/** The end of the caller workflow, by the server's own long poll; a cluster that is away is waited for. */
async function endOf(
  a: ClusterReader | undefined,
  { workflowId, runId }: MadeCaller,
  progress: ProgressView,
  signal: AbortSignal,
): Promise<CallEnd> {
  if (!a) throw new Error('no caller cluster');
  while (!signal.aborted) {
    try {
      const answer: unknown = await a.longPoll(
        () => a.client.client.workflow.getHandle(workflowId, runId).result(),
        signal,
      );
      return { status: 'completed', result: (answer as { result?: unknown } | null)?.result ?? null };
    } catch (error) {
      if (error instanceof WorkflowFailedError) {
        return { status: endedAs(error), failure: failureChain(error) };
      }
      if (signal.aborted) break;
      if (faultOf(error) !== 'unreachable') throw troubleOf(a.cluster, error);
      const { what, remedy } = troubleOf(a.cluster, error);
      progress.waitingFor(what, remedy);
      await pause(RECONNECT_MS, signal);
    }
  }
  return { status: 'running' };
}
