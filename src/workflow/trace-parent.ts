import type { WorkflowOutboundCallsInterceptor } from '@temporalio/workflow';
import { TRACE_HEADER, TRACE_PARENT_HEADER, isBridgeActivity } from '../shared/names.js';
import { startHeader } from './start-headers.js';

/**
 * Hands the trace context that this workflow was started with on to the bridge and to the next run, unread. The span of
 * the start has been exported; that of this run, of which the SDK's own interceptors would make a parent, will be when the
 * run ends.
 */
export const traceParentInterceptor: WorkflowOutboundCallsInterceptor = {
  scheduleActivity: (input, next) => {
    const parent = isBridgeActivity(input.activityType) ? startHeader(TRACE_HEADER) : undefined;
    return next(parent ? { ...input, headers: { ...input.headers, [TRACE_PARENT_HEADER]: parent } } : input);
  },
  continueAsNew: (input, next) => {
    const parent = startHeader(TRACE_HEADER);
    return next(parent ? { ...input, headers: { [TRACE_HEADER]: parent, ...input.headers } } : input);
  },
};
