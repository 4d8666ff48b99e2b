import type { Payload } from '@temporalio/common';
import { isFailureType } from '../failure-table.js';
import type { Outcome, RemoteExecution } from '../outcome.js';
import { encodeFailure, decodeFailure } from './failure-skeleton.js';
import { ENVELOPE_VERSION, HEX_64, envelopeHeader, invalidField, openEnvelope } from './fields.js';
import type { EnvelopeHead, FieldReader } from './fields.js';

/** An outcome with its payloads taken out: what a header can carry. */
export type OutcomeSkeleton = Readonly<Record<string, unknown>> & { readonly status: Outcome['status'] };

/** Kind `completion`: the outcome of a call. The user's payloads travel beside it, as the signal's arguments. */
export interface CompletionEnvelope extends EnvelopeHead<'completion'> {
  readonly callId: string;
  readonly argsDigest: string;
  readonly remote: RemoteExecution;
  readonly outcome: OutcomeSkeleton;
}

/** A completion as the caller takes it. */
export interface Completion {
  readonly callId: string;
  /** Of the call that was started: another one that claims the same id is not answered by it. */
  readonly argsDigest: string;
  readonly remote: RemoteExecution;
  readonly outcome: Outcome;
}

/** Takes an outcome apart into a skeleton and the user's payloads. */
export function encodeOutcome(outcome: Outcome): { skeleton: OutcomeSkeleton; payloads: Payload[] } {
  const payloads: Payload[] = [];
  switch (outcome.status) {
    case 'completed':
      if (outcome.value) payloads.push(outcome.value);
      return { skeleton: { status: 'completed' }, payloads };
    case 'failed':
      return { skeleton: { status: 'failed', failure: encodeFailure(outcome.failure, payloads) }, payloads };
    case 'canceled':
      payloads.push(...outcome.details);
      return { skeleton: { status: 'canceled' }, payloads };
    case 'timed_out':
    case 'terminated':
      return { skeleton: { status: outcome.status }, payloads };
    case 'refused':
      return { skeleton: { status: 'refused', ...outcome.refusal }, payloads };
  }
}

const STATUSES = ['completed', 'failed', 'canceled', 'timed_out', 'terminated', 'refused'] as const;

function decodeOutcome(fields: FieldReader, payloads: readonly Payload[]): Outcome {
  const status = fields.oneOf('status', STATUSES);
  switch (status) {
    case 'completed':
      return { status, value: payloads[0] };
    case 'failed':
      return { status, failure: decodeFailure(fields.rawObject('failure'), payloads) };
    case 'canceled':
      return { status, details: payloads };
    case 'timed_out':
    case 'terminated':
      return { status };
    case 'refused': {
      const type = fields.string('type');
      if (!isFailureType(type)) {
        throw invalidField(
          'completion.outcome.type',
          'a type of the failure table (upgrade this bridge)',
          type,
        );
      }
      return {
        status,
        refusal: { type, message: fields.string('message', { max: 4000 }), details: fields.texts('details') },
      };
    }
  }
}

/** Writes a completion into a header field and the payloads that travel beside it. */
export function encodeCompletion(completion: Completion): { header: Payload; payloads: Payload[] } {
  const { skeleton, payloads } = encodeOutcome(completion.outcome);
  const envelope: CompletionEnvelope = {
    v: ENVELOPE_VERSION,
    kind: 'completion',
    callId: completion.callId,
    argsDigest: completion.argsDigest,
    remote: completion.remote,
    outcome: skeleton,
  };
  return { header: envelopeHeader(envelope), payloads };
}

/** Kind `started`: the target of a call runs. Sent only to callers that asked for it. */
export interface Started {
  readonly callId: string;
  readonly argsDigest: string;
  readonly remote: RemoteExecution;
}

/** Writes the word that a target has started into a header field. */
export function encodeStarted({ callId, argsDigest, remote }: Started): Payload {
  return envelopeHeader({
    v: ENVELOPE_VERSION,
    kind: 'started',
    callId,
    argsDigest,
    remote,
  } as EnvelopeHead<'started'>);
}

function startedOf(fields: FieldReader): Started {
  const remote = fields.object('remote');
  return {
    callId: fields.string('callId', { pattern: HEX_64 }),
    argsDigest: fields.string('argsDigest', { pattern: HEX_64 }),
    remote: {
      wrapperWorkflowId: remote.string('wrapperWorkflowId'),
      workflowId: remote.string('workflowId'),
      runId: remote.string('runId', { empty: true }),
    },
  };
}

/**
 * Reads a completion.
 *
 * @throws {BridgeError} `ENVELOPE_INVALID` or `ENVELOPE_VERSION`
 */
export function parseCompletion(
  header: Payload | null | undefined,
  payloads: readonly Payload[],
): Completion {
  return completionOf(openEnvelope(header, 'completion'), payloads);
}

function completionOf(fields: FieldReader, payloads: readonly Payload[]): Completion {
  return { ...startedOf(fields), outcome: decodeOutcome(fields.object('outcome'), payloads) };
}

/** What a signal of the bridge says. */
export type BridgeSignal =
  | { readonly kind: 'started'; readonly started: Started }
  | { readonly kind: 'completion'; readonly completion: Completion };

const SIGNAL_KINDS = ['completion', 'started'] as const;

/**
 * Reads what a signal of the bridge says: that the target has started, or how the call ended.
 *
 * @throws {BridgeError} `ENVELOPE_INVALID` or `ENVELOPE_VERSION`
 */
export function parseBridgeSignal(
  header: Payload | null | undefined,
  payloads: readonly Payload[],
): BridgeSignal {
  const fields = openEnvelope(header, ...SIGNAL_KINDS);
  return fields.oneOf('kind', SIGNAL_KINDS) === 'started'
    ? { kind: 'started', started: startedOf(fields) }
    : { kind: 'completion', completion: completionOf(fields, payloads) };
}

/** What a signal says, for who only sends it on. */
export type BridgeSignalWord =
  { readonly kind: 'started' } | { readonly kind: 'completion'; readonly status: Outcome['status'] };

/**
 * Which signal a header field is of, for who only sends it on.
 *
 * @throws {BridgeError} `ENVELOPE_INVALID` or `ENVELOPE_VERSION`
 */
export function bridgeSignalWord(header: Payload | null | undefined): BridgeSignalWord {
  const fields = openEnvelope(header, ...SIGNAL_KINDS);
  const kind = fields.oneOf('kind', SIGNAL_KINDS);
  return kind === 'started' ? { kind } : { kind, status: fields.object('outcome').oneOf('status', STATUSES) };
}
