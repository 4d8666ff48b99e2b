import type { Payload, ProtoFailure } from '@temporalio/common';
import { boundFailure } from './failure-chain.js';
import type { FailureType } from './failure-table.js';

/** How a call ended. The first five are the target's own end, as its history fixed it; `refused` is the bridge's. */
export type Outcome =
  | { readonly status: 'completed'; readonly value: Payload | undefined }
  | { readonly status: 'failed'; readonly failure: ProtoFailure }
  | { readonly status: 'canceled'; readonly details: readonly Payload[] }
  | { readonly status: 'timed_out' }
  | { readonly status: 'terminated' }
  | { readonly status: 'refused'; readonly refusal: Refusal };

/** The bridge's reason for ending a call without (or without knowing) a target's outcome. */
export interface Refusal {
  readonly type: FailureType;
  readonly message: string;
  /** Small facts for programs, for example `{ started: 'unknown' }`. */
  readonly details: Readonly<Record<string, string>>;
}

/** Where a call runs on the handler cluster. */
export interface RemoteExecution {
  /** Workflow id of the wrapper. */
  readonly wrapperWorkflowId: string;
  /** Workflow id of the target. */
  readonly workflowId: string;
  /** First run id of the target, `''` where no target was started or its id is not known. */
  readonly runId: string;
}

/** An outcome of the bridge's own making. */
export function refused(
  type: FailureType,
  message: string,
  details: Record<string, string> = {},
): Extract<Outcome, { status: 'refused' }> {
  return { status: 'refused', refusal: { type, message, details } };
}

/**
 * The outcome behind a failure with which the target closed. One function for the signal's way and for the fallback's,
 * so that both bring the same (I3).
 */
export function outcomeOfFailure(failure: ProtoFailure): Outcome {
  if (failure.canceledFailureInfo) {
    return { status: 'canceled', details: failure.canceledFailureInfo.details?.payloads ?? [] };
  }
  // A server's own word has no source; a target that throws on its activity's time-out has failed.
  if (!failure.source && failure.terminatedFailureInfo) return { status: 'terminated' };
  if (!failure.source && failure.timeoutFailureInfo) return { status: 'timed_out' };
  return { status: 'failed', failure: boundFailure(failure) };
}
