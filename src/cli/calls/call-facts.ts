/** What histories have recorded of a call. Everything here is read from `unknown`: anybody may start workflows. */
import { defaultPayloadConverter } from '@temporalio/common';
import type { Payload } from '@temporalio/common';
import {
  CALL_HEADER,
  COMPLETION_HEADER,
  COMPLETION_SIGNAL,
  REMOTE_CALL_HEADER,
  START_ACTIVITY,
  TRACE_HEADER,
  TRACE_PARENT_HEADER,
} from '../../shared/names.js';
import { parseCallEnvelope, parseRemoteCallEnvelope } from '../../shared/wire/call-envelope.js';
import type { CallEnvelope } from '../../shared/wire/call-envelope.js';
import { timeOf, type HistoryEvent } from '../cluster-reader.js';
import type { CallFacts, CallReport } from './call-view.js';

type Fields = Readonly<Record<string, Payload>> | null | undefined;

function json(payload: Payload | null | undefined): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = payload ? defaultPayloadConverter.fromPayload(payload) : undefined;
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {}; // written by another codec, or garbage
  }
}

function traceIdIn(fields: Fields, ...headers: string[]): { traceId?: string } {
  for (const header of headers) {
    const { traceparent } = json(fields?.[header]);
    const traceId =
      typeof traceparent === 'string' ? /^[0-9a-f]{2}-([0-9a-f]{32})-/.exec(traceparent)?.[1] : '';
    if (traceId) return { traceId };
  }
  return {};
}

/** What the start of a wrapper says of its call; `undefined` if it was not started by a bridge. */
export function factsOfStart(event: HistoryEvent | undefined): CallFacts | undefined {
  const fields = event?.workflowExecutionStartedEventAttributes?.header?.fields;
  try {
    const { callId, target, replyTo, existing } = parseRemoteCallEnvelope(fields?.[REMOTE_CALL_HEADER]);
    const { sourceCluster: cluster, namespace, workflowId, runId } = replyTo;
    const { workflowType, taskQueue, workflowId: targetId } = target;
    return {
      callId,
      caller: { cluster, namespace, workflowId, runId },
      target: { workflowType, taskQueue, workflowId: targetId },
      attached: existing === 'attach',
      ...traceIdIn(fields, TRACE_HEADER),
    };
  } catch {
    return undefined;
  }
}

/** What a wrapper that completed has reported; `undefined` if it did not complete, or by a codec's hand. */
export function reportOfClose(event: HistoryEvent | undefined): CallReport | undefined {
  const payload = event?.workflowExecutionCompletedEventAttributes?.result?.payloads?.[0];
  const { outcome, delivered, note, refusal } = json(payload);
  if (typeof outcome !== 'string' || typeof delivered !== 'string') return undefined;
  const { type, message } = (typeof refusal === 'object' && refusal !== null ? refusal : {}) as {
    type?: unknown;
    message?: unknown;
  };
  return {
    outcome,
    delivered,
    note: typeof note === 'string' ? note : '',
    ...(typeof type === 'string' && typeof message === 'string' ? { refusal: { type, message } } : {}),
  };
}

/** A call that a caller's history has recorded. */
export interface RecordedCall {
  readonly envelope: CallEnvelope;
  /** The event that recorded it, and the activity that anchors it. */
  readonly eventId: number;
  readonly activityId: string;
  readonly recordedAt: number;
  readonly bridgeQueue: string;
  readonly traceId?: string;
}

/** The calls in a caller's history, in order; one that was handed to a later run stands in both. */
export function recordedCalls(events: readonly HistoryEvent[]): RecordedCall[] {
  return events.flatMap((event) => {
    const scheduled = event.activityTaskScheduledEventAttributes;
    if (scheduled?.activityType?.name !== START_ACTIVITY) return [];
    const fields = scheduled.header?.fields;
    try {
      const call: RecordedCall = {
        envelope: parseCallEnvelope(fields?.[CALL_HEADER]),
        eventId: Number(event.eventId ?? 0),
        activityId: scheduled.activityId ?? '',
        recordedAt: timeOf(event.eventTime) ?? 0,
        bridgeQueue: scheduled.taskQueue?.name ?? '',
        ...traceIdIn(fields, TRACE_PARENT_HEADER, TRACE_HEADER),
      };
      return [call];
    } catch {
      return []; // an activity of the same name that is not the bridge's
    }
  });
}

/** How a call's outcome came back to the caller, whichever way was first; `undefined`: not yet. */
export function outcomeIn(
  events: readonly HistoryEvent[],
  { envelope, eventId }: Pick<RecordedCall, 'envelope' | 'eventId'>,
): { readonly by: 'signal' | 'fallback'; readonly at: number } | undefined {
  for (const event of events) {
    const signal = event.workflowExecutionSignaledEventAttributes;
    if (signal?.signalName === COMPLETION_SIGNAL) {
      const { kind, callId } = json(signal.header?.fields?.[COMPLETION_HEADER]);
      if (kind === 'completion' && callId === envelope.callId) {
        return { by: 'signal', at: timeOf(event.eventTime) ?? 0 };
      }
    }
    const ended = event.activityTaskCompletedEventAttributes ?? event.activityTaskFailedEventAttributes;
    if (ended && Number(ended.scheduledEventId ?? 0) === eventId) {
      return { by: 'fallback', at: timeOf(event.eventTime) ?? 0 };
    }
  }
  return undefined;
}
