import Long from 'long';
import type { Payload, ProtoFailure } from '@temporalio/common';
import { BridgeError } from '../bridge-error.js';
import { fromBase64, toBase64 } from '../bytes.js';
import { MAX_FAILURE_DEPTH } from '../limits.js';

/**
 * A Temporal `Failure` as JSON, with every user payload taken out and replaced by its place in a list. The skeleton
 * travels in a header, which no payload codec sees; the payloads travel as payloads, where the codecs find them.
 *
 * Marked values: `{"$p":[0,1]}` payload list, `{"$a":0}` a single payload, `{"$l":"123"}` 64-bit number,
 * `{"$b":"…"}` bytes. Everything else is as the proto message has it, so fields of later servers cross too.
 */
export type FailureSkeleton = Readonly<Record<string, unknown>>;

const SINGLE_PAYLOAD = 'encodedAttributes';
/** Objects inside one link of the chain; the deepest today is `childWorkflowExecutionFailureInfo.workflowExecution`. */
const MAX_INFO_DEPTH = 8;

function isPayloadList(value: object): value is { payloads: Payload[] } {
  return 'payloads' in value && Array.isArray(value.payloads);
}

function encodeValue(key: string, value: unknown, payloads: Payload[], depth: number): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Long.isLong(value)) return { $l: value.toString() };
  if (ArrayBuffer.isView(value)) {
    return { $b: toBase64(new Uint8Array(value.buffer, value.byteOffset, value.byteLength)) };
  }
  if (key === SINGLE_PAYLOAD) return { $a: payloads.push(value) - 1 };
  if (isPayloadList(value)) return { $p: value.payloads.map((payload) => payloads.push(payload) - 1) };
  if (depth > MAX_INFO_DEPTH) return undefined;
  return encodeObject(value, payloads, depth + 1);
}

function encodeObject(object: object, payloads: Payload[], depth: number): Record<string, unknown> {
  const skeleton: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(object)) {
    if (value === null || value === undefined || key === '__proto__') continue;
    skeleton[key] = encodeValue(key, value, payloads, depth);
  }
  return skeleton;
}

/**
 * Takes a failure apart. Causes deeper than {@link MAX_FAILURE_DEPTH} are cut, and the last link's message says so.
 *
 * @param payloads - receives the user's payloads, in order
 */
export function encodeFailure(failure: ProtoFailure, payloads: Payload[]): FailureSkeleton {
  const links: ProtoFailure[] = [];
  for (
    let link: ProtoFailure | null | undefined = failure;
    link && links.length < MAX_FAILURE_DEPTH;
    link = link.cause
  ) {
    links.push(link);
  }
  const chainIsCut = Boolean(links.at(-1)?.cause);
  // From the inside out, so that neither a deep chain nor its skeleton needs a deep stack.
  const heads = links.map((link) => {
    const { cause: _cause, ...rest } = link;
    return encodeObject(rest, payloads, 0);
  });
  const last = heads.at(-1);
  if (chainIsCut && last) {
    last['message'] =
      `${typeof last['message'] === 'string' ? last['message'] : ''} [causes beyond ${MAX_FAILURE_DEPTH} links were cut]`;
  }
  return (
    heads.reduceRight(
      (cause, head) => (cause ? { ...head, cause } : head),
      undefined as FailureSkeleton | undefined,
    ) ?? {}
  );
}

function payloadAt(index: unknown, payloads: readonly Payload[]): Payload {
  const payload = typeof index === 'number' ? payloads[index] : undefined;
  if (!payload) {
    throw new BridgeError(
      'ENVELOPE_INVALID',
      `failure names payload ${String(index)} of ${payloads.length}; the sender is broken`,
    );
  }
  return payload;
}

function decodeValue(value: unknown, payloads: readonly Payload[], depth: number): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (depth > MAX_INFO_DEPTH + MAX_FAILURE_DEPTH) {
    throw new BridgeError('ENVELOPE_INVALID', 'failure is nested too deeply; the sender is broken');
  }
  if ('$p' in value && Array.isArray(value.$p)) {
    return { payloads: value.$p.map((index) => payloadAt(index, payloads)) };
  }
  if ('$a' in value) return payloadAt(value.$a, payloads);
  if ('$l' in value && typeof value.$l === 'string' && /^-?\d{1,19}$/.test(value.$l))
    return Long.fromString(value.$l);
  if ('$b' in value && typeof value.$b === 'string') return fromBase64(value.$b) ?? new Uint8Array();
  const object: Record<string, unknown> = {};
  for (const [key, entry] of Object.entries(value)) {
    if (key !== '__proto__') object[key] = decodeValue(entry, payloads, depth + 1);
  }
  return object;
}

/**
 * Puts a failure together again.
 *
 * @throws {BridgeError} `ENVELOPE_INVALID` if it names a payload that is not there, or is nested too deeply
 */
export function decodeFailure(skeleton: FailureSkeleton, payloads: readonly Payload[]): ProtoFailure {
  return decodeValue(skeleton, payloads, 0) as ProtoFailure;
}
