import { ROOT_CONTEXT, context, defaultTextMapGetter, defaultTextMapSetter, trace } from '@opentelemetry/api';
import type { Context } from '@opentelemetry/api';
import { core } from '@opentelemetry/sdk-node';
import type { WorkflowClientInterceptor } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import type { Headers, Payload } from '@temporalio/common';
import { TRACE_HEADER } from '../../shared/names.js';

/** Trace context only: a caller's baggage may hold anything, and stays on its own cluster. */
const w3c = new core.W3CTraceContextPropagator();

/** The trace context in a header field; `undefined` if there is none that can be read. */
export function contextIn(header: Payload | undefined): Context | undefined {
  if (!header) return undefined;
  try {
    const carrier: unknown = defaultPayloadConverter.fromPayload(header);
    if (typeof carrier !== 'object' || carrier === null) return undefined;
    const found = w3c.extract(ROOT_CONTEXT, carrier, defaultTextMapGetter);
    return trace.getSpanContext(found) ? found : undefined;
  } catch {
    return undefined; // whoever wrote it, a call does not fail for it
  }
}

/** Headers with the current trace context, if there is one. */
export function withCurrentContext(headers: Headers): Headers {
  const carrier: Record<string, string> = {};
  w3c.inject(context.active(), carrier, defaultTextMapSetter);
  if (carrier['traceparent'] === undefined) return headers;
  return { ...headers, [TRACE_HEADER]: defaultPayloadConverter.toPayload(carrier) };
}

/**
 * Carries the current trace context to the other cluster. No spans of its own: what the bridge asks of a cluster it asks in
 * an activity, which has one.
 */
export const traceHeadersInterceptor: WorkflowClientInterceptor = {
  startWithDetails: (input, next) => next({ ...input, headers: withCurrentContext(input.headers) }),
  signal: (input, next) => next({ ...input, headers: withCurrentContext(input.headers) }),
  query: (input, next) => next({ ...input, headers: withCurrentContext(input.headers) }),
  startUpdate: (input, next) => next({ ...input, headers: withCurrentContext(input.headers) }),
};
