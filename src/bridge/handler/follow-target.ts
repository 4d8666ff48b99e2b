import { Context } from '@temporalio/activity';
import type { RawValue } from '@temporalio/common';
import { REMOTE_RUNNING } from '../../shared/failure-table.js';
import type { Outcome, RemoteExecution } from '../../shared/outcome.js';
import { refused } from '../../shared/outcome.js';
import { raw } from '../../shared/payloads.js';
import { encodeAnchorResult, hasValue } from '../../shared/wire/anchor-report.js';
import type { RemoteCallEnvelope } from '../../shared/wire/call-envelope.js';
import type { ActivityCall } from '../activity-call.js';
import { backOffMs } from '../fallback-schedule.js';
import type { LookedUpCall } from '../remote-lookup.js';
import { lookUpTarget } from '../remote-lookup.js';
import { outcomeFailure, waitingFailure } from '../waiting-failure.js';
import { callFields } from './call-fields.js';
import { attachDenial } from './check-allowed.js';
import type { HandlerSide } from './handler-side.js';
import { readRemoteCall } from './read-remote-call.js';

/** Waits between two looks at a followed target, in milliseconds: doubled from the first to the last. */
const FOLLOW = { firstMs: 500, maxMs: 60_000 };

/** What a look at the target of a wrapper goes by. */
export function lookedUpBy(call: RemoteCallEnvelope, wrapperWorkflowId: string): LookedUpCall {
  const { target, existing, attachRunId = '' } = call;
  return {
    wrapperWorkflowId,
    targetWorkflowId: target.workflowId,
    ...(existing === 'attach' ? { attached: { runId: attachRunId } } : {}),
    ...(existing === 'adopt' ? { adoptsType: target.workflowType } : {}),
  };
}

/**
 * For a wrapper that is to wait for a workflow which is not its child: one that its own earlier run started (the wrapper
 * was reset), one that it is to attach to, or the published bridge's of the same id and type. Waits in server-side
 * back-off and reports the outcome. Any other holder of the id is a stranger, and nothing was started.
 */
export async function followTarget(side: HandlerSide, input: ActivityCall): Promise<RawValue> {
  const call = readRemoteCall(side, input);
  const { target, existing, attachRunId = '' } = call;
  const context = Context.current();
  const { attempt, workflowExecution } = context.info;
  const heartbeatDetails: unknown = context.info.heartbeatDetails;
  const wrapperWorkflowId = workflowExecution?.workflowId ?? '';
  const remote = (runId: string): RemoteExecution => ({
    wrapperWorkflowId,
    workflowId: target.workflowId,
    runId,
  });
  const seenBefore = typeof heartbeatDetails === 'string' ? heartbeatDetails : undefined;
  // The chain that was seen first is the one that is attached to: a stranger may take the id over.
  const seen = existing === 'attach' ? seenBefore : undefined;
  const lookedUp = lookedUpBy(call, wrapperWorkflowId);
  const state = await lookUpTarget(side.own, seen ? { ...lookedUp, attached: { runId: seen } } : lookedUp);
  if (!state && existing === 'attach') {
    const message = `workflow ${target.workflowId}${attachRunId && `, run ${attachRunId},`} is not known to ${side.own.cluster.name}`;
    throw outcomeFailure(refused('REMOTE_WORKFLOW_NOT_FOUND', message), remote(''));
  }
  if (!state) {
    const message = `workflow id ${target.workflowId} is held by a workflow that this call did not start; nothing was started`;
    throw outcomeFailure(refused('CALL_ID_CONFLICT', message, { workflowId: target.workflowId }), remote(''));
  }
  // Whoever started it, it is asked what it is: once, so that a call which waits is not touched by a reload.
  if (existing && seenBefore === undefined) {
    const denied = await attachDenial(side, call);
    if (denied !== undefined) {
      const message = `${denied}; nothing was started`;
      side.log.warn('Call refused', { ...callFields(side, call), type: 'TARGET_NOT_ALLOWED', why: denied });
      throw outcomeFailure(refused('TARGET_NOT_ALLOWED', message, { started: 'no' }), remote(''));
    }
  }
  if (state.state !== 'closed') {
    if (existing && state.state === 'running') context.heartbeat(seen ?? state.runId);
    throw waitingFailure(
      REMOTE_RUNNING,
      existing
        ? `waiting for ${target.workflowId}, which this call did not start`
        : `an earlier run of this wrapper started ${target.workflowId}; waiting for it`,
      backOffMs(FOLLOW, attempt),
      'yes',
    );
  }
  return report(state.outcome, remote(state.runId));
}

function report(outcome: Outcome, remote: RemoteExecution): RawValue {
  if (!hasValue(outcome)) throw outcomeFailure(outcome, remote);
  return raw(encodeAnchorResult(outcome.value, remote));
}
