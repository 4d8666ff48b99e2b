import type { Payload } from '@temporalio/common';
import type { WorkflowOutboundCallsInterceptor } from '@temporalio/workflow';
import { MAX_TRACE_CONTEXT_BYTES } from '../shared/limits.js';
import { TRACE_HEADER, TRACE_PARENT_HEADER, isBridgeActivity } from '../shared/names.js';
import { startHeader } from './start-headers.js';

/** The trace context that this run was started with, unread; what is too long for one is none. */
function startedContext(): Payload | undefined {
  const header = startHeader(TRACE_HEADER);
  return (header?.data?.length ?? 0) <= MAX_TRACE_CONTEXT_BYTES ? header : undefined;
}

/**
 * Hands the trace context that this workflow was started with on to the bridge and to the next run, unread. The span of
 * the start has been exported; that of this run, of which the SDK's own interceptors would make a parent, will be when the
 * run ends.
 */
export const traceParentInterceptor: WorkflowOutboundCallsInterceptor = {
  scheduleActivity: (input, next) => {
    const parent = isBridgeActivity(input.activityType) ? startedContext() : undefined;
    return next(parent ? { ...input, headers: { ...input.headers, [TRACE_PARENT_HEADER]: parent } } : input);
  },
  continueAsNew: (input, next) => {
    const parent = startedContext();
    return next(parent ? { ...input, headers: { [TRACE_HEADER]: parent, ...input.headers } } : input);
  },
};
