import type { Payload } from '@temporalio/common';
import type { CallScope } from '../call-id.js';
import { MAX_CALL_TIMEOUT_MS, MAX_FALLBACK_MS, MAX_WORKFLOW_ID_CHARS, MIN_FALLBACK_MS } from '../limits.js';
import { ENVELOPE_VERSION, HEX_64, envelopeHeader, openEnvelope } from './fields.js';
import type { EnvelopeHead, FieldReader } from './fields.js';
import type { ExtraPayloads } from './extra-payloads.js';
import { parseExtraPayloads } from './extra-payloads.js';
import type { TargetOptions } from './target-options.js';
import { parseTargetOptions } from './target-options.js';

/** The workflow that makes a call. */
export interface CallerExecution {
  readonly namespace: string;
  readonly workflowId: string;
  /** The run that made the call; the completion signal goes to it first. */
  readonly runId: string;
  /** First run of its chain; tells a continued caller from a stranger who reuses the id. */
  readonly firstRunId: string;
}

/**
 * How the target gets its workflow id: the hashed readable form, the published bridge's form, or as the user asked;
 * `attach`: nothing is started, an existing execution is waited for.
 */
export type TargetIdMode = 'hashed' | 'article' | 'given' | 'attach';

/** What happens to the target when its caller closes, or is gone. */
export type ParentClose = 'abandon' | 'request-cancel' | 'terminate';
/** The SDK's names of the parent-close policies. */
export const PARENT_CLOSE_POLICIES = {
  ABANDON: 'abandon',
  REQUEST_CANCEL: 'request-cancel',
  TERMINATE: 'terminate',
} as const satisfies Record<string, ParentClose>;
const PARENT_CLOSE = Object.values(PARENT_CLOSE_POLICIES);

/** Whether a value is the SDK's name of a parent-close policy. */
export function isParentClosePolicy(value: unknown): value is keyof typeof PARENT_CLOSE_POLICIES {
  return typeof value === 'string' && Object.hasOwn(PARENT_CLOSE_POLICIES, value);
}

/**
 * What becomes of a call's target if nothing was said: in workflow-id scope whoever starts the caller's id again takes the
 * call up, so the caller is not gone for good.
 */
export function defaultParentClose(scope: CallScope): ParentClose {
  return scope === 'workflow-id' ? 'abandon' : 'request-cancel';
}

/** Kind `call`: what a caller workflow asks of the caller-side worker. Recorded in its history with the arguments. */
export interface CallEnvelope extends EnvelopeHead<'call'> {
  readonly callId: string;
  readonly argsDigest: string;
  readonly caller: CallerExecution;
  readonly target: {
    readonly workflowType: string;
    readonly taskQueue: string;
    readonly idMode: TargetIdMode;
    /** `given`, `attach`: the id itself; else the last readable part of the id. */
    readonly name: string;
    /** `attach`: the run to wait for; absent: the chain that has the id when the handler side looks. */
    readonly runId?: string;
    readonly options?: TargetOptions;
  };
  /** Name of the handler cluster; absent: the bridge's default one. */
  readonly cluster?: string;
  readonly extras?: ExtraPayloads;
  /** Absent: abandon. */
  readonly parentClose?: ParentClose;
  /** The wrapper tells when the target has started, by a signal. */
  readonly confirmStart?: true;
  /** When this call's fallback looks; absent: as the bridge is set. */
  readonly fallback?: { readonly firstMs: number; readonly maxMs: number };
  /**
   * The call was made by an earlier run of the chain: nothing is started, only looked at. `now`: at once, because the
   * completion came to the earlier run; `later`: at the first fallback interval.
   */
  readonly resume?: 'now' | 'later';
  /** Name of the caller cluster that the ids were made with; absent where they do not depend on it. */
  readonly sourceCluster?: string;
  readonly wrapperWorkflowId: string;
  /** Absent: the call waits for ever. */
  readonly timeoutMs?: number;
}

/** Waits between looks: with none at all one caller would keep the handler cluster busy. */
const LOOKS = { min: MIN_FALLBACK_MS, max: MAX_FALLBACK_MS };

function callerOf(fields: FieldReader): CallerExecution {
  return {
    namespace: fields.string('namespace'),
    workflowId: fields.string('workflowId'),
    runId: fields.string('runId'),
    firstRunId: fields.string('firstRunId'),
  };
}

function optionsOf(target: FieldReader): { options?: TargetOptions } {
  const options = target.optionalObject('options');
  return options === undefined ? {} : { options: parseTargetOptions(options) };
}

