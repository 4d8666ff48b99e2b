import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, concatBytes } from '@noble/hashes/utils.js';
import type { Payload } from '@temporalio/common';
import { ownBytes, utf8 } from './bytes.js';

/**
 * What one call is unique within.
 * - `run`: one run of the caller. The next run (retry, cron, continue-as-new, a new start) makes new calls.
 * - `chain`: one chain of runs. The runs that continue or retry a caller share the call; a new start makes a new one.
 * - `workflow-id`: the workflow id. Whoever starts the caller's id again attaches to the same call.
 */
export type CallScope = 'run' | 'chain' | 'workflow-id';

/** What the id of a call is made of. */
export interface CallIdentity {
  readonly callerNamespace: string;
  readonly callerWorkflowId: string;
  readonly scope: CallScope;
  /** `originalExecutionRunId` in run scope, `firstExecutionRunId` in chain scope, the source cluster's name in workflow-id scope. */
  readonly scopeId: string;
  /** The user's key, or {@link derivedCallKey}. */
  readonly callKey: string;
  readonly targetType: string;
}

/**
 * Joins texts so that different lists never give the same bytes: each part follows its own length in bytes
 * (4 bytes, big-endian). Without the lengths, `["a-b", "c"]` and `["a", "b-c"]` could meet.
 *
 * @throws {TypeError} if a part has a lone surrogate, which UTF-8 cannot tell from another
 */
export function lengthPrefixed(parts: readonly string[]): Uint8Array {
  return concatBytes(
    ...parts.flatMap((part) => {
      const bytes = utf8(part);
      const length = new Uint8Array(4);
      new DataView(length.buffer).setUint32(0, bytes.length);
      return [length, bytes];
    }),
  );
}

/** Hexadecimal digits of each half of a call id: 128 bits. */
const HALF_CHARS = 32;

function halfOf(parts: readonly string[]): string {
  return bytesToHex(sha256(lengthPrefixed(parts))).slice(0, HALF_CHARS);
}

/**
 * The id of a call, 64 hexadecimal digits: half of a SHA-256 over its whole identity, which tells all calls apart, then half
 * of one over its name within the caller. Pure: replay and reset give the same id.
 */
export function callIdOf(call: CallIdentity): string {
  const name = [call.scope, call.scopeId, call.callKey, call.targetType];
  return (
    halfOf(['temporal-bridge/call/1', call.callerNamespace, call.callerWorkflowId, ...name]) +
    halfOf(['temporal-bridge/local-call/1', ...name])
  );
}

/**
 * The half of a call id that names the call within its caller. A caller goes by it when a completion comes: the SDK replays
 * histories in a namespace of its own, where the other half is another one. It is safe alone, since a completion is
 * sent to one caller's chain of runs only.
 */
export function localCallIdOf(callId: string): string {
  return callId.slice(HALF_CHARS);
}

/** Digest of what is asked for (type, queue, converted arguments, the cluster if one is named): 64 hexadecimal digits. */
export function argsDigestOf(
  targetType: string,
  taskQueue: string,
  args: readonly Payload[],
  cluster?: string,
): string {
  const parts = args.flatMap((payload) => {
    const metadata = Object.entries(payload.metadata ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
    return [
      String(metadata.length),
      ...metadata.flatMap(([key, value]) => [key, bytesToHex(ownBytes(value))]),
      bytesToHex(ownBytes(payload.data ?? new Uint8Array())),
    ];
  });
  return bytesToHex(
    sha256(
      lengthPrefixed([
        'temporal-bridge/args/1',
        targetType,
        taskQueue,
        String(args.length),
        ...parts,
        // Behind the arguments, whose number is known, so that nothing else can be mistaken for it.
        ...(cluster === undefined ? [] : ['cluster', cluster]),
      ]),
    ),
  );
}

/** The key of a call without a user's key: what it asks for, and how many same ones came before it in the run. */
export function derivedCallKey(argsDigest: string, occurrence: number): string {
  return `auto:${argsDigest}:${occurrence}`;
}

/** Marks a key as the user's, so that no key can be mistaken for a derived one. */
export function givenCallKey(key: string): string {
  return `key:${key}`;
}

/**
 * A request id: a UUID (version 8, RFC 9562) out of the parts, because one of Temporal's databases stores it as a uuid.
 * The same parts give the same id, so that the server recognizes a retried request.
 */
export function requestIdOf(...parts: readonly string[]): string {
  const bytes = sha256(lengthPrefixed(['temporal-bridge/request/1', ...parts])).slice(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytesToHex(bytes);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
