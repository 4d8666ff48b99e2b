import { isCancellation } from '@temporalio/workflow';
import type { WorkflowOutboundCallsInterceptor } from '@temporalio/workflow';
import { START_ACTIVITY } from '../shared/names.js';

const CANCELLED = Symbol.for('temporal-bridge.cancelled-anchor/1');

function isCancelled(result: unknown): result is { readonly [CANCELLED]: unknown } {
  return typeof result === 'object' && result !== null && CANCELLED in result;
}

/**
 * The anchor of a call that the signal has answered is cancelled, which is no error of anybody's; the SDK's OpenTelemetry
 * interceptors would show each healthy call as one. So the cancellation passes them as a value: made so by the `innermost`
 * interceptor, undone by the `outermost`.
 */
export const cancelledAnchor: Readonly<Record<'outermost' | 'innermost', WorkflowOutboundCallsInterceptor>> =
  {
    outermost: {
      scheduleActivity: async (input, next) => {
        const result = await next(input);
        if (isCancelled(result)) throw result[CANCELLED];
        return result;
      },
    },
    innermost: {
      scheduleActivity: async (input, next) => {
        try {
          return await next(input);
        } catch (error) {
          if (input.activityType === START_ACTIVITY && isCancellation(error)) return { [CANCELLED]: error };
          throw error;
        }
      },
    },
  };
