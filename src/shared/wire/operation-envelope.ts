import type { Payload } from '@temporalio/common';
import { ENVELOPE_VERSION, envelopeHeader, openEnvelope } from './fields.js';
import type { EnvelopeHead } from './fields.js';

/** What a caller does to the target of a call that it has open. */
export type OperationType = 'signal' | 'query' | 'update' | 'cancel' | 'terminate';

/** Kind `operation`: beside the call's own envelope. The user's arguments are the activity's. */
export interface OperationEnvelope extends EnvelopeHead<'operation'> {
  readonly type: OperationType;
  /** Name of the signal, query or update; else the reason. */
  readonly name: string;
  /** Tells the operations of one caller run on one call apart; the request ids are made of it. */
  readonly id: string;
  /** The target's first run, where the caller knows it. */
  readonly runId?: string;
}

/** Writes an operation envelope into a header field. */
export function encodeOperationEnvelope(operation: Omit<OperationEnvelope, 'v' | 'kind'>): Payload {
  const envelope: OperationEnvelope = { v: ENVELOPE_VERSION, kind: 'operation', ...operation };
  return envelopeHeader(envelope);
}

/**
 * Reads an operation envelope.
 *
 * @throws {BridgeError} `ENVELOPE_INVALID` or `ENVELOPE_VERSION`
 */
export function parseOperationEnvelope(header: Payload | null | undefined): OperationEnvelope {
  const fields = openEnvelope(header, 'operation');
  const runId = fields.optionalString('runId');
  return {
    v: ENVELOPE_VERSION,
    kind: 'operation',
    type: fields.oneOf('type', ['signal', 'query', 'update', 'cancel', 'terminate']),
    name: fields.string('name', { empty: true }),
    id: fields.string('id'),
    ...(runId === undefined ? {} : { runId }),
  };
}
