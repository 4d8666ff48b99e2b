import { defaultPayloadConverter } from '@temporalio/common';
import type { ProtoFailure } from '@temporalio/common';
import { tsToMs } from '@temporalio/common/lib/time.js';
import type { temporal } from '@temporalio/proto';
import {
  CALL_HEADER,
  COMPLETION_SIGNAL,
  CROSS_CLUSTER_WORKFLOW,
  START_ACTIVITY,
} from '../../src/shared/names.js';
import { parseCallEnvelope } from '../../src/shared/wire/call-envelope.js';
import type { ClusterView, HistoryEvent } from './cluster-view.js';

/** One failure of a chain, outermost first. */
export interface FailureLink {
  /** The application's type, or `activity NAME`. */
  readonly type: string;
  readonly message: string;
  /** The details, as JSON; empty without any. */
  readonly details: string;
}

/** One run of a workflow, as its history tells it. */
export interface RunStory {
  readonly type: string;
  readonly workflowId: string;
  readonly runId: string;
  readonly startedAt: number;
  readonly closedAt: number;
  readonly outcome: 'completed' | 'failed' | 'canceled' | 'terminated' | 'timed out' | 'running';
  readonly events: number;
  /** What it returned. */
  readonly result: unknown;
  readonly failure: readonly FailureLink[];
}

/** By which way the outcome came back to A, and when. */
export type Way =
  { readonly way: 'completion signal' | 'fallback poll'; readonly at: number } | { readonly way: 'none' };

/** One call, as the histories of both clusters tell it. */
export interface CallStory {
  /** The workflow on A that called as part of its own logic, where it is not the caller itself. */
  readonly outer: RunStory | undefined;
  /** The `CrossClusterWorkflow` on A. */
  readonly caller: RunStory;
  /** When A's history recorded the call. */
  readonly recordedAt: number;
  /** The wrapper on B. */
  readonly wrapper: RunStory;
  /** The workflow on B that was called. */
  readonly target: RunStory;
  readonly way: Way;
}

/**
 * Reads what happened in a call out of the histories, from the workflow that was started on A to the one that ran on B.
 *
 * @param started the `CrossClusterWorkflow`, or a workflow that ran one as its child
 * @throws {Error} if a history does not hold what a call leaves there
 */
export async function readCallStory(
  a: ClusterView,
  b: ClusterView,
  started: { readonly workflowId: string; readonly runId: string },
): Promise<CallStory> {
  const first = await a.history(started.workflowId, started.runId);
  const child = find(first, 'childWorkflowExecutionStartedEventAttributes')?.workflowExecution;
  const isCaller = typeOf(first) === CROSS_CLUSTER_WORKFLOW;
  const callerHistory = isCaller
    ? first
    : await a.history(given(child?.workflowId, 'a child'), child?.runId ?? '');
  const callerAt = isCaller ? started : { workflowId: child?.workflowId ?? '', runId: child?.runId ?? '' };

  const wrapperWorkflowId = wrapperIdIn(callerHistory);
  const wrapperHistory = await b.history(wrapperWorkflowId);
  const target = find(wrapperHistory, 'childWorkflowExecutionStartedEventAttributes')?.workflowExecution;
  const targetAt = { workflowId: given(target?.workflowId, 'the target'), runId: target?.runId ?? '' };

  return {
    outer: isCaller ? undefined : readRun(started, first),
    caller: readRun(callerAt, callerHistory),
    recordedAt: timeOf(anchorIn(callerHistory)),
    wrapper: readRun({ workflowId: wrapperWorkflowId, runId: '' }, wrapperHistory),
    target: readRun(targetAt, await b.history(targetAt.workflowId, targetAt.runId)),
    way: readWay(callerHistory),
  };
}

/** The event that puts the call on record in the caller's history. */
function anchorIn(events: readonly HistoryEvent[]): HistoryEvent | undefined {
  return events.find(
    (event) => event.activityTaskScheduledEventAttributes?.activityType?.name === START_ACTIVITY,
  );
}

