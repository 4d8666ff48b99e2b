import { articleTargetWorkflowId, targetWorkflowIdOf } from '../../shared/remote-ids.js';
import type { CallEnvelope } from '../../shared/wire/call-envelope.js';
import type { LookedUpCall } from '../remote-lookup.js';

/** The target's workflow id: as the user asked, as the published bridge made it, or readable with the call's hash. */
export function targetWorkflowIdFor(sourceCluster: string, call: CallEnvelope): string {
  const { idMode, name } = call.target;
  const target = { sourceCluster, callerWorkflowId: call.caller.workflowId, name };
  switch (idMode) {
    case 'given':
    case 'attach':
      return name;
    case 'article':
      return articleTargetWorkflowId(target);
    case 'hashed':
      return targetWorkflowIdOf(target, call.callId);
  }
}

/** What a look at a call goes by. */
export function lookedUpCallOf(call: CallEnvelope, targetWorkflowId: string): LookedUpCall {
  const { wrapperWorkflowId, target } = call;
  const { idMode, runId, workflowType } = target;
  return {
    wrapperWorkflowId,
    targetWorkflowId,
    ...(idMode === 'attach' ? { attached: { runId: runId ?? '' } } : {}),
    ...(idMode === 'article' ? { adoptsType: workflowType } : {}),
  };
}
