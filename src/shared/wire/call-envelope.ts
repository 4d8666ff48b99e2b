import type { Payload } from '@temporalio/common';
import { MAX_WORKFLOW_ID_CHARS } from '../limits.js';
import { ENVELOPE_VERSION, HEX_64, envelopeHeader, openEnvelope } from './fields.js';
import type { EnvelopeHead, FieldReader } from './fields.js';

/** The workflow that makes a call. */
export interface CallerExecution {
  readonly namespace: string;
  readonly workflowId: string;
  /** The run that made the call; the completion signal goes to it first. */
  readonly runId: string;
  /** First run of its chain; tells a continued caller from a stranger who reuses the id. */
  readonly firstRunId: string;
}

/** How the target gets its workflow id: the hashed readable form, the published bridge's form, or as the user asked. */
export type TargetIdMode = 'hashed' | 'article' | 'given';

/** Kind `call`: what a caller workflow asks of the caller-side worker. Recorded in its history with the arguments. */
export interface CallEnvelope extends EnvelopeHead<'call'> {
  readonly callId: string;
  readonly argsDigest: string;
  readonly caller: CallerExecution;
  readonly target: {
    readonly workflowType: string;
    readonly taskQueue: string;
    readonly idMode: TargetIdMode;
    /** `given`: the id itself; else the last readable part of the id. */
    readonly name: string;
  };
  /** Name of the caller cluster that the ids were made with; absent where they do not depend on it. */
  readonly sourceCluster?: string;
  readonly wrapperWorkflowId: string;
  /** Absent: the call waits for ever. */
  readonly timeoutMs?: number;
}

function callerOf(fields: FieldReader): CallerExecution {
  return {
    namespace: fields.string('namespace'),
    workflowId: fields.string('workflowId'),
    runId: fields.string('runId'),
    firstRunId: fields.string('firstRunId'),
  };
}

/** Writes a call envelope into a header field. */
export function encodeCallEnvelope(call: Omit<CallEnvelope, 'v' | 'kind'>): Payload {
  const envelope: CallEnvelope = { v: ENVELOPE_VERSION, kind: 'call', ...call };
  return envelopeHeader(envelope);
}

/**
 * Reads a call envelope.
 *
 * @throws {BridgeError} `ENVELOPE_INVALID` or `ENVELOPE_VERSION`
 */
export function parseCallEnvelope(header: Payload | null | undefined): CallEnvelope {
  const fields = openEnvelope(header, 'call');
  const target = fields.object('target');
  const sourceCluster = fields.optionalString('sourceCluster');
  const timeoutMs = fields.optionalMillis('timeoutMs');
  return {
    v: ENVELOPE_VERSION,
    kind: 'call',
    callId: fields.string('callId', { pattern: HEX_64 }),
    argsDigest: fields.string('argsDigest', { pattern: HEX_64 }),
    caller: callerOf(fields.object('caller')),
    target: {
      workflowType: target.string('workflowType'),
      taskQueue: target.string('taskQueue'),
      idMode: target.oneOf('idMode', ['hashed', 'article', 'given']),
      name: target.string('name'),
    },
    wrapperWorkflowId: fields.string('wrapperWorkflowId', { max: MAX_WORKFLOW_ID_CHARS }),
    ...(sourceCluster === undefined ? {} : { sourceCluster }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  };
}

/** Where an outcome goes, signed by the caller side (see docs/protocol.md, "The seal"). */
export interface SealedReplyAddress extends CallerExecution {
  readonly v: 1;
  readonly kind: 'seal';
  /** First 16 hexadecimal digits of the SHA-256 of the public key. */
  readonly keyId: string;
  readonly sourceCluster: string;
  readonly callId: string;
  /** The only workflow that may ask for this delivery. */
  readonly wrapperWorkflowId: string;
  /** Ed25519 over all other fields, base64. */
  readonly signature: string;
}

/** Kind `remote-call`: what the caller-side worker asks of the wrapper. */
export interface RemoteCallEnvelope extends EnvelopeHead<'remote-call'> {
  readonly callId: string;
  readonly argsDigest: string;
  readonly target: { readonly workflowType: string; readonly taskQueue: string; readonly workflowId: string };
  /** What is left of the call's time-out when the start was sent; absent: no time-out. */
  readonly remainingMs?: number;
  /** Nothing is started after this time (milliseconds since the epoch, the caller side's clock). */
  readonly startBy: number;
  readonly replyTo: SealedReplyAddress;
}

/** Writes a remote-call envelope into a header field. */
export function encodeRemoteCallEnvelope(call: Omit<RemoteCallEnvelope, 'v' | 'kind'>): Payload {
  const envelope: RemoteCallEnvelope = { v: ENVELOPE_VERSION, kind: 'remote-call', ...call };
  return envelopeHeader(envelope);
}

/**
 * Reads a remote-call envelope. It does not check the seal.
 *
 * @throws {BridgeError} `ENVELOPE_INVALID` or `ENVELOPE_VERSION`
 */
export function parseRemoteCallEnvelope(header: Payload | null | undefined): RemoteCallEnvelope {
  const fields = openEnvelope(header, 'remote-call');
  const target = fields.object('target');
  const seal = fields.object('replyTo');
  const remainingMs = fields.optionalMillis('remainingMs');
  return {
    v: ENVELOPE_VERSION,
    kind: 'remote-call',
    callId: fields.string('callId', { pattern: HEX_64 }),
    argsDigest: fields.string('argsDigest', { pattern: HEX_64 }),
    target: {
      workflowType: target.string('workflowType'),
      taskQueue: target.string('taskQueue'),
      workflowId: target.string('workflowId'),
    },
    startBy: fields.millis('startBy'),
    replyTo: {
      v: seal.version(1),
      kind: seal.oneOf('kind', ['seal']),
      ...callerOf(seal),
      keyId: seal.string('keyId'),
      sourceCluster: seal.string('sourceCluster'),
      callId: seal.string('callId', { pattern: HEX_64 }),
      wrapperWorkflowId: seal.string('wrapperWorkflowId'),
      signature: seal.string('signature'),
    },
    ...(remainingMs === undefined ? {} : { remainingMs }),
  };
}
