import type { temporal } from '@temporalio/proto';
import { defaultPayloadConverter } from '@temporalio/common';
import type { Payload } from '@temporalio/common';
import { MEMO_ARGS_DIGEST, MEMO_CALL_ID } from '../shared/names.js';
import { isTooDeep } from '../shared/failure-chain.js';
import type { Outcome } from '../shared/outcome.js';
import { outcomeOfFailure, refused } from '../shared/outcome.js';
import { withoutReferences } from '../shared/references.js';
import type { ClusterClient } from './cluster-client.js';
import { isRunning } from './execution-status.js';
import { faultOf } from './grpc-errors.js';

type HistoryEvent = temporal.api.history.v1.IHistoryEvent;
type ExecutionInfo = temporal.api.workflow.v1.IWorkflowExecutionInfo;

/** `HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT`. */
const FILTER_CLOSE_EVENT = 2;
/** Runs of one chain that a look follows: a chain that closed that often meanwhile is looked at again next time. */
const MAX_RUNS_FOLLOWED = 100;

/** What is known of a call on the handler cluster. */
export type RemoteState =
  | { readonly state: 'running'; readonly runId: string; readonly targetStarted: boolean }
  | {
      readonly state: 'closed';
      readonly outcome: Outcome;
      readonly runId: string;
      /** The target failed with more causes than its wrapper's worker can read. */
      readonly isTooDeep?: boolean;
    }
  /** Neither the target nor its wrapper is known to the cluster. */
  | { readonly state: 'absent' };

/** Which call to look at. */
export interface LookedUpCall {
  readonly wrapperWorkflowId: string;
  readonly targetWorkflowId: string;
  /** The target is somebody else's workflow; `runId` `''`: the chain that has the id. */
  readonly attached?: { readonly runId: string };
  /** The outcome of an attached workflow is awaited: its wrapper knows which chain of runs it has seen. */
  readonly isAwaited?: boolean;
  /** A target of this type that no wrapper started is the call's, too (the published bridge's). */
  readonly adoptsType?: string;
}

async function describeExecution(
  cluster: ClusterClient,
  workflowId: string,
  runId = '',
): Promise<ExecutionInfo | undefined> {
  try {
    const response = await cluster.request(() =>
      cluster.client.workflowService.describeWorkflowExecution({
        namespace: cluster.cluster.namespace,
        execution: { workflowId, runId },
      }),
    );
    return response.workflowExecutionInfo ?? undefined;
  } catch (error) {
    if (faultOf(error) === 'not-found') return undefined;
    throw error;
  }
}

async function closeEvent(
  cluster: ClusterClient,
  workflowId: string,
  runId: string,
): Promise<HistoryEvent | undefined> {
  const { history } = await cluster.request(() =>
    cluster.client.workflowService.getWorkflowExecutionHistory({
      namespace: cluster.cluster.namespace,
      execution: { workflowId, runId },
      historyEventFilterType: FILTER_CLOSE_EVENT,
      maximumPageSize: 1,
    }),
  );
  return history?.events?.at(-1);
}

/**
 * Without the details that workers of other languages can give a cancellation: the SDK does not tell a parent those of its
 * child, so the signal's way has none (I3).
 */
const CANCELED: Outcome = { status: 'canceled', details: [] };

