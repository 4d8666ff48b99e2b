import { ApplicationFailure } from '@temporalio/common';
import { escapeForLog } from '../../shared/escape.js';
import { MAX_ARGUMENTS_BYTES } from '../../shared/limits.js';
import { CALL_HEADER } from '../../shared/names.js';
import { totalPayloadBytes } from '../../shared/payloads.js';
import type { CallEnvelope } from '../../shared/wire/call-envelope.js';
import { parseCallEnvelope } from '../../shared/wire/call-envelope.js';
import type { ActivityCall } from '../activity-call.js';
import type { CallerSide } from './caller-side.js';

function invalidRequest(message: string): ApplicationFailure {
  return ApplicationFailure.create({ type: 'INVALID_REQUEST', message, nonRetryable: true });
}

/**
 * Reads the call that an activity was scheduled for.
 *
 * @throws ApplicationFailure `INVALID_REQUEST` or `PAYLOAD_TOO_LARGE`, non-retryable
 */
export function readCall(side: CallerSide, input: ActivityCall): CallEnvelope {
  let call: CallEnvelope;
  try {
    call = parseCallEnvelope(input.header(CALL_HEADER));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw invalidRequest(
      `${reason}; run CrossClusterWorkflow, or install the bridge's workflow interceptors`,
    );
  }
  if (call.sourceCluster !== undefined && call.sourceCluster !== side.sourceCluster) {
    throw invalidRequest(
      `sourceCluster: the call was made for cluster ${escapeForLog(call.sourceCluster, 80)}, this bridge serves ` +
        `${side.sourceCluster}; expected the same name, since ids are made of it; nothing was started`,
    );
  }
  const bytes = totalPayloadBytes(input.payloads);
  if (bytes > MAX_ARGUMENTS_BYTES) {
    throw ApplicationFailure.create({
      type: 'PAYLOAD_TOO_LARGE',
      message: `arguments of ${bytes} bytes; expected at most ${MAX_ARGUMENTS_BYTES}; nothing was started`,
      nonRetryable: true,
    });
  }
  return call;
}
