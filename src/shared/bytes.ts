import { base64 } from '@scure/base';
import { decode, encode } from '@temporalio/common/lib/encoding.js';

const LONE_SURROGATE = /\p{Surrogate}/u;

/** Whether a text has a lone surrogate, which no UTF-8 can carry. */
export function isWellFormed(text: string): boolean {
  return !LONE_SURROGATE.test(text);
}

/**
 * UTF-8 of a text.
 *
 * @throws {TypeError} if the text has a lone surrogate
 */
export function utf8(text: string): Uint8Array {
  if (!isWellFormed(text)) throw new TypeError('text with a lone surrogate has no UTF-8');
  return encode(text);
}

/** Text of UTF-8 bytes, or `undefined` if the bytes are not UTF-8. */
export function fromUtf8(bytes: Uint8Array): string | undefined {
  const text = decode(bytes);
  const again = encode(text);
  return again.length === bytes.length && again.every((byte, at) => byte === bytes[at]) ? text : undefined;
}

/**
 * A copy that is a `Uint8Array` of this realm. The empty `data` of a payload that the SDK hands into a workflow is an
 * object of the host's realm, which libraries refuse.
 */
export function ownBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}

/** Standard base64 with padding. */
export function toBase64(bytes: Uint8Array): string {
  return base64.encode(ownBytes(bytes));
}

/** Bytes of standard base64 with padding, or `undefined` if the text is anything else. */
export function fromBase64(text: string): Uint8Array | undefined {
  try {
    return base64.decode(text);
  } catch {
    return undefined;
  }
}