/** The outcome that a close event has fixed, or the run that goes on in its place. */
function endOf(
  event: HistoryEvent,
): { outcome: Outcome; isTooDeep?: boolean } | { nextRunId: string } | undefined {
  const completed = event.workflowExecutionCompletedEventAttributes;
  if (completed) {
    if (completed.newExecutionRunId) return { nextRunId: completed.newExecutionRunId };
    return { outcome: { status: 'completed', value: completed.result?.payloads?.[0] } };
  }
  const failed = event.workflowExecutionFailedEventAttributes;
  if (failed) {
    if (failed.newExecutionRunId) return { nextRunId: failed.newExecutionRunId };
    const failure = failed.failure ?? {};
    return { outcome: outcomeOfFailure(failure), isTooDeep: isTooDeep(failure) };
  }
  const timedOut = event.workflowExecutionTimedOutEventAttributes;
  if (timedOut) {
    return timedOut.newExecutionRunId
      ? { nextRunId: timedOut.newExecutionRunId }
      : { outcome: { status: 'timed_out' } };
  }
  if (event.workflowExecutionCanceledEventAttributes) return { outcome: CANCELED };
  if (event.workflowExecutionTerminatedEventAttributes) return { outcome: { status: 'terminated' } };
  const continued = event.workflowExecutionContinuedAsNewEventAttributes;
  if (continued?.newExecutionRunId) return { nextRunId: continued.newExecutionRunId };
  return undefined;
}

/** Follows a chain of runs to its end. */
async function chainState(
  cluster: ClusterClient,
  workflowId: string,
  runId: string,
  firstRunId: string,
): Promise<RemoteState> {
  let current = runId;
  for (let runs = 0; runs < MAX_RUNS_FOLLOWED; runs += 1) {
    const event = await closeEvent(cluster, workflowId, current);
    const end = event && endOf(event);
    if (!end) return { state: 'running', runId: firstRunId, targetStarted: true };
    if ('outcome' in end) return { state: 'closed', ...end, runId: firstRunId };
    // At once to the chain's last run, if the id is still the chain's; else run by run.
    const latest = await describeExecution(cluster, workflowId);
    const isChain = latest?.firstRunId === firstRunId && latest.execution?.runId !== current;
    current = isChain ? (latest.execution?.runId ?? end.nextRunId) : end.nextRunId;
    // Asked for the close event of a run that is open, a server waits for it.
    const next = isChain ? latest : await describeExecution(cluster, workflowId, current);
    if (isRunning(next?.status)) return { state: 'running', runId: firstRunId, targetStarted: true };
  }
  return { state: 'running', runId: firstRunId, targetStarted: true };
}

interface WrapperHistory {
  readonly targetRunId?: string;
  readonly childOutcome?: Outcome;
  readonly close?: HistoryEvent;
}

/** Reads the wrapper's own, short history: its child, the child's end, and its own. */
async function readWrapperHistory(
  cluster: ClusterClient,
  workflowId: string,
  runId: string,
): Promise<WrapperHistory> {
  let nextPageToken: Uint8Array | undefined;
  let found: { targetRunId?: string; childOutcome?: Outcome; close?: HistoryEvent } = {};
  do {
    const page: temporal.api.workflowservice.v1.IGetWorkflowExecutionHistoryResponse = await cluster.request(
      () =>
        cluster.client.workflowService.getWorkflowExecutionHistory({
          namespace: cluster.cluster.namespace,
          execution: { workflowId, runId },
          ...(nextPageToken ? { nextPageToken } : {}),
        }),
    );
    for (const event of page.history?.events ?? []) found = { ...found, ...wrapperEvent(event) };
    nextPageToken = page.nextPageToken?.length ? page.nextPageToken : undefined;
  } while (nextPageToken);
  return found;
}

function wrapperEvent(event: HistoryEvent): WrapperHistory {
  const started = event.childWorkflowExecutionStartedEventAttributes?.workflowExecution?.runId;
  if (started) return { targetRunId: started };
  const completed = event.childWorkflowExecutionCompletedEventAttributes;
  if (completed) return { childOutcome: { status: 'completed', value: completed.result?.payloads?.[0] } };
  const failed = event.childWorkflowExecutionFailedEventAttributes;
  if (failed) return { childOutcome: outcomeOfFailure(failed.failure ?? {}) };
  if (event.childWorkflowExecutionCanceledEventAttributes) return { childOutcome: CANCELED };
  if (event.childWorkflowExecutionTimedOutEventAttributes) return { childOutcome: { status: 'timed_out' } };
  if (event.childWorkflowExecutionTerminatedEventAttributes)
    return { childOutcome: { status: 'terminated' } };
  return endOf(event) ? { close: event } : {};
}

