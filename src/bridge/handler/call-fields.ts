import { Context } from '@temporalio/activity';
import type { RemoteCallEnvelope } from '../../shared/wire/call-envelope.js';
import type { CallLogFields } from '../call-log.js';
import type { HandlerSide } from './handler-side.js';

/** A call as the handler side's log lines name it; before its seal is checked, as it names itself. */
export function callFields(
  side: Pick<HandlerSide, 'own'>,
  { callId, replyTo, target }: RemoteCallEnvelope,
): CallLogFields {
  return {
    callId,
    sourceCluster: replyTo.sourceCluster,
    destinationCluster: side.own.cluster.name,
    sourceWorkflowId: replyTo.workflowId,
    remoteWorkflowId: target.workflowId,
    remoteTaskQueue: target.taskQueue,
    attempt: Context.current().info.attempt,
  };
}
