import type { Payload } from '@temporalio/common';
import { utf8 } from '../bytes.js';
import type { FieldReader } from './fields.js';
import { invalidField } from './fields.js';

/**
 * User payloads of a call that are not arguments. They travel behind the arguments, each a payload of its own, where
 * payload codecs find them; this says which they are.
 */
export interface ExtraPayloads {
  /** Keys of the target's memo, in the order of their payloads. */
  readonly memo?: readonly string[];
  /** The target's static summary follows. */
  readonly summary?: true;
  /** The target's static details follow. */
  readonly details?: true;
  /**
   * Last comes a small payload that the caller's own converter and codec wrote. What the bridge has to leave in the
   * caller's history (its word between attempts) hangs on a copy of it: a codec may throw on what it did not write.
   */
  readonly token?: true;
}

/** Keys of one memo: far above any use; bounds the work of a call. */
export const MAX_MEMO_KEYS = 100;
/** Bytes of a memo's keys together: they travel beside the payloads, and a server counts them with the memo. */
export const MAX_MEMO_KEYS_BYTES = 16 * 1024;

/** A call's payloads, told apart. */
export interface CallPayloads {
  readonly args: readonly Payload[];
  readonly memo: Readonly<Record<string, Payload>>;
  readonly summary?: Payload;
  readonly details?: Payload;
  readonly token?: Payload;
}

/** Puts a call's payloads in one list. */
export function joinPayloads(payloads: CallPayloads): { payloads: Payload[]; extras?: ExtraPayloads } {
  const { args, memo, summary, details, token } = payloads;
  const keys = Object.keys(memo);
  const extras: ExtraPayloads = {
    ...(keys.length > 0 ? { memo: keys } : {}),
    ...(summary ? { summary: true } : {}),
    ...(details ? { details: true } : {}),
    ...(token ? { token: true } : {}),
  };
  return {
    payloads: [
      ...args,
      ...Object.values(memo),
      ...(summary ? [summary] : []),
      ...(details ? [details] : []),
      ...(token ? [token] : []),
    ],
    ...(Object.keys(extras).length > 0 ? { extras } : {}),
  };
}

/** Tells a call's payloads apart again; a list that is too short gives fewer arguments, never a throw. */
export function splitPayloads(payloads: readonly Payload[], extras: ExtraPayloads | undefined): CallPayloads {
  const rest = [...payloads];
  const token = extras?.token ? rest.pop() : undefined;
  const details = extras?.details ? rest.pop() : undefined;
  const summary = extras?.summary ? rest.pop() : undefined;
  const keys = extras?.memo ?? [];
  const values = keys.length > 0 ? rest.splice(-keys.length) : [];
  const memo = keys.flatMap((key, index): [string, Payload][] => {
    const value = values[index];
    return value ? [[key, value]] : [];
  });
  return {
    args: rest,
    memo: Object.fromEntries(memo), // an assignment would lose a key __proto__
    ...(summary ? { summary } : {}),
    ...(details ? { details } : {}),
    ...(token ? { token } : {}),
  };
}

/**
 * Reads which payloads are not arguments.
 *
 * @throws {BridgeError} `ENVELOPE_INVALID`
 */
export function parseExtraPayloads(fields: FieldReader): ExtraPayloads {
  const memo = fields.optionalTextList('memo', MAX_MEMO_KEYS);
  const bytes = (memo ?? []).reduce((sum, key) => sum + utf8(key).length, 0);
  if (bytes > MAX_MEMO_KEYS_BYTES)
    throw invalidField('extras.memo', `keys of at most ${MAX_MEMO_KEYS_BYTES} bytes together`, bytes);
  return {
    ...(memo ? { memo } : {}),
    ...(fields.optionalTrue('summary') ? { summary: true } : {}),
    ...(fields.optionalTrue('details') ? { details: true } : {}),
    ...(fields.optionalTrue('token') ? { token: true } : {}),
  };
}
