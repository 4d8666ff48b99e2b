import { CALL_HEADER } from '../../shared/names.js';
import { requestIdOf } from '../../shared/call-id.js';
import { parseCallEnvelope } from '../../shared/wire/call-envelope.js';
import type { ActivityCall } from '../activity-call.js';
import { faultOf } from '../grpc-errors.js';
import { lookUpTarget } from '../remote-lookup.js';
import type { CallerSide } from './caller-side.js';
import { targetWorkflowIdFor } from './target-id.js';

/**
 * Asks the wrapper of a call to cancel; it passes that on to its target and reports the target's own end. Where the
 * wrapper has closed before its target (somebody terminated it), the target itself is asked. A call that is not known at
 * all means a start that has not settled: the server tries this activity again.
 */
export async function cancelWorkflowInRemote(side: CallerSide, input: ActivityCall): Promise<void> {
  const call = parseCallEnvelope(input.header(CALL_HEADER));
  const { wrapperWorkflowId } = call;
  const { remote } = side;
  const requestCancel = (workflowId: string, runId = '') =>
    remote.request(() =>
      remote.client.workflowService.requestCancelWorkflowExecution({
        namespace: remote.cluster.namespace,
        workflowExecution: { workflowId, runId },
        requestId: requestIdOf('cancel', call.callId),
        reason: `cancelled by ${call.caller.workflowId} of ${side.sourceCluster}`.slice(0, 200),
      }),
    );
  try {
    await requestCancel(wrapperWorkflowId);
  } catch (error) {
    // "already completed" is NOT_FOUND, too.
    if (faultOf(error) !== 'not-found') throw error;
    const targetWorkflowId = targetWorkflowIdFor(side.sourceCluster, call);
    const target = await lookUpTarget(remote, { wrapperWorkflowId, targetWorkflowId });
    if (target?.state === 'closed') return; // Its outcome is on its way.
    if (!target) throw new Error('the remote execution is not known yet', { cause: error });
    await requestCancel(targetWorkflowId);
  }
}
