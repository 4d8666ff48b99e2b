import { METADATA_ENCODING_KEY, RawValue, rawValueTypeInfo } from '@temporalio/common';
import type { Payload, TypeInfo } from '@temporalio/common';
import { fromUtf8, utf8 } from './bytes.js';

/** A payload handed through the SDK's converters untouched; payload codecs still see it. */
export function raw(payload: Payload): RawValue {
  return RawValue.fromPayload(payload);
}

/** The payloads behind values that came in by {@link RAW_PAYLOADS}. */
export function payloadsOf(values: readonly unknown[]): Payload[] {
  return values.filter((value): value is RawValue => value instanceof RawValue).map((value) => value.payload);
}

/**
 * Type information "raw at every position". The SDK looks type information up by position only, so this list is
 * as long as any list of payloads: a hostile signal with a thousand of them meets no user converter either.
 */
export const RAW_PAYLOADS: readonly TypeInfo[] = new Proxy<TypeInfo[]>([], {
  get: (list, property) =>
    typeof property === 'string' && /^\d+$/.test(property)
      ? rawValueTypeInfo
      : (Reflect.get(list, property) as unknown),
});

/** Type information "raw" for a single value. */
export const RAW_PAYLOAD: TypeInfo = rawValueTypeInfo;

/** The encoding that a payload names, `''` where it names none. */
export function encodingOf(payload: Payload): string {
  const bytes = payload.metadata?.[METADATA_ENCODING_KEY];
  return bytes ? (fromUtf8(bytes) ?? '') : '';
}

/** A payload of the given encoding. */
export function payloadOf(encoding: string, data: Uint8Array): Payload {
  return { metadata: { [METADATA_ENCODING_KEY]: utf8(encoding) }, data };
}

/** A `json/plain` payload of a value. */
export function jsonPayload(value: unknown): Payload {
  return payloadOf('json/plain', utf8(JSON.stringify(value)));
}

/** Size of a payload on the wire, metadata included, in bytes (a few bytes of framing are rounded up). */
export function payloadBytes(payload: Payload): number {
  let bytes = (payload.data?.length ?? 0) + 8;
  for (const [key, value] of Object.entries(payload.metadata ?? {})) bytes += key.length + value.length + 8;
  return bytes;
}

/** Sum of {@link payloadBytes}. */
export function totalPayloadBytes(payloads: readonly Payload[]): number {
  return payloads.reduce((sum, payload) => sum + payloadBytes(payload), 0);
}
