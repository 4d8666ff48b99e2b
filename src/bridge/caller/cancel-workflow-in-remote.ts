import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { RawValue } from '@temporalio/common';
import { requestIdOf } from '../../shared/call-id.js';
import { OPERATION_HEADER } from '../../shared/names.js';
import { refused } from '../../shared/outcome.js';
import type { CallEnvelope } from '../../shared/wire/call-envelope.js';
import type { ActivityCall } from '../activity-call.js';
import { faultOf } from '../grpc-errors.js';
import { lookUpCall } from '../remote-lookup.js';
import { outcomeFailure } from '../waiting-failure.js';
import type { CallerSide, CallerSides } from './caller-side.js';
import { executionDenial } from './check-allowed.js';
import { noResultOf, readCall, readOperation } from './read-call.js';
import { lookedUpCallOf, targetWorkflowIdFor } from './target-id.js';

/**
 * Asks the wrapper of a call to cancel; it passes that on to its target and reports the target's own end. Where the
 * wrapper has closed before its target (somebody terminated it), the target itself is asked. A call that is not known at
 * all means a start that has not settled: the server tries this activity again. The allow-list is asked about attached
 * workflows alone: that a call's own target may be cancelled does not end with a change of the list.
 */
export async function cancelWorkflowInRemote(sides: CallerSides, input: ActivityCall): Promise<RawValue> {
  const served = readCall(sides, input);
  // Only a handle's cancellation says what it knows of the target.
  const wasStarted =
    input.header(OPERATION_HEADER) !== undefined && readOperation(served, input).runId !== undefined;
  await cancel(served.side, served.call, wasStarted);
  return noResultOf(served);
}

function notAllowed(
  { wrapperWorkflowId }: CallEnvelope,
  workflowId: string,
  why: string,
): ApplicationFailure {
  return outcomeFailure(refused('TARGET_NOT_ALLOWED', why), { wrapperWorkflowId, workflowId, runId: '' });
}

async function cancel(side: CallerSide, call: CallEnvelope, wasStarted: boolean): Promise<void> {
  const { wrapperWorkflowId } = call;
  const { remote } = side;
  const requestCancel = (
    workflowId: string,
    { runId = '', firstExecutionRunId = '' }: { runId?: string; firstExecutionRunId?: string } = {},
  ) =>
    remote.request(() =>
      remote.client.workflowService.requestCancelWorkflowExecution({
        namespace: remote.cluster.namespace,
        workflowExecution: { workflowId, runId },
        firstExecutionRunId,
        requestId: requestIdOf('cancel', call.callId),
        reason: `cancelled by ${call.caller.workflowId} of ${side.sourceCluster}`.slice(0, 200),
      }),
    );
  try {
    // An attached workflow is not the wrapper's child.
    if (call.target.idMode === 'attach') {
      const { name, runId } = call.target;
      const { why } = await executionDenial(side, call, name, [runId]);
      if (why !== undefined) throw notAllowed(call, name, why);
      await requestCancel(name, { runId: runId ?? '' });
    } else await requestCancel(wrapperWorkflowId);
  } catch (error) {
    if (error instanceof ApplicationFailure) throw error;
    // "already completed" is NOT_FOUND, too.
    if (faultOf(error) !== 'not-found') throw error;
    const targetWorkflowId = targetWorkflowIdFor(side.sourceCluster, call);
    const state = await lookUpCall(remote, lookedUpCallOf(call, targetWorkflowId));
    if (state.state === 'closed') return; // Its outcome is on its way.
    const isRunning = state.state === 'running' && state.targetStarted;
    if (call.target.idMode === 'attach' && !isRunning) {
      const message = `${targetWorkflowId} is not known to ${remote.cluster.name}`;
      const execution = { wrapperWorkflowId, workflowId: targetWorkflowId, runId: '' };
      throw outcomeFailure(refused('REMOTE_WORKFLOW_NOT_FOUND', message), execution);
    }
    // Gone after it had started, by the second look: deleted, or beyond its retention.
    if (state.state === 'absent' && wasStarted && Context.current().info.attempt > 1) return;
    // If a cap holds it back, it ends without a start.
    if (state.state === 'absent') side.caps.noteCancelled(call);
    if (!isRunning) throw new Error('the remote execution is not known yet', { cause: error });
    if (call.target.runId !== undefined) return; // Its chain goes on, but that is not what was asked for.
    await requestCancel(targetWorkflowId, { firstExecutionRunId: state.runId });
  }
}
