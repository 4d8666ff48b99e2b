import { context } from '@opentelemetry/api';
import type { Context } from '@opentelemetry/api';
import { core } from '@opentelemetry/sdk-node';
import type { WorkflowClientInterceptor } from '@temporalio/client';
import type { Headers, Payload } from '@temporalio/common';
import { TRACE_HEADER } from '../../shared/names.js';
import * as traceContext from '../../shared/trace-context.js';

/** Trace context only: a caller's baggage may hold anything, and stays on its own cluster. */
const w3c = new core.W3CTraceContextPropagator();

/** The trace context in a header field; `undefined` if there is none that can be read. */
export function contextIn(header: Payload | undefined): Context | undefined {
  return traceContext.contextIn(header, w3c);
}

function withCurrentContext(headers: Headers): Headers {
  const header = traceContext.contextHeader(context.active(), w3c);
  return header ? { ...headers, [TRACE_HEADER]: header } : headers;
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
