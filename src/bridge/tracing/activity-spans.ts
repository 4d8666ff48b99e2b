import { ROOT_CONTEXT, SpanKind, SpanStatusCode, context, trace } from '@opentelemetry/api';
import type { Attributes, Context, Span, Tracer } from '@opentelemetry/api';
import { core } from '@opentelemetry/sdk-node';
import type { Info as ActivityInfo } from '@temporalio/activity';
import type { Headers, Payload } from '@temporalio/common';
import type { ActivityExecuteInput, ActivityInterceptorsFactory, Next } from '@temporalio/worker';
import type { ActivityInboundCallsInterceptor } from '@temporalio/worker';
import { callSpanIds } from '../../shared/call-span-ids.js';
import {
  CALL_HEADER,
  CONFIRM_START_ACTIVITY,
  FOLLOW_TARGET_ACTIVITY,
  REMOTE_CALL_HEADER,
  START_ACTIVITY,
  TRACE_HEADER,
  TRACE_PARENT_HEADER,
  WATCH_CALLER_ACTIVITY,
  isBridgeActivity,
} from '../../shared/names.js';
import type { CallEnvelope } from '../../shared/wire/call-envelope.js';
import { parseCallEnvelope, parseRemoteCallEnvelope } from '../../shared/wire/call-envelope.js';
import { readProgress } from '../caller/anchor-progress.js';
import type { AttemptEnd } from './attempt-end.js';
import { endOfFailure, endOfResult } from './attempt-end.js';
import { ATTRIBUTE, SPAN, attemptAttributes, callAttributes, remoteCallAttributes } from './attributes.js';
import type { PresetIds, SpanIds } from './span-ids.js';
import { contextIn } from './trace-headers.js';
import type { TracedSide } from './tracing.js';

type Execute = Next<ActivityInboundCallsInterceptor, 'execute'>;

/** Makes the attempt with the spans of this context around it, and tells what it came to. */
type Attempt = (below: Context, onEnd: (end: AttemptEnd) => void) => Promise<unknown>;

/** What spans are made with. */
export interface SpanMaker {
  readonly tracer: Tracer;
  readonly ids: SpanIds;
  readonly where: TracedSide;
}

/** Activities that only look, again and again: an attempt that finds nothing new is no span. */
const LOOKS: readonly string[] = [CONFIRM_START_ACTIVITY, FOLLOW_TARGET_ACTIVITY, WATCH_CALLER_ACTIVITY];

/**
 * Spans of the bridge's activities. An activity waits in back-off for as long as a call takes, so an attempt becomes a span
 * only if it is the first, or brings something: the rest would be noise, day after day. What is passed to the other cluster
 * as parent is always a span that is exported: the first attempt's, or one above.
 */
export function activitySpans(maker: SpanMaker): ActivityInterceptorsFactory {
  return ({ info }) =>
    isBridgeActivity(info.activityType)
      ? { inbound: { execute: (input, next) => executeOrJustRun(maker, info, input, next) } }
      : {};
}

/** Nothing about a span may fail an activity: where none can be made, there is none. */
function executeOrJustRun(...[maker, info, input, next]: Parameters<typeof executeInSpan>): Promise<unknown> {
  try {
    return executeInSpan(maker, info, input, next);
  } catch (error) {
    report(error); // before the attempt has begun: what comes of that is a promise
    return next(input);
  }
}

function report(error: unknown): void {
  core.globalErrorHandler(error instanceof Error ? error : String(error));
}

function executeInSpan(
  maker: SpanMaker,
  info: ActivityInfo,
  input: ActivityExecuteInput,
  next: Execute,
): Promise<unknown> {
  const { headers } = input;
  const attempt: Attempt = (below, onEnd) =>
    settle(info.activityType, input, () => context.with(below, () => next(input)), onEnd);
  const own = attemptAttributes(maker.where, info);
  const call = readEnvelope(headers[CALL_HEADER], parseCallEnvelope);
  if (call) {
    const attributes = { ...own, ...callAttributes(maker.where, call) };
    const above = contextIn(headers[TRACE_PARENT_HEADER]) ?? contextIn(headers[TRACE_HEADER]);
    if (info.activityType === START_ACTIVITY)
      return startInSpan(maker, info, { call, above, attributes }, attempt);
    // A handle of somebody else's workflow has no start that its operations could hang below.
    const parent =
      call.target.idMode === 'attach'
        ? above
        : trace.setSpan(ROOT_CONTEXT, callSpanOf(maker, { call, above, attributes }));
    return operateInSpan(maker, info, { callId: call.callId, parent, attributes }, attempt);
  }
  const remoteCall = readEnvelope(headers[REMOTE_CALL_HEADER], parseRemoteCallEnvelope);
  if (!remoteCall) return next(input);
  const attributes = { ...own, ...remoteCallAttributes(maker.where, remoteCall) };
  const parent = contextIn(headers[TRACE_HEADER]);
  return operateInSpan(maker, info, { callId: remoteCall.callId, parent, attributes }, attempt);
}

