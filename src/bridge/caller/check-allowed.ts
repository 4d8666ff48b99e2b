/** The caller side's allow-list: who may call, and what the bridge's credentials on the handler cluster may touch. */
import { Context } from '@temporalio/activity';
import type { CallEnvelope } from '../../shared/wire/call-envelope.js';
import type { AskedCall, TargetKind } from '../allow/allow-gate.js';
import { denialMessage } from '../allow/allow-gate.js';
import { executionKind } from '../execution-kind.js';
import type { CallerSide } from './caller-side.js';
import { targetWorkflowIdFor } from './target-id.js';

/** What a call or an operation asks for; the caller's type is the one that its cluster has recorded. */
function askedOf(side: CallerSide, call: CallEnvelope, target: TargetKind | undefined): AskedCall {
  const workflowType = Context.current().info.workflowType ?? '';
  return {
    from: { cluster: side.sourceCluster, namespace: call.caller.namespace, workflowType },
    to: { cluster: side.remote.cluster.name, target },
  };
}

/** Why this is not allowed, counted and logged; absent: it is. */
function denial(side: CallerSide, call: CallEnvelope, target: TargetKind | undefined): string | undefined {
  const asked = askedOf(side, call, target);
  const denied = side.allow.deniedToCaller(asked);
  if (denied === undefined) return undefined;
  side.metrics.refused(denied);
  const why = denialMessage(denied, asked, 'caller');
  side.log.warn('Call refused by the allow-list', {
    callId: call.callId,
    sourceCluster: side.sourceCluster,
    destinationCluster: side.remote.cluster.name,
    sourceWorkflowId: call.caller.workflowId,
    remoteWorkflowId: targetWorkflowIdFor(side.sourceCluster, call),
    remoteTaskQueue: target?.taskQueue ?? '',
    attempt: Context.current().info.attempt,
    activity: Context.current().info.activityType,
    type: 'TARGET_NOT_ALLOWED',
    why,
  });
  return why;
}

/**
 * Why a call may not be started: by what it says it calls; of a workflow that it attaches to, by what that is.
 *
 * @throws the client's error if the handler cluster cannot be asked about a workflow to attach to
 */
export async function callDenial(side: CallerSide, call: CallEnvelope): Promise<string | undefined> {
  if (side.allow.isOpen) return undefined;
  const { idMode, name, runId, workflowType, taskQueue } = call.target;
  if (idMode !== 'attach') return denial(side, call, { workflowType, taskQueue });
  // Who may not call at all learns nothing of what is there.
  return denial(side, call, undefined) ?? (await executionDenial(side, call, name, [runId])).why;
}

/** Whether an operation on a workflow is allowed, by what that workflow is now: its id says nothing of its type. */
export interface ExecutionCheck {
  /** Absent: it is allowed, as far as it is known. */
  readonly why?: string | undefined;
  /** The workflow is there, or nothing needs to be known of it. */
  readonly isKnown: boolean;
}

/**
 * Checks a workflow before an operation on it: its current run, and the runs that are named.
 *
 * @throws the client's error if the handler cluster cannot be asked
 */
export async function executionDenial(
  side: CallerSide,
  call: CallEnvelope,
  workflowId: string,
  runIds: readonly (string | undefined)[],
): Promise<ExecutionCheck> {
  if (side.allow.isOpen) return { isKnown: true };
  let isKnown = false;
  for (const runId of new Set(['', ...runIds.map((runId) => runId ?? '')])) {
    const kind = await executionKind(side.remote, workflowId, runId);
    if (kind === undefined) continue;
    isKnown = true;
    const why = denial(side, call, kind);
    if (why !== undefined) return { isKnown, why };
  }
  return isKnown ? { isKnown } : { isKnown, why: denial(side, call, undefined) };
}
