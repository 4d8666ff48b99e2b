import { Context } from '@temporalio/activity';
import { BridgeError } from '../../shared/bridge-error.js';
import { showValue } from '../../shared/escape.js';
import type { RemoteCallEnvelope } from '../../shared/wire/call-envelope.js';
import type { HandlerSide } from './handler-side.js';

/**
 * Whether this handler side may act for a call: its seal is good and shown by the workflow that it names, and its caller
 * is of the cluster and namespace that this process signals.
 *
 * @returns why not, for good; `undefined` if it may
 * @throws {BridgeError} `SEAL_KEY_UNKNOWN` or `CALLER_NOT_SERVED`, both retryable: another replica, or this one with its
 *   next settings, may be the right one
 */
export function refusedCaller(side: HandlerSide, call: RemoteCallEnvelope): string | undefined {
  const { replyTo, callId } = call;
  const shownBy = { callId, wrapperWorkflowId: Context.current().info.workflowExecution?.workflowId ?? '' };
  try {
    side.verifier.check(replyTo, shownBy);
  } catch (error) {
    if (BridgeError.is(error) && !error.retryable) return error.message;
    side.log.warn('Call waits: its seal is of a key that this handler side does not know', {
      callId,
      keyId: replyTo.keyId,
    });
    throw error;
  }
  const { name, namespace } = side.callers.cluster;
  if (replyTo.namespace === namespace && replyTo.sourceCluster === name) return undefined;
  const caller = `namespace ${showValue(replyTo.namespace)} of ${showValue(replyTo.sourceCluster)}`;
  side.log.warn('Call waits: this handler side does not serve its caller', {
    callId,
    caller,
    serves: `${namespace} of ${name}`,
  });
  throw new BridgeError(
    'CALLER_NOT_SERVED',
    `the call is from ${caller}; this handler side serves ${namespace} of ${name}; ` +
      'give each caller namespace a handler task queue of its own, and both sides the same CLUSTER_A_NAME',
  );
}