/** An envelope that cannot be read is refused by the activity itself, in its own words. */
function readEnvelope<E>(header: Headers[string] | undefined, parse: (header: Payload) => E): E | undefined {
  if (!header) return undefined;
  try {
    return parse(header);
  } catch {
    return undefined;
  }
}

interface TracedCall {
  readonly call: CallEnvelope;
  readonly above: Context | undefined;
  readonly attributes: Attributes;
}

function start(
  { tracer, ids }: SpanMaker,
  name: string,
  span: { readonly parent: Context | undefined; readonly ids: PresetIds; readonly attributes: Attributes },
): Span {
  return ids.preset(span.ids, () =>
    tracer.startSpan(
      name,
      { kind: SpanKind.INTERNAL, attributes: span.attributes },
      span.parent ?? ROOT_CONTEXT,
    ),
  );
}

/** The call's own span: the same ids in every attempt, so that it can be a parent wherever the call is known. */
function callSpanOf(maker: SpanMaker, { call, above, attributes }: TracedCall): Span {
  const name = `${SPAN.call}:${call.target.workflowType || call.target.idMode}`;
  return start(maker, name, { parent: above, ids: callSpanIds(call.callId), attributes });
}

function startInSpan(
  maker: SpanMaker,
  info: ActivityInfo,
  traced: TracedCall,
  attempt: Attempt,
): Promise<unknown> {
  const { call, attributes } = traced;
  const callSpan = callSpanOf(maker, traced);
  const below = trace.setSpan(ROOT_CONTEXT, callSpan);
  const wasStarted = call.resume !== undefined || readProgress().started === 'yes';
  // An attempt that was killed has left no word to the next one, and no span.
  const isSpanOfCall = call.resume === undefined && info.heartbeatDetails === undefined;
  const begun = Date.now();
  return attempt(below, (found) => {
    const hasStarted = found.outcome === 'running' && !wasStarted;
    const end = hasStarted ? { ...found, outcome: 'started' } : found;
    if (isSpanOfCall) endSpan(callSpan, end);
    else if (hasStarted || end.isLast) {
      const name = `${hasStarted ? SPAN.start : SPAN.fallback}:${call.target.workflowType || call.target.idMode}`;
      endSpan(maker.tracer.startSpan(name, { startTime: begun, attributes }, below), end);
    }
  });
}

function operateInSpan(
  maker: SpanMaker,
  { activityType, attempt: number }: ActivityInfo,
  traced: {
    readonly callId: string;
    readonly parent: Context | undefined;
    readonly attributes: Attributes;
  },
  attempt: Attempt,
): Promise<unknown> {
  const { callId, parent, attributes } = traced;
  const { traceId } = callSpanIds(callId);
  const span = start(maker, `${SPAN.activity}:${activityType}`, { parent, ids: { traceId }, attributes });
  const isFirst = number === 1 && !LOOKS.includes(activityType);
  const active = isFirst || !parent ? trace.setSpan(ROOT_CONTEXT, span) : parent;
  return attempt(active, (end) => {
    if (isFirst || end.isLast) endSpan(span, end);
  });
}

/** Runs an attempt and tells what it came to; its result or failure passes as it is. */
async function settle(
  activityType: string,
  input: ActivityExecuteInput,
  run: () => Promise<unknown>,
  onEnd: (end: AttemptEnd) => void,
): Promise<unknown> {
  const tell = (end: () => AttemptEnd): void => {
    try {
      onEnd(end());
    } catch (error) {
      report(error);
    }
  };
  let result: unknown;
  try {
    result = await run();
  } catch (error) {
    tell(() => endOfFailure(error));
    throw error;
  }
  tell(() => endOfResult(activityType, input, result));
  return result;
}

function endSpan(span: Span, { outcome, errorType, delivery }: AttemptEnd): void {
  span.setAttribute(ATTRIBUTE.outcome, outcome);
  if (delivery !== undefined) span.setAttribute(ATTRIBUTE.delivery, delivery);
  if (errorType === undefined) span.setStatus({ code: SpanStatusCode.OK });
  else span.setAttribute(ATTRIBUTE.errorType, errorType).setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}