/** The wrapper's word, which counts where no target of this call is to be found. */
async function wrapperState(cluster: ClusterClient, call: LookedUpCall): Promise<RemoteState> {
  const wrapper = await describeExecution(cluster, call.wrapperWorkflowId);
  if (!wrapper) return { state: 'absent' };
  const history = await readWrapperHistory(cluster, call.wrapperWorkflowId, wrapper.execution?.runId ?? '');
  const runId = history.targetRunId ?? '';
  if (history.childOutcome)
    return decoded(cluster, { state: 'closed', outcome: history.childOutcome, runId });
  if (runId !== '') {
    try {
      return await decoded(cluster, await chainState(cluster, call.targetWorkflowId, runId, runId));
    } catch (error) {
      if (faultOf(error) !== 'not-found') throw error;
      const message = `the target ${call.targetWorkflowId} was started, but its execution is gone from ${cluster.cluster.name}`;
      return { state: 'closed', outcome: refused('OUTCOME_LOST', message), runId };
    }
  }
  if (isRunning(wrapper.status) || !history.close) return { state: 'running', runId, targetStarted: false };
  return { state: 'closed', outcome: ownOutcome(await ownEnd(cluster, history.close), call), runId };
}

/** A wrapper's own end, as this process's codecs read it. */
async function ownEnd(cluster: ClusterClient, event: HistoryEvent | undefined): Promise<Outcome | undefined> {
  const end = event && endOf(event);
  if (!end || !('outcome' in end)) return undefined;
  return cluster.codecs ? cluster.codecs.decodeOutcome(end.outcome) : end.outcome;
}

/** What a wrapper that closed without a target means for the caller. */
function ownOutcome(end: Outcome | undefined, call: LookedUpCall): Outcome {
  if (end?.status === 'completed') {
    return (
      readReport(end.value).refusal ??
      refused('OUTCOME_LOST', `the wrapper ${call.wrapperWorkflowId} closed without a target`)
    );
  }
  return end ?? { status: 'terminated' };
}

/** What a wrapper that completed has left in its result. */
function readReport(payload: Payload | undefined): {
  readonly refusal?: Outcome;
  readonly targetRunId: string;
} {
  try {
    const report = defaultPayloadConverter.fromPayload<{
      targetRunId?: unknown;
      refusal?: { type?: unknown; message?: unknown; details?: unknown };
    }>(payload ?? {});
    const targetRunId = typeof report.targetRunId === 'string' ? report.targetRunId : '';
    const { type, message, details } = report.refusal ?? {};
    if (typeof type !== 'string' || typeof message !== 'string') return { targetRunId };
    const texts = (details ?? {}) as Record<string, string>;
    return { targetRunId, refusal: refused(type as Parameters<typeof refused>[0], message, texts) };
  } catch {
    return { targetRunId: '' };
  }
}

/**
 * Looks at the target of a call; it is ours if its parent is the call's wrapper. `undefined`: no such target.
 *
 * @throws the client's error if the cluster cannot be asked
 */
export async function lookUpTarget(
  cluster: ClusterClient,
  call: LookedUpCall,
): Promise<RemoteState | undefined> {
  const target = await describeExecution(cluster, call.targetWorkflowId, call.attached?.runId);
  if (!target || !isTargetOf(call, target)) return undefined;
  const runId = target.execution?.runId ?? '';
  const firstRunId = target.firstRunId ?? runId;
  if (isRunning(target.status)) return { state: 'running', runId: firstRunId, targetStarted: true };
  return decoded(cluster, await chainState(cluster, call.targetWorkflowId, runId, firstRunId));
}

