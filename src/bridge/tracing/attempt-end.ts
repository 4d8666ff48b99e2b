import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { Headers } from '@temporalio/common';
import { CALL_HELD, REMOTE_RUNNING } from '../../shared/failure-table.js';
import {
  ADMIT_ACTIVITY,
  COMPLETION_HEADER,
  SEND_COMPLETION_ACTIVITY,
  START_ACTIVITY,
} from '../../shared/names.js';
import { payloadsOf } from '../../shared/payloads.js';
import { decodeAnchorFailure, decodeStartedReport, decodeWaiting } from '../../shared/wire/anchor-report.js';
import { parseBridgeSignal } from '../../shared/wire/completion-envelope.js';
import type { Admission, Delivery } from '../../workflow/handler-activities.js';

/** What an attempt of one of the bridge's activities came to. */
export interface AttemptEnd {
  /** One word; never a text of the user's. */
  readonly outcome: string;
  /** The type of the failure, if it is one. */
  readonly errorType?: string;
  /** What became of a signal to the caller. */
  readonly delivery?: string;
  /** The activity ends with this attempt; otherwise it is tried again. */
  readonly isLast: boolean;
}

/** What an activity is called with, before the bridge unpacks it. */
export interface Input {
  readonly headers: Headers;
  readonly args: readonly unknown[];
}

/** What an attempt that returned came to. */
export function endOfResult(activityType: string, { headers, args }: Input, result: unknown): AttemptEnd {
  switch (activityType) {
    case START_ACTIVITY:
      return { outcome: 'completed', isLast: true };
    case SEND_COMPLETION_ACTIVITY:
      return { ...reported(headers, args), delivery: (result as Delivery).delivered, isLast: true };
    case ADMIT_ACTIVITY: {
      const admission = result as Admission;
      if (admission.admitted) return { outcome: 'admitted', isLast: true };
      return { outcome: 'refused', errorType: admission.type, isLast: true };
    }
    default:
      return { outcome: 'done', isLast: true };
  }
}

/** What a signal to the caller says. */
function reported(headers: Headers, args: readonly unknown[]): Pick<AttemptEnd, 'outcome' | 'errorType'> {
  try {
    const signal = parseBridgeSignal(headers[COMPLETION_HEADER], payloadsOf(args));
    if (signal.kind === 'started') return { outcome: 'started' };
    const { outcome } = signal.completion;
    return outcome.status === 'refused'
      ? { outcome: outcome.status, errorType: outcome.refusal.type }
      : { outcome: outcome.status };
  } catch {
    return { outcome: 'unknown' }; // the caller will say the same
  }
}

const NO_ERROR: readonly string[] = ['completed', 'canceled'];

/** What an attempt that failed came to; waiting is reported by a failure, too. */
export function endOfFailure(error: unknown): AttemptEnd {
  if (error instanceof CancelledFailure) return { outcome: 'canceled', isLast: true };
  if (!(error instanceof ApplicationFailure)) {
    return { outcome: 'error', errorType: error instanceof Error ? error.name : 'unknown', isLast: false };
  }
  const { failure, nonRetryable } = error;
  const errorType = error.type ?? error.name;
  if (failure && decodeWaiting(failure) !== undefined) {
    if (errorType === CALL_HELD) return { outcome: 'held', isLast: false };
    return errorType === REMOTE_RUNNING
      ? { outcome: 'running', isLast: false }
      : { outcome: 'unreachable', errorType, isLast: false };
  }
  const outcome = failure && decodeAnchorFailure(failure)?.outcome.status;
  if (outcome !== undefined)
    return { outcome, isLast: true, ...(NO_ERROR.includes(outcome) ? {} : { errorType }) };
  if (failure && decodeStartedReport(failure)) return { outcome: 'started', isLast: true };
  return { outcome: 'error', errorType, isLast: nonRetryable ?? false };
}
