/**
 * The failure table: the `type` strings by which callers tell failures of the bridge apart. Wire contract: a string
 * here is never renamed; docs/protocol.md shows the same table and a test compares the two.
 *
 * @module
 */

/** One row of the failure table. */
export interface FailureRow {
  /** What happened. */
  readonly meaning: string;
  /** Whether a retry policy around the caller may try again; `target` = as the target's own failure says. */
  readonly retryable: boolean | 'target';
  /** What an operator does. */
  readonly remedy: string;
}

export const FAILURE_TABLE = {
  INVALID_REQUEST: {
    meaning: 'The request is malformed; nothing was started.',
    retryable: false,
    remedy: 'Correct the field that the message names.',
  },
  TARGET_NOT_ALLOWED: {
    meaning:
      'The call is not allowed: the workflow type on its task queue, or the caller, is on no allow-list.',
    retryable: false,
    remedy: 'Add the type and queue, or the caller, to the allow-list of the side that the message names.',
  },
  CALL_ID_CONFLICT: {
    meaning:
      'The id of the call belongs to another call, to other arguments, or to a workflow that is not ours.',
    retryable: false,
    remedy: 'Use another key or workflow id; look at the workflow that holds the id.',
  },
  PAYLOAD_TOO_LARGE: {
    meaning: 'The arguments, or the result, are larger than a Temporal server takes.',
    retryable: false,
    remedy:
      'Pass a reference (object store, external storage) instead of the value. If it was the result, the target has run.',
  },
  REMOTE_UNREACHABLE: {
    meaning: 'The handler cluster could not be reached in as many attempts as the bridge was told to make.',
    retryable: true,
    remedy:
      'Check the link; raise BRIDGE_START_MAX_ATTEMPTS or set it to 0. If details.started is unknown, a retry in run scope may call twice.',
  },
  CALL_EXPIRED: {
    meaning:
      'The time-out passed and the handler cluster could not tell the outcome; details.started says what is known.',
    retryable: false,
    remedy: 'If details.started is yes or unknown, look at the remote workflow before calling again.',
  },
  OUTCOME_LOST: {
    meaning:
      'The call was started, but its remote execution is gone without a trace (deleted, or the cluster was restored).',
    retryable: false,
    remedy: 'Find out from the target’s own effects whether it ran; then call again under another key.',
  },
  SEAL_INVALID: {
    meaning: 'The handler side refused the call: its reply address is not signed by a key it trusts.',
    retryable: false,
    remedy: 'Give the handler side the public key of every caller side (BRIDGE_SEAL_VERIFY_KEYS).',
  },
  PERMISSION_DENIED: {
    meaning: 'The handler cluster refused the bridge’s credentials.',
    retryable: true,
    remedy: 'Renew or widen the credentials; waiting calls go on by themselves.',
  },
  RESULT_UNREADABLE: {
    meaning: 'The target completed, and the caller’s payload converter cannot read its result.',
    retryable: false,
    remedy: 'Give the caller’s worker the payload converter and codec that the target’s worker uses.',
  },
  TOO_MANY_OPEN_CALLS: {
    meaning:
      'The workflow has 1,900 calls open (a server allows 2,000 pending activities), or a cap is reached; nothing was started.',
    retryable: true,
    remedy:
      'Wait for some of the calls first, or spread them over several workflows; or raise the handler side’s cap (BRIDGE_MAX_CALLS_IN_FLIGHT).',
  },
  REMOTE_WORKFLOW_NOT_FOUND: {
    meaning:
      'No such workflow is known to the handler cluster, or it has closed and takes no signal or update.',
    retryable: false,
    remedy: 'Check workflow id, run id and cluster; for a handle, await its result first.',
  },
  REMOTE_OPERATION_FAILED: {
    meaning: 'The target refused a query or an update; the cause, if any, is its own failure.',
    retryable: false,
    remedy: 'Look at the cause: an unknown query or update name, a validator, or the handler’s own failure.',
  },
  REMOTE_WORKFLOW_FAILED: {
    meaning: 'The target failed; the cause is its own failure.',
    retryable: 'target',
    remedy: 'Treat the cause as the failure of a child workflow.',
  },
  REMOTE_WORKFLOW_TIMED_OUT: {
    meaning: 'The target ran into its time-out.',
    retryable: true,
    remedy: 'Allow more time, or look why the target is slow.',
  },
  REMOTE_WORKFLOW_TERMINATED: {
    meaning: 'The target was terminated.',
    retryable: true,
    remedy: 'Ask who terminated it; the reason stands in its history.',
  },
} as const satisfies Record<string, FailureRow>;

/** A failure type that a caller may meet. */
export type FailureType = keyof typeof FAILURE_TABLE;

/** Whether a value is one of the table's types. */
export function isFailureType(value: unknown): value is FailureType {
  return typeof value === 'string' && Object.hasOwn(FAILURE_TABLE, value);
}

/** Type of the benign failure that ends a waiting attempt of the anchor activity; never the end of a call. */
export const REMOTE_RUNNING = 'REMOTE_RUNNING';
/** Type of the benign failure that ends an attempt at a call which a cap holds back; never the end of a call. */
export const CALL_HELD = 'CALL_HELD';
/** Type under which the anchor activity reports a cancelled target; callers see a `CancelledFailure`. */
export const REMOTE_WORKFLOW_CANCELED = 'REMOTE_WORKFLOW_CANCELED';
/** Type under which the anchor activity reports a target that completed without any payload. */
export const REMOTE_WORKFLOW_COMPLETED = 'REMOTE_WORKFLOW_COMPLETED';
/** Type under which an activity reports that a call's target runs. */
export const REMOTE_STARTED = 'REMOTE_STARTED';
