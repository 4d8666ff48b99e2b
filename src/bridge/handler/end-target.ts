import { Context } from '@temporalio/activity';
import { requestIdOf } from '../../shared/call-id.js';
import { OPERATION_HEADER } from '../../shared/names.js';
import { parseOperationEnvelope } from '../../shared/wire/operation-envelope.js';
import type { ActivityCall } from '../activity-call.js';
import { faultOf } from '../grpc-errors.js';
import { lookUpTarget } from '../remote-lookup.js';
import { attachDenial } from './check-allowed.js';
import { lookedUpBy } from './follow-target.js';
import type { HandlerSide } from './handler-side.js';
import { readRemoteCall } from './read-remote-call.js';

/** Cancels or terminates the target of the wrapper that asks; one that has closed, or is not its own, is left alone. */
export async function endTarget(side: HandlerSide, input: ActivityCall): Promise<void> {
  const call = readRemoteCall(side, input);
  const { target, callId, existing } = call;
  if (existing === 'attach') return; // somebody else's
  const { type, name: reason, id } = parseOperationEnvelope(input.header(OPERATION_HEADER));
  const { own } = side;
  const wrapperWorkflowId = Context.current().info.workflowExecution?.workflowId ?? '';
  const { workflowId } = target;
  const state = await lookUpTarget(own, lookedUpBy(call, wrapperWorkflowId));
  if (state?.state !== 'running') return;
  // Not started by the call, and of its type: the queue, too, has to be one that may be called.
  if (existing === 'adopt' && (await attachDenial(side, call)) !== undefined) return;
  const { namespace } = own.cluster;
  const { workflowService } = own.client;
  try {
    await own.request(async () => {
      if (type === 'terminate') {
        await workflowService.terminateWorkflowExecution({
          namespace,
          workflowExecution: { workflowId },
          firstExecutionRunId: state.runId,
          identity: 'temporal-bridge',
          reason,
        });
      } else {
        await workflowService.requestCancelWorkflowExecution({
          namespace,
          workflowExecution: { workflowId },
          firstExecutionRunId: state.runId,
          requestId: requestIdOf('cancel-target', callId, id),
          identity: 'temporal-bridge',
          reason,
        });
      }
    });
  } catch (error) {
    if (faultOf(error) !== 'not-found') throw error; // closed meanwhile
  }
}
