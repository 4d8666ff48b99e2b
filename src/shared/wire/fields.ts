import type { Payload } from '@temporalio/common';
import { BridgeError } from '../bridge-error.js';
import { fromUtf8, isWellFormed } from '../bytes.js';
import { showValue } from '../escape.js';
import { MAX_ENVELOPE_BYTES } from '../limits.js';
import { jsonPayload } from '../payloads.js';

/** Version of every envelope that this release writes and reads. */
export const ENVELOPE_VERSION = 1;

/** What every envelope begins with. */
export interface EnvelopeHead<Kind extends string> {
  readonly v: typeof ENVELOPE_VERSION;
  readonly kind: Kind;
}

type Fields = Readonly<Record<string, unknown>>;

/** The error for a field that is not what it has to be. */
export function invalidField(what: string, expected: string, got: unknown): BridgeError {
  return new BridgeError('ENVELOPE_INVALID', `${what}; expected ${expected}, got ${showValue(got)}`);
}

/** Reads one JSON object's fields by type; the first mismatch throws `ENVELOPE_INVALID` naming the field. */
export class FieldReader {
  readonly #fields: Fields;
  readonly #path: string;

  constructor(value: unknown, path: string) {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw invalidField(path, 'an object', value);
    this.#fields = value as Fields;
    this.#path = path;
  }

  #own(name: string): unknown {
    return Object.hasOwn(this.#fields, name) ? this.#fields[name] : undefined;
  }

  string(name: string, options: { max?: number; pattern?: RegExp; empty?: boolean } = {}): string {
    const value = this.#own(name);
    const { max = 1000, pattern, empty = false } = options;
    if (typeof value !== 'string' || value.length > max || !isWellFormed(value) || (!empty && value === '')) {
      throw invalidField(`${this.#path}.${name}`, `a text of at most ${max} characters`, value);
    }
    if (pattern && !pattern.test(value)) throw invalidField(`${this.#path}.${name}`, String(pattern), value);
    return value;
  }

  optionalString(name: string, options: { max?: number; pattern?: RegExp } = {}): string | undefined {
    return this.#own(name) === undefined ? undefined : this.string(name, options);
  }

