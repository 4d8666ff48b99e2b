import { ApplicationFailure } from '@temporalio/common';
import type { ProtoFailure } from '@temporalio/common';
import { quotedMessage } from '../shared/failure-chain.js';
import type { FailureType } from '../shared/failure-table.js';
import { FAILURE_TABLE } from '../shared/failure-table.js';
import type { Outcome, RemoteExecution } from '../shared/outcome.js';

/** Turns the target's failure into an error; the bridge's own workers keep it raw, a user's worker decodes it. */
export type FailureDecoder = (failure: ProtoFailure) => Error;

/** `TIMEOUT_TYPE_START_TO_CLOSE`, by which a child's time-out is told, too. */
const START_TO_CLOSE = 1;

/** What a failure tells about the call. */
export interface CallDetails {
  readonly callId: string;
  readonly workflowType: string;
  readonly taskQueue: string;
  readonly remote: RemoteExecution | undefined;
}

/** A failure of the bridge's own. Without a stack: it would show the bridge's code, and repeat the message. */
export function bridgeFailure(
  type: FailureType,
  message: string,
  call: CallDetails,
  extra: { cause?: Error; nonRetryable?: boolean; details?: Readonly<Record<string, string>> } = {},
): ApplicationFailure {
  const { callId, workflowType, taskQueue, remote } = call;
  const failure = ApplicationFailure.create({
    type,
    message,
    nonRetryable: extra.nonRetryable ?? FAILURE_TABLE[type].retryable === false,
    details: [
      {
        callId,
        workflowType,
        taskQueue,
        ...(remote ? { workflowId: remote.workflowId, runId: remote.runId } : {}),
        ...extra.details,
      },
    ],
    ...(extra.cause ? { cause: extra.cause } : {}),
  });
  failure.stack = '';
  return failure;
}

/**
 * The error that a caller sees for an outcome which is not a value. A cancelled target surfaces as a
 * `CancelledFailure`, so that `isCancellation` holds; everything else is an `ApplicationFailure` with a type from the
 * failure table, and its cause is what the failure of a child would have as its cause: the target's own failure, or the
 * SDK's class for a time-out or a termination.
 */
export function outcomeError(
  outcome: Exclude<Outcome, { status: 'completed' }>,
  call: CallDetails,
  decode: FailureDecoder,
): Error {
  const target = `${call.workflowType} on ${call.taskQueue}`;
  switch (outcome.status) {
    case 'failed': {
      const { failure } = outcome;
      return bridgeFailure(
        'REMOTE_WORKFLOW_FAILED',
        `remote workflow ${target} failed: ${quotedMessage(failure)}`,
        call,
        {
          cause: decode(failure),
          nonRetryable: Boolean((failure.applicationFailureInfo ?? failure.serverFailureInfo)?.nonRetryable),
        },
      );
    }
    case 'canceled': {
      const payloads = [...outcome.details];
      return decode({
        message: `remote workflow ${target} was canceled`,
        canceledFailureInfo: payloads.length > 0 ? { details: { payloads } } : {},
      });
    }
    case 'timed_out':
      return bridgeFailure('REMOTE_WORKFLOW_TIMED_OUT', `remote workflow ${target} timed out`, call, {
        cause: decode({ message: 'Timed out', timeoutFailureInfo: { timeoutType: START_TO_CLOSE } }),
      });
    case 'terminated':
      return bridgeFailure('REMOTE_WORKFLOW_TERMINATED', `remote workflow ${target} was terminated`, call, {
        cause: decode({ message: 'Terminated', terminatedFailureInfo: {} }),
      });
    case 'refused':
      return bridgeFailure(outcome.refusal.type, outcome.refusal.message, call, {
        details: outcome.refusal.details,
      });
  }
}
