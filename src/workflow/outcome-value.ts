import { ApplicationFailure, TemporalFailure } from '@temporalio/common';
import type { Payload, ProtoFailure } from '@temporalio/common';
import { showValue } from '../shared/escape.js';
import { mapLinks, withoutPayloads } from '../shared/failure-chain.js';
import { encodingOf } from '../shared/payloads.js';
import type { RemoteExecution } from '../shared/outcome.js';
import type { CallDetails } from './outcome-error.js';
import { bridgeFailure, outcomeError } from './outcome-error.js';
import type { AnchoredCall } from './anchor.js';
import type { CallEnd } from './open-call.js';
import { OperationRefused } from './operations.js';
import { userConverters } from './sdk-runtime.js';

/** What an error of a call tells about it. */
export function callDetailsOf(call: AnchoredCall, remote: RemoteExecution | undefined): CallDetails {
  const { callId, target } = call.envelope;
  return {
    callId,
    workflowType: target.idMode === 'attach' ? target.name : target.workflowType,
    taskQueue: target.taskQueue,
    remote,
  };
}

/** A value as the user's own payload converter makes it. */
export function readValue(payload: Payload | undefined, call: CallDetails): unknown {
  if (!payload) return undefined;
  try {
    return userConverters().fromPayload(payload);
  } catch (error) {
    // A converter that throws would fail the workflow task for ever (I9).
    const why = error instanceof Error ? error.message : String(error);
    const message = `the result of encoding ${JSON.stringify(encodingOf(payload))} cannot be read: ${why}`;
    throw bridgeFailure('RESULT_UNREADABLE', message, call);
  }
}

/**
 * The target's failure as the user's own converters make it. What they cannot read is left out link by link, and said in
 * the message, so that type, message and causes survive details of an unknown encoding.
 */
export function readFailure(failure: ProtoFailure): Error {
  const converters = userConverters();
  try {
    return converters.failureToError(failure);
  } catch {
    try {
      const error = converters.failureToError(mapLinks(failure, readableLink));
      if (error instanceof TemporalFailure) error.failure = failure; // sent on, it is what it was
      return error;
    } catch {
      // The user's own converter throws whatever it is given.
      return ApplicationFailure.nonRetryable(failure.message ?? '', 'UnreadableFailure');
    }
  }
}

function readableLink(link: ProtoFailure): ProtoFailure {
  if (canRead(link)) return link;
  const bare = withoutPayloads(link);
  // The message may be among what was encoded.
  const withAttributes = { ...bare, encodedAttributes: link.encodedAttributes ?? null };
  if (link.encodedAttributes && canRead(withAttributes)) return withAttributes;
  const message = `${link.message ?? ''} [details that this worker's payload converter cannot read were left out]`;
  if (canRead(bare)) return { ...bare, message };
  // A failure that lacks what the SDK requires of its kind; a signal may bring anything.
  const { source, stackTrace } = link;
  return {
    message,
    source: source ?? '',
    stackTrace: stackTrace ?? '',
    applicationFailureInfo: { type: 'UnreadableFailure', nonRetryable: true },
  };
}

function canRead(link: ProtoFailure): boolean {
  try {
    userConverters().failureToError(link);
    return true;
  } catch {
    return false;
  }
}

/** What a call gives its caller: the target's value, or an error thrown. */
export function settle(call: AnchoredCall, end: CallEnd): unknown {
  const details = callDetailsOf(call, end.remote);
  if (end.outcome.status === 'completed') return readValue(end.outcome.value, details);
  throw outcomeError(end.outcome, details, readFailure);
}

/** The error for an operation on a target that did not work. */
export function operationError(call: AnchoredCall, error: unknown, remote?: RemoteExecution): unknown {
  if (!(error instanceof OperationRefused)) return error;
  const { type, message, failure } = error;
  return bridgeFailure(
    type,
    message,
    callDetailsOf(call, remote),
    failure ? { cause: readFailure(failure) } : {},
  );
}

/** The typed error for options that cannot be meant. Nothing has been recorded or started. */
export function invalidOption(field: string, expected: string, got: unknown): ApplicationFailure {
  const shown = showValue(got);
  return ApplicationFailure.create({
    type: 'INVALID_REQUEST',
    message: `${field}; expected ${expected}, got ${shown}; nothing was started`,
    nonRetryable: true,
    details: [{ field, expected, got: shown }],
  });
}
