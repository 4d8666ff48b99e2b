import { CALL_HEADER } from '../../shared/names.js';
import { requestIdOf } from '../../shared/call-id.js';
import { parseCallEnvelope } from '../../shared/wire/call-envelope.js';
import type { ActivityCall } from '../activity-call.js';
import type { CallerSide } from './caller-side.js';
import { faultOf } from '../grpc-errors.js';

/**
 * Asks the wrapper of a call to cancel; it passes that on to its target and reports the target's own end. A wrapper that
 * is not known yet means a start that has not settled: the server tries this activity again.
 */
export async function cancelWorkflowInRemote(side: CallerSide, input: ActivityCall): Promise<void> {
  const call = parseCallEnvelope(input.header(CALL_HEADER));
  const { remote } = side;
  try {
    await remote.request(() =>
      remote.client.workflowService.requestCancelWorkflowExecution({
        namespace: remote.cluster.namespace,
        workflowExecution: { workflowId: call.wrapperWorkflowId },
        requestId: requestIdOf('cancel', call.callId),
        reason: `cancelled by ${call.caller.workflowId} of ${side.sourceCluster}`.slice(0, 200),
      }),
    );
  } catch (error) {
    // "already completed" is NOT_FOUND, too: then the outcome is on its way and this activity is dropped with it.
    if (faultOf(error) === 'not-found')
      throw new Error('the remote execution is not known yet, or has closed', { cause: error });
    throw error;
  }
}
