import { Context } from '@temporalio/activity';
import { BridgeError } from '../../shared/bridge-error.js';
import { showValue } from '../../shared/escape.js';
import type { RemoteCallEnvelope } from '../../shared/wire/call-envelope.js';
import type { ClusterClient } from '../cluster-client.js';
import { callFields } from './call-fields.js';
import type { HandlerSide } from './handler-side.js';
import { metricsFor } from './read-remote-call.js';

/** Where a call's answer goes, or why this side may not act for the call. */
export type CheckedCaller =
  | { readonly callers: ClusterClient; readonly refusal?: never }
  | { readonly refusal: string; readonly callers?: never };

/**
 * Whether this handler side may act for a call: its seal is good and shown by the workflow that it names, and its caller
 * is of the cluster and namespace that this process signals.
 *
 * @returns the client of the caller's cluster, or why not, for good
 * @throws {BridgeError} `SEAL_KEY_UNKNOWN` or `CALLER_NOT_SERVED`, both retryable: another replica, or this one with its
 *   next settings, may be the right one
 */
export function checkCaller(side: HandlerSide, call: RemoteCallEnvelope): CheckedCaller {
  const { replyTo, callId } = call;
  const metrics = metricsFor(side, replyTo.sourceCluster);
  const shownBy = { callId, wrapperWorkflowId: Context.current().info.workflowExecution?.workflowId ?? '' };
  try {
    side.verifier.check(replyTo, shownBy);
  } catch (error) {
    if (BridgeError.is(error) && !error.retryable) {
      metrics.refused('seal-invalid');
      return { refusal: error.message };
    }
    metrics.refused('seal-key-unknown');
    side.log.warn('Call waits: its seal is of a key that this handler side does not know', {
      ...callFields(side, call),
      keyId: replyTo.keyId,
    });
    throw error;
  }
  const callers = side.callers.find(
    ({ cluster }) => replyTo.namespace === cluster.namespace && replyTo.sourceCluster === cluster.name,
  );
  if (callers) return { callers };
  const caller = `namespace ${showValue(replyTo.namespace)} of ${showValue(replyTo.sourceCluster)}`;
  const serves = side.callers.map(({ cluster }) => `${cluster.namespace} of ${cluster.name}`).join(', ');
  const fields = callFields(side, call);
  side.log.warn('Call waits: this handler side does not serve its caller', { ...fields, caller, serves });
  metrics.refused('caller-not-served');
  throw new BridgeError(
    'CALLER_NOT_SERVED',
    `the call is from ${caller}; this handler side serves ${serves}; add it to BRIDGE_CALLER_CLUSTERS, or give ` +
      'its calls a handler task queue of their own; both sides use the same CLUSTER_A_NAME',
  );
}