/**
 * The wrapper's workflow id, as the caller's history has recorded it before anything happened on B.
 *
 * @throws {Error} if the history holds no call
 */
export function wrapperIdIn(events: readonly HistoryEvent[]): string {
  const header = anchorIn(events)?.activityTaskScheduledEventAttributes?.header?.fields?.[CALL_HEADER];
  return parseCallEnvelope(header).wrapperWorkflowId;
}

/** The names of the last events of a history, and how long ago each was. */
export function lastEvents(events: readonly HistoryEvent[]): string {
  const names = events.slice(-4).map((event) => {
    const attributes = Object.keys(event).find((name) => name.endsWith('EventAttributes')) ?? 'unknown';
    const agoMs = Date.now() - timeOf(event);
    return `${attributes.replace(/EventAttributes$/, '')} ${(agoMs / 1000).toFixed(1)} s ago`;
  });
  return names.join(', ');
}

/** Whichever of the two is first in A's history: the completion signal, or the anchor activity's end. */
function readWay(events: readonly HistoryEvent[]): Way {
  for (const event of events) {
    if (event.workflowExecutionSignaledEventAttributes?.signalName === COMPLETION_SIGNAL) {
      return { way: 'completion signal', at: timeOf(event) };
    }
    if (event.activityTaskCompletedEventAttributes || event.activityTaskFailedEventAttributes) {
      return { way: 'fallback poll', at: timeOf(event) };
    }
  }
  return { way: 'none' };
}

function readRun(at: { workflowId: string; runId: string }, events: readonly HistoryEvent[]): RunStory {
  const start = events[0];
  const runId = start?.workflowExecutionStartedEventAttributes?.originalExecutionRunId ?? at.runId;
  const close = events.at(-1);
  const result = close?.workflowExecutionCompletedEventAttributes?.result?.payloads?.[0];
  return {
    type: typeOf(events),
    workflowId: at.workflowId,
    runId,
    startedAt: timeOf(start),
    closedAt: timeOf(close),
    outcome: outcomeOf(close),
    events: events.length,
    result: result ? defaultPayloadConverter.fromPayload(result) : undefined,
    failure: failureLinks(close?.workflowExecutionFailedEventAttributes?.failure),
  };
}

function outcomeOf(close: HistoryEvent | undefined): RunStory['outcome'] {
  if (close?.workflowExecutionCompletedEventAttributes) return 'completed';
  if (close?.workflowExecutionFailedEventAttributes) return 'failed';
  if (close?.workflowExecutionCanceledEventAttributes) return 'canceled';
  if (close?.workflowExecutionTerminatedEventAttributes) return 'terminated';
  if (close?.workflowExecutionTimedOutEventAttributes) return 'timed out';
  return 'running';
}

function failureLinks(failure: ProtoFailure | null | undefined): FailureLink[] {
  const links: FailureLink[] = [];
  for (let link = failure; link; link = link.cause) {
    const info = link.applicationFailureInfo;
    const activity = link.activityFailureInfo?.activityType?.name;
    links.push({
      type: info?.type || (activity ? `activity ${activity}` : 'failure'),
      message: link.message ?? '',
      details: (info?.details?.payloads ?? []).map(asJson).join(', '),
    });
  }
  return links;
}

function asJson(payload: temporal.api.common.v1.IPayload): string {
  return JSON.stringify(defaultPayloadConverter.fromPayload(payload));
}

function typeOf(events: readonly HistoryEvent[]): string {
  return events[0]?.workflowExecutionStartedEventAttributes?.workflowType?.name ?? '';
}

function find<K extends keyof HistoryEvent>(
  events: readonly HistoryEvent[],
  attributes: K,
): HistoryEvent[K] | undefined {
  return events.find((event) => event[attributes])?.[attributes];
}

function timeOf(event: HistoryEvent | undefined): number {
  return event?.eventTime ? tsToMs(event.eventTime) : Number.NaN;
}

function given(value: string | null | undefined, what: string): string {
  if (!value) throw new Error(`the history names no workflow where ${what} should be`);
  return value;
}