function isTargetOf(call: LookedUpCall, target: ExecutionInfo): boolean {
  if (call.attached) return true;
  const parent = target.parentExecution?.workflowId;
  if (parent) return parent === call.wrapperWorkflowId;
  return call.adoptsType !== undefined && target.type?.name === call.adoptsType;
}

/** The outcome as this process's codecs for the cluster read it; without codecs as it is. */
async function decoded(cluster: ClusterClient, state: RemoteState): Promise<RemoteState> {
  if (state.state !== 'closed') return state;
  const outcome = withoutReferences(state.outcome);
  return { ...state, outcome: cluster.codecs ? await cluster.codecs.decodeOutcome(outcome) : outcome };
}

/** How an attached workflow stands that a wrapper waits for: the chain that the wrapper has seen, whoever has the id now. */
async function attachedState(cluster: ClusterClient, call: LookedUpCall): Promise<RemoteState> {
  const wrapper = await describeExecution(cluster, call.wrapperWorkflowId);
  if (!wrapper) return { state: 'absent' };
  if (isRunning(wrapper.status)) return { state: 'running', runId: '', targetStarted: true };
  const event = await closeEvent(cluster, call.wrapperWorkflowId, wrapper.execution?.runId ?? '');
  const end = await ownEnd(cluster, event);
  const { refusal, targetRunId: runId } = readReport(end?.status === 'completed' ? end.value : undefined);
  if (refusal) return { state: 'closed', outcome: refusal, runId: '' };
  const { isAwaited: _, ...target } = call;
  const state = await lookUpTarget(cluster, runId === '' ? target : { ...target, attached: { runId } });
  if (state) return state;
  const message = `${call.targetWorkflowId} is gone from ${cluster.cluster.name}`;
  return { state: 'closed', outcome: refused('OUTCOME_LOST', message), runId };
}

/** Whether the handler side refused a call; `OUTCOME_LOST` only says that nothing was found. */
function isRefusal(state: RemoteState): boolean {
  if (state.state !== 'closed' || state.outcome.status !== 'refused') return false;
  return state.outcome.refusal.type !== 'OUTCOME_LOST';
}

/**
 * Looks how a call stands on the handler cluster. The target judges; the wrapper's word counts only where no target of
 * this call is to be found.
 *
 * @throws the client's error if the cluster cannot be asked
 */
export async function lookUpCall(cluster: ClusterClient, call: LookedUpCall): Promise<RemoteState> {
  if (call.attached && call.isAwaited) return attachedState(cluster, call);
  // An execution that is there in any case proves nothing: a call that was refused has not adopted it.
  const own = call.adoptsType === undefined ? undefined : await wrapperState(cluster, call);
  if (own && isRefusal(own)) return own;
  return (await lookUpTarget(cluster, call)) ?? own ?? wrapperState(cluster, call);
}

/** Who holds the wrapper's id. */
export type WrapperHolder = 'nobody' | 'this-call' | 'same-call-other-arguments' | 'stranger';

/** Tells by the memo whether the wrapper's id is held by this call: the request id cannot prove it after a reset. */
export async function wrapperHolder(
  cluster: ClusterClient,
  call: { readonly wrapperWorkflowId: string; readonly callId: string; readonly argsDigest: string },
): Promise<WrapperHolder> {
  const wrapper = await describeExecution(cluster, call.wrapperWorkflowId);
  if (!wrapper) return 'nobody';
  const memo = async (key: string): Promise<unknown> => {
    const payload = wrapper.memo?.fields?.[key];
    try {
      if (!payload) return undefined;
      const [plain = payload] = cluster.codecs ? await cluster.codecs.decode([payload]) : [payload];
      return defaultPayloadConverter.fromPayload(plain);
    } catch {
      return undefined;
    }
  };
  if ((await memo(MEMO_CALL_ID)) !== call.callId) return 'stranger';
  return (await memo(MEMO_ARGS_DIGEST)) === call.argsDigest ? 'this-call' : 'same-call-other-arguments';
}