  /** A whole number of milliseconds, by default 0 or more. */
  millis(name: string, { min = 0, max = Number.MAX_SAFE_INTEGER } = {}): number {
    const value = this.#own(name);
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < min || value > max) {
      const range = max === Number.MAX_SAFE_INTEGER ? `${min} or more` : `${min} to ${max}`;
      throw invalidField(`${this.#path}.${name}`, `a whole number of milliseconds, ${range}`, value);
    }
    return value;
  }

  optionalMillis(name: string, range: { min?: number; max?: number } = {}): number | undefined {
    return this.#own(name) === undefined ? undefined : this.millis(name, range);
  }

  /** A whole number, 0 or more. */
  optionalWhole(name: string): number | undefined {
    const value = this.#own(name);
    if (value === undefined) return undefined;
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
      throw invalidField(`${this.#path}.${name}`, 'a whole number, 0 or more', value);
    return value;
  }

  /** Any finite number. */
  optionalNumber(name: string): number | undefined {
    const value = this.#own(name);
    if (value === undefined) return undefined;
    if (typeof value !== 'number' || !Number.isFinite(value))
      throw invalidField(`${this.#path}.${name}`, 'a number', value);
    return value;
  }

  /** A flag that is there and `true`, or absent. */
  optionalTrue(name: string): boolean {
    const value = this.#own(name);
    if (value !== undefined && value !== true)
      throw invalidField(`${this.#path}.${name}`, 'true, or no such field', value);
    return value === true;
  }

  /** A value that the caller checks itself. */
  value(name: string): unknown {
    return this.#own(name);
  }

  optionalOneOf<T extends string>(name: string, values: readonly T[]): T | undefined {
    return this.#own(name) === undefined ? undefined : this.oneOf(name, values);
  }

  optionalTextList(name: string, maxItems: number): string[] | undefined {
    const value = this.#own(name);
    if (value === undefined) return undefined;
    const isText = (one: unknown): one is string =>
      typeof one === 'string' && one.length <= 1000 && isWellFormed(one);
    if (!Array.isArray(value) || value.length > maxItems || !value.every(isText)) {
      throw invalidField(
        `${this.#path}.${name}`,
        `at most ${maxItems} texts of at most 1000 characters`,
        value,
      );
    }
    return value;
  }

  optionalObject(name: string): FieldReader | undefined {
    return this.#own(name) === undefined ? undefined : this.object(name);
  }

  optionalObjects(name: string, maxItems: number): FieldReader[] | undefined {
    const value = this.#own(name);
    if (value === undefined) return undefined;
    if (!Array.isArray(value) || value.length > maxItems)
      throw invalidField(`${this.#path}.${name}`, `at most ${maxItems} objects`, value);
    return value.map((one, index) => new FieldReader(one, `${this.#path}.${name}[${index}]`));
  }

  oneOf<T extends string>(name: string, values: readonly T[]): T {
    const value = this.#own(name);
    const found = values.find((candidate) => candidate === value);
    if (found === undefined) throw invalidField(`${this.#path}.${name}`, values.join(' | '), value);
    return found;
  }

  /** The field `v`; a newer version than the one this release reads is `ENVELOPE_VERSION`. */
  version<V extends number>(reads: V): V {
    const version = this.#own('v');
    if (version === reads) return reads;
    if (typeof version === 'number' && Number.isInteger(version) && version > reads) {
      throw new BridgeError(
        'ENVELOPE_VERSION',
        `${this.#path} is of version ${version}; this bridge reads version ${reads}; upgrade it`,
      );
    }
    throw invalidField(`${this.#path}.v`, String(reads), version);
  }

  /** A small object of texts. */
  texts(name: string): Record<string, string> {
    const value = this.#own(name) ?? {};
    const inner = new FieldReader(value, `${this.#path}.${name}`);
    const keys = Object.keys(inner.#fields);
    if (keys.length > 32) throw invalidField(`${this.#path}.${name}`, 'at most 32 fields', keys.length);
    return Object.fromEntries(keys.map((key) => [key, inner.string(key, { max: 2000, empty: true })]));
  }

  object(name: string): FieldReader {
    return new FieldReader(this.#own(name), `${this.#path}.${name}`);
  }

  rawObject(name: string): Record<string, unknown> {
    const reader = this.object(name);
    return { ...reader.#fields };
  }
}

/** Pattern of a call id or a digest. */
export const HEX_64 = /^[0-9a-f]{64}$/;

/** An envelope as a header field. */
export function envelopeHeader(envelope: EnvelopeHead<string>): Payload {
  return jsonPayload(envelope);
}

/**
 * Opens a header field: JSON, an object, of one of these kinds and of this version.
 *
 * @throws {BridgeError} `ENVELOPE_INVALID`, or `ENVELOPE_VERSION` if a newer bridge wrote it
 */
export function openEnvelope(
  header: Payload | null | undefined,
  kind: string,
  ...otherKinds: string[]
): FieldReader {
  const data = header?.data;
  if (!data)
    throw new BridgeError('ENVELOPE_INVALID', `no ${kind} envelope; expected a header field with one`);
  if (data.length > MAX_ENVELOPE_BYTES)
    throw invalidField(`${kind} envelope`, `at most ${MAX_ENVELOPE_BYTES} bytes`, data.length);
  const text = fromUtf8(data);
  let value: unknown;
  try {
    value = JSON.parse(text ?? '');
  } catch {
    throw invalidField(`${kind} envelope`, 'JSON', text ?? 'bytes that are not UTF-8');
  }
  const fields = new FieldReader(value, kind);
  fields.version(ENVELOPE_VERSION);
  fields.oneOf('kind', [kind, ...otherKinds]);
  return fields;
}
