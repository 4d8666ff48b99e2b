import { TemporalFailure } from '@temporalio/common';
import { CancellationScope } from '@temporalio/workflow';
import type { WorkflowInboundCallsInterceptor } from '@temporalio/workflow';
import { GOODBYE_MS } from '../shared/limits.js';
import { cancelCall } from './anchor.js';
import type { OpenCall } from './open-call.js';
import { openCalls } from './open-call.js';
import { terminateTarget } from './operations.js';
import { inSideSlot } from './side-slots.js';

/** What the parent-close policy of a call, or a cancellation that is still on its way, wants of a caller that closes. */
function goodbyeTo(call: OpenCall): Promise<void> | undefined {
  const { parentClose, caller } = call.envelope;
  if (parentClose === 'terminate')
    return terminateTarget(call, `its caller ${caller.workflowId} closed`, GOODBYE_MS);
  const cancellation = call.cancellation();
  const isWanted = parentClose === 'request-cancel' || cancellation === 'asked';
  return isWanted && cancellation !== 'taken' ? cancelCall(call, GOODBYE_MS) : undefined;
}

async function sayGoodbye(calls: readonly OpenCall[]): Promise<void> {
  if (calls.length === 0) return;
  const begun = Date.now();
  await CancellationScope.nonCancellable(() =>
    Promise.allSettled(
      // Those whose turn does not come in time are left to the lease.
      calls.map((call) =>
        inSideSlot(
          () => (Date.now() - begun < GOODBYE_MS ? goodbyeTo(call) : undefined) ?? Promise.resolve(),
        ),
      ),
    ),
  );
}

/**
 * Tells the handler cluster about the calls that are still open when the workflow's function ends, as their parent-close
 * policies say. A call that cannot be told in {@link GOODBYE_MS} is found by the lease, like the calls of a caller that
 * was terminated. A workflow that continues as new stays in its chain, and is not gone; nor does one close whose task
 * fails (any error but a `TemporalFailure`), since it goes on when its code has been mended.
 */
export const goodbyeInterceptor: WorkflowInboundCallsInterceptor = {
  execute: async (input, next) => {
    let result: unknown;
    try {
      result = await next(input);
    } catch (error) {
      // A run that fails may be retried, and the retry takes up what its chain shares.
      if (error instanceof TemporalFailure)
        await sayGoodbye([...openCalls()].filter((call) => !call.outlivesRun));
      throw error;
    }
    await sayGoodbye([...openCalls()]);
    return result;
  },
};
