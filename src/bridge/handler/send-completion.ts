import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { requestIdOf } from '../../shared/call-id.js';
import { MAX_COMPLETION_BYTES, MAX_ENVELOPE_BYTES } from '../../shared/limits.js';
import { COMPLETION_HEADER, COMPLETION_SIGNAL } from '../../shared/names.js';
import { raw, totalPayloadBytes } from '../../shared/payloads.js';
import type { RemoteCallEnvelope, SealedReplyAddress } from '../../shared/wire/call-envelope.js';
import { bridgeSignalWord } from '../../shared/wire/completion-envelope.js';
import type { Delivery } from '../../workflow/handler-activities.js';
import type { ActivityCall } from '../activity-call.js';
import { faultOf, faultText } from '../grpc-errors.js';
import { withRequestContext } from '../request-context.js';
import type { ClusterClient } from '../cluster-client.js';
import { callFields } from './call-fields.js';
import { callerLife } from './caller-life.js';
import { checkCaller } from './check-caller.js';
import { countDelivery } from './count-delivery.js';
import type { HandlerSide } from './handler-side.js';
import { readRemoteCall } from './read-remote-call.js';

/** Deadline of a request in the local attempt, in milliseconds: it must end well inside a workflow task. */
const LOCAL_RPC_TIMEOUT_MS = 3_000;

class NotFound extends Error {}

async function signalCaller(
  callers: ClusterClient,
  input: ActivityCall,
  to: SealedReplyAddress,
  runId: string | undefined,
): Promise<void> {
  const header = input.header(COMPLETION_HEADER);
  if (!header) throw ApplicationFailure.nonRetryable('no completion envelope', 'INVALID_REQUEST');
  const context = {
    // The word of the start, which has no outcome, is another request than the completion.
    requestId: requestIdOf(bridgeSignalWord(header).kind, to.callId),
    headers: { [COMPLETION_HEADER]: header },
  };
  const timeoutMs = Context.current().info.isLocal ? LOCAL_RPC_TIMEOUT_MS : undefined;
  try {
    await callers.request(
      () =>
        withRequestContext(context, () =>
          callers.client.workflow
            .getHandle(to.workflowId, runId)
            .signal(COMPLETION_SIGNAL, ...input.payloads.map(raw)),
        ),
      timeoutMs,
    );
  } catch (error) {
    if (faultOf(error) === 'not-found') throw new NotFound(faultText(error), { cause: error });
    throw error;
  }
}

/**
 * Signals the outcome to the caller. Sent to the run that made the call; if that run is gone, one look tells whether its
 * chain goes on (then the signal goes to the chain's current run) or the caller is gone (I4).
 *
 * Delivery is at least once: a retry carries the same request id, and the caller takes a call's outcome once.
 */
export function sendCompletion(side: HandlerSide, input: ActivityCall): Promise<Delivery> {
  const call = readRemoteCall(side, input);
  return countDelivery(side, input, call, () => deliver(side, input, call));
}

async function deliver(side: HandlerSide, input: ActivityCall, call: RemoteCallEnvelope): Promise<Delivery> {
  const { replyTo } = call;
  const fields = callFields(side, call);
  const { callers, refusal } = checkCaller(side, call);
  if (refusal !== undefined) {
    side.log.error('Completion not sent: the seal is not good', { ...fields, why: refusal });
    return { delivered: 'seal-refused', note: refusal };
  }
  if (!side.completionSignals)
    return {
      delivered: 'signals-off',
      note: 'BRIDGE_COMPLETION_SIGNALS is false; the fallback poll brings the outcome',
    };
  const headerBytes = input.header(COMPLETION_HEADER)?.data?.length ?? 0;
  const bytes = totalPayloadBytes(input.payloads) + headerBytes;
  if (bytes > MAX_COMPLETION_BYTES || headerBytes > MAX_ENVELOPE_BYTES) {
    side.log.warn('Completion too large for a signal; the fallback poll brings it', { ...fields, bytes });
    return {
      delivered: 'too-large',
      note: `${bytes} bytes, ${headerBytes} of them header; a signal takes ${MAX_COMPLETION_BYTES} and ${MAX_ENVELOPE_BYTES}; the fallback poll brings the outcome`,
    };
  }
  try {
    await signalCaller(callers, input, replyTo, replyTo.runId);
  } catch (error) {
    if (error instanceof NotFound) {
      // In another run than the one that made the call: continue-as-new, retry or reset.
      if ((await callerLife(callers, replyTo)) !== 'running') return callerGone(side, fields, replyTo);
      try {
        await signalCaller(callers, input, replyTo, undefined);
      } catch (again) {
        if (again instanceof NotFound) return callerGone(side, fields, replyTo);
        return refusedOrRetried(side, callers, fields, again);
      }
    } else {
      return refusedOrRetried(side, callers, fields, error);
    }
  }
  side.log.info('Completion sent', fields);
  return {
    delivered: 'signal',
    note: `to run ${replyTo.runId} of ${replyTo.workflowId} on ${replyTo.sourceCluster}`,
  };
}

function callerGone(side: HandlerSide, fields: Record<string, unknown>, to: SealedReplyAddress): Delivery {
  const note = `run ${to.runId} of ${to.workflowId} on ${to.sourceCluster} has closed, and its chain with it; nobody waits for this outcome`;
  side.log.info('Completion dropped: the caller is gone', fields);
  return { delivered: 'caller-gone', note };
}

/** What the caller cluster will never take is reported (I9); everything else is tried again. */
function refusedOrRetried(
  side: HandlerSide,
  callers: ClusterClient,
  fields: Record<string, unknown>,
  error: unknown,
): Delivery {
  const why = faultText(error);
  if (faultOf(error) === 'invalid') {
    side.log.error('Completion refused by the caller cluster; the fallback poll brings the outcome', {
      ...fields,
      why,
    });
    return { delivered: 'refused', note: why };
  }
  side.log.warn('Completion not sent yet; it is tried again', { ...fields, why });
  throw new Error(`${callers.cluster.name} cannot be reached: ${why}`, { cause: error });
}