/** The fields that both envelopes have. */
function sharedOf(fields: FieldReader): Pick<CallEnvelope, 'extras' | 'parentClose' | 'confirmStart'> {
  const extras = fields.optionalObject('extras');
  const parentClose = fields.optionalOneOf('parentClose', PARENT_CLOSE);
  return {
    ...(extras === undefined ? {} : { extras: parseExtraPayloads(extras) }),
    ...(parentClose === undefined ? {} : { parentClose }),
    ...(fields.optionalTrue('confirmStart') ? { confirmStart: true } : {}),
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
  return readCallEnvelope(openEnvelope(header, 'call'));
}

/**
 * Reads a call envelope out of an object whose version and kind have been checked.
 *
 * @throws {BridgeError} `ENVELOPE_INVALID`
 */
export function readCallEnvelope(fields: FieldReader): CallEnvelope {
  const target = fields.object('target');
  const sourceCluster = fields.optionalString('sourceCluster');
  const timeoutMs = fields.optionalMillis('timeoutMs', { max: MAX_CALL_TIMEOUT_MS });
  const idMode = target.oneOf('idMode', ['hashed', 'article', 'given', 'attach']);
  const runId = target.optionalString('runId');
  const cluster = fields.optionalString('cluster', { max: 63 });
  const fallback = fields.optionalObject('fallback');
  const resume = fields.optionalOneOf('resume', ['now', 'later']);
  return {
    v: ENVELOPE_VERSION,
    kind: 'call',
    callId: fields.string('callId', { pattern: HEX_64 }),
    argsDigest: fields.string('argsDigest', { pattern: HEX_64 }),
    caller: callerOf(fields.object('caller')),
    target: {
      workflowType: target.string('workflowType', { empty: idMode === 'attach' }),
      taskQueue: target.string('taskQueue', { empty: idMode === 'attach' }),
      idMode,
      name: target.string('name'),
      ...(runId === undefined ? {} : { runId }),
      ...optionsOf(target),
    },
    wrapperWorkflowId: fields.string('wrapperWorkflowId', { max: MAX_WORKFLOW_ID_CHARS }),
    ...(cluster === undefined ? {} : { cluster }),
    ...sharedOf(fields),
    ...(fallback === undefined
      ? {}
      : { fallback: { firstMs: fallback.millis('firstMs', LOOKS), maxMs: fallback.millis('maxMs', LOOKS) } }),
    ...(resume === undefined ? {} : { resume }),
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
  readonly target: {
    readonly workflowType: string;
    readonly taskQueue: string;
    readonly workflowId: string;
    readonly options?: TargetOptions;
  };
  /**
   * `attach`: nothing is started, the execution with the target's id is waited for. `adopt`: the target is started
   * unless an execution of its id and type runs or ran that no wrapper started; then that one is waited for.
   */
  readonly existing?: 'attach' | 'adopt';
  /** `attach`: the run to wait for. */
  readonly attachRunId?: string;
  readonly extras?: ExtraPayloads;
  /** Absent: abandon. */
  readonly parentClose?: ParentClose;
  /** The wrapper tells its caller when the target has started. */
  readonly confirmStart?: true;
  /** What is left of the call's time-out when the start was sent; absent: no time-out. */
  readonly remainingMs?: number;
  /** Nothing is started after this time (milliseconds since the epoch, the caller side's clock). */
  readonly startBy: number;
  /**
   * When the call was recorded on the caller cluster (milliseconds since the epoch, that cluster's clock). Only measured
   * with, and not sealed; absent: not known.
   */
  readonly calledAt?: number;
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
  const remainingMs = fields.optionalMillis('remainingMs', { max: MAX_CALL_TIMEOUT_MS });
  const calledAt = fields.optionalMillis('calledAt');
  const existing = fields.optionalOneOf('existing', ['attach', 'adopt']);
  const attachRunId = fields.optionalString('attachRunId');
  return {
    v: ENVELOPE_VERSION,
    kind: 'remote-call',
    callId: fields.string('callId', { pattern: HEX_64 }),
    argsDigest: fields.string('argsDigest', { pattern: HEX_64 }),
    target: {
      workflowType: target.string('workflowType', { empty: existing === 'attach' }),
      taskQueue: target.string('taskQueue', { empty: existing === 'attach' }),
      workflowId: target.string('workflowId'),
      ...optionsOf(target),
    },
    ...(existing === undefined ? {} : { existing }),
    ...(attachRunId === undefined ? {} : { attachRunId }),
    ...sharedOf(fields),
    startBy: fields.millis('startBy'),
    ...(calledAt === undefined ? {} : { calledAt }),
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
