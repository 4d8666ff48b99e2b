import { articleTargetWorkflowId, targetWorkflowIdOf } from '../../shared/remote-ids.js';
import type { CallEnvelope } from '../../shared/wire/call-envelope.js';

/** The target's workflow id: as the user asked, as the published bridge made it, or readable with the call's hash. */
export function targetWorkflowIdFor(sourceCluster: string, call: CallEnvelope): string {
  const { idMode, name } = call.target;
  const target = { sourceCluster, callerWorkflowId: call.caller.workflowId, name };
  switch (idMode) {
    case 'given':
      return name;
    case 'article':
      return articleTargetWorkflowId(target);
    case 'hashed':
      return targetWorkflowIdOf(target, call.callId);
  }
}
