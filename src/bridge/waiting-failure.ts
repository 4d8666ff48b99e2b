import Long from 'long';
import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import type { ProtoFailure } from '@temporalio/common';
import type { Outcome, RemoteExecution } from '../shared/outcome.js';
import { encodeAnchorFailure, waitingSource } from '../shared/wire/anchor-report.js';
import type { Started } from '../shared/wire/anchor-report.js';

/** `APPLICATION_ERROR_CATEGORY_BENIGN`; the SDK's core reads the proto, its TypeScript the failure itself. */
const BENIGN = 1;

/**
 * Ends an attempt that has nothing to tell yet and puts the activity into server-side back-off: no history event, no
 * slot, no request until then. BENIGN: neither logged nor counted as a failure. The message is what an operator reads
 * under "Pending Activities".
 */
export function waitingFailure(
  type: string,
  message: string,
  nextRetryDelayMs: number,
  started: Started,
): ApplicationFailure {
  const delayMs = Math.max(1, Math.round(nextRetryDelayMs));
  const failure = ApplicationFailure.create({
    type,
    message,
    nonRetryable: false,
    nextRetryDelay: delayMs,
    category: ApplicationFailureCategory.BENIGN,
  });
  failure.stack = '';
  failure.failure = {
    message,
    source: waitingSource(started),
    applicationFailureInfo: {
      type,
      nonRetryable: false,
      nextRetryDelay: {
        seconds: Long.fromNumber(Math.floor(delayMs / 1000)),
        nanos: (delayMs % 1000) * 1_000_000,
      },
      category: BENIGN,
    },
  };
  return failure;
}

/**
 * The failure by which an activity reports what is no result. BENIGN, as a waiting one: the call may have failed, the
 * activity has done its work. The proto message is sent as it is otherwise.
 */
export function reportFailure(proto: ProtoFailure): ApplicationFailure {
  const failure = ApplicationFailure.create({
    type: proto.applicationFailureInfo?.type ?? '',
    message: proto.message ?? '',
    nonRetryable: true,
    category: ApplicationFailureCategory.BENIGN,
  });
  failure.stack = '';
  failure.failure = {
    ...proto,
    applicationFailureInfo: { ...proto.applicationFailureInfo, category: BENIGN },
  };
  return failure;
}

/** The failure by which an activity reports an outcome that is not a value. */
export function outcomeFailure(
  outcome: Outcome,
  remote: RemoteExecution,
  cause?: ProtoFailure,
): ApplicationFailure {
  const proto = encodeAnchorFailure(outcome, remote);
  return reportFailure(cause ? { ...proto, cause } : proto);
}
