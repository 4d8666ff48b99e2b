import { CancellationScope, isCancellation } from '@temporalio/workflow';
import type { WorkflowOutboundCallsInterceptor } from '@temporalio/workflow';
import { START_ACTIVITY } from '../shared/names.js';

const CANCELLED = Symbol.for('temporal-bridge.cancelled-anchor/1');

function isCancelled(result: unknown): result is { readonly [CANCELLED]: unknown } {
  return typeof result === 'object' && result !== null && CANCELLED in result;
}

/**
 * The anchor of a call that the signal has answered is cancelled, which is no error of anybody's; the SDK's OpenTelemetry
 * interceptors would show each healthy call as one. So the cancellation passes them as a value: made so by the `innermost`
 * interceptor, undone by the `outermost`. It does so at once: in a run that closes with the call, the server is not even
 * asked to cancel (see closing-commands.ts), and would not answer.
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
      scheduleActivity: (input, next) => {
        if (input.activityType !== START_ACTIVITY) return next(input);
        const asValue = (error: unknown) => {
          if (isCancellation(error)) return { [CANCELLED]: error };
          throw error;
        };
        const cancelled: Promise<unknown> = CancellationScope.current().cancelRequested;
        return Promise.race([next(input), cancelled]).catch(asValue);
      },
    },
  };
