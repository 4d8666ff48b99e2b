import type { Payload } from '@temporalio/common';
import type { Headers, WorkflowOutboundCallsInterceptor } from '@temporalio/workflow';

const CARRIER = Symbol.for('temporal-bridge.header-carrier');

interface HeaderCarrier {
  readonly [CARRIER]: Headers;
}

/**
 * Header fields for one activity. Workflow code can set headers only in an interceptor, so the fields ride as the first
 * argument as far as the outermost interceptor of this module, which takes them out again.
 */
export function headerCarrier(headers: Record<string, Payload>): unknown {
  return { [CARRIER]: headers };
}

function isCarrier(value: unknown): value is HeaderCarrier {
  return typeof value === 'object' && value !== null && CARRIER in value;
}

function unload<I extends { readonly args: unknown[]; readonly headers: Headers }>(input: I): I {
  const [first, ...args] = input.args;
  return isCarrier(first) ? { ...input, args, headers: { ...input.headers, ...first[CARRIER] } } : input;
}

/** Moves carried header fields from the arguments into the headers of activities and local activities. */
export const headerCarrierInterceptor: WorkflowOutboundCallsInterceptor = {
  scheduleActivity: (input, next) => next(unload(input)),
  scheduleLocalActivity: (input, next) => next(unload(input)),
};
