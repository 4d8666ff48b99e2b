/** The handler side's allow-list: what may be called, from which cluster and namespace. */
import type { RemoteCallEnvelope } from '../../shared/wire/call-envelope.js';
import type { TargetKind } from '../allow/allow-gate.js';
import { denialMessage } from '../allow/allow-gate.js';
import { executionKind } from '../execution-kind.js';
import type { HandlerSide } from './handler-side.js';
import { metricsFor } from './read-remote-call.js';

/** Why this target is not allowed for the call, counted; absent: it is. */
export function targetDenial(
  side: HandlerSide,
  { replyTo }: RemoteCallEnvelope,
  target: TargetKind,
): string | undefined {
  const { sourceCluster, namespace } = replyTo;
  const asked = {
    from: { cluster: sourceCluster, namespace },
    to: { cluster: side.own.cluster.name, target },
  };
  const denied = side.allow.deniedToHandler(asked);
  if (denied === undefined) return undefined;
  metricsFor(side, sourceCluster).refused(denied);
  return denialMessage(denied, asked, 'handler');
}

/**
 * Why a call may not wait for a workflow that it did not start, by what that is now; absent also if there is none.
 *
 * @throws the client's error if the handler cluster cannot be asked
 */
export async function attachDenial(side: HandlerSide, call: RemoteCallEnvelope): Promise<string | undefined> {
  if (side.allow.isOpen) return undefined;
  const kind = await executionKind(side.own, call.target.workflowId, call.attachRunId);
  return kind && targetDenial(side, call, kind);
}
