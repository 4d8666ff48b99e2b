import Long from 'long';
import type { Payload, ProtoFailure } from '@temporalio/common';
import { BridgeError } from '../bridge-error.js';
import { isWellFormed } from '../bytes.js';
import { failureLinks } from '../failure-chain.js';
import { MAX_FAILURE_DEPTH } from '../limits.js';
import { FAILURE_LINK } from './failure-shape.js';
import type { FailureShape, FieldShape } from './failure-shape.js';
import { invalidField } from './fields.js';

/**
 * A Temporal `Failure` as JSON, with every user payload taken out and replaced by its place in a list. The skeleton
 * travels in a header, which no payload codec sees; the payloads travel as payloads, where the codecs find them.
 *
 * Marked values: `{"$p":[0,1]}` payload list, `{"$a":0}` a single payload, `{"$l":"123"}` 64-bit number. The places
 * count up in the order of the fields, each is named once. Everything else is as the proto message has it.
 */
export type FailureSkeleton = Readonly<Record<string, unknown>>;

type Fields = Readonly<Record<string, unknown>>;

function encodeField(shape: FieldShape, value: unknown, payloads: Payload[]): unknown {
  switch (shape) {
    case 'text':
    case 'flag':
    case 'int32':
      return value;
    case 'int64':
      return { $l: Long.fromValue(value as Long).toString() };
    case 'payload':
      return { $a: payloads.push(value as Payload) - 1 };
    case 'payloads':
      return {
        $p: ((value as { payloads?: Payload[] }).payloads ?? []).map((payload) => payloads.push(payload) - 1),
      };
    default:
      return encodeFields(shape, value as Fields, payloads);
  }
}

function encodeFields(shape: FailureShape, fields: Fields, payloads: Payload[]): FailureSkeleton {
  const skeleton: Record<string, unknown> = {};
  for (const [field, fieldShape] of Object.entries(shape)) {
    // Own fields only: a decoded proto message has the defaults of all others on its prototype.
    const value = Object.hasOwn(fields, field) ? fields[field] : undefined;
    if (value !== null && value !== undefined) skeleton[field] = encodeField(fieldShape, value, payloads);
  }
  return skeleton;
}

/**
 * Takes a failure apart. Causes deeper than `MAX_FAILURE_DEPTH` are cut, and the last link's message says so.
 *
 * @param payloads - receives the user's payloads, in order
 */
export function encodeFailure(failure: ProtoFailure, payloads: Payload[]): FailureSkeleton {
  return failureLinks(failure)
    .map((link) => encodeFields(FAILURE_LINK, link as Fields, payloads))
    .reduceRight((cause, link) => ({ ...link, cause }));
}

/** Hands out payloads in order: a place that is skipped, repeated or too high is the sender's mistake, or an attack. */
class PayloadCursor {
  readonly #payloads: readonly Payload[];
  #next = 0;

  constructor(payloads: readonly Payload[]) {
    this.#payloads = payloads;
  }

  take(path: string, place: unknown): Payload {
    const payload = place === this.#next ? this.#payloads[this.#next] : undefined;
    if (!payload) {
      const count = this.#payloads.length;
      throw invalidField(path, `payload ${this.#next} of ${count}, each once and in order`, place);
    }
    this.#next += 1;
    return payload;
  }

  assertEmpty(): void {
    if (this.#next < this.#payloads.length) {
      throw invalidField('failure', `a place for each of ${this.#payloads.length} payloads`, this.#next);
    }
  }
}

function objectAt(path: string, value: unknown): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalidField(path, 'an object', value);
  return value as Fields;
}

function decodeField(shape: FieldShape, path: string, value: unknown, cursor: PayloadCursor): unknown {
  switch (shape) {
    case 'text':
      if (typeof value !== 'string' || !isWellFormed(value)) throw invalidField(path, 'a text', value);
      return value;
    case 'flag':
      if (typeof value !== 'boolean') throw invalidField(path, 'true or false', value);
      return value;
    case 'int32':
      if (typeof value !== 'number' || (value | 0) !== value)
        throw invalidField(path, 'a 32-bit number', value);
      return value;
    case 'int64': {
      const digits = objectAt(path, value)['$l'];
      const number =
        typeof digits === 'string' && /^-?\d{1,19}$/.test(digits) ? Long.fromString(digits) : undefined;
      if (!number || number.toString() !== digits) throw invalidField(path, 'a 64-bit number', digits);
      return number;
    }
    case 'payload':
      return cursor.take(path, objectAt(path, value)['$a']);
    case 'payloads': {
      const places = objectAt(path, value)['$p'];
      if (!Array.isArray(places)) throw invalidField(path, 'a list of payload places', places);
      return { payloads: places.map((place: unknown) => cursor.take(path, place)) };
    }
    default:
      return { ...absentTexts(shape), ...decodeFields(shape, path, objectAt(path, value), cursor) };
  }
}

/** A proto message has `''` for a text that was not sent, and so has the error that is made of it. */
function absentTexts(shape: FailureShape): Fields {
  const texts = Object.entries(shape).filter(([, fieldShape]) => fieldShape === 'text');
  return Object.fromEntries(texts.map(([field]) => [field, '']));
}

function decodeFields(
  shape: FailureShape,
  path: string,
  fields: Fields,
  cursor: PayloadCursor,
): ProtoFailure {
  const message: Record<string, unknown> = {};
  for (const [field, fieldShape] of Object.entries(shape)) {
    if (!Object.hasOwn(fields, field)) continue;
    message[field] = decodeField(fieldShape, `${path}.${field}`, fields[field], cursor);
  }
  return message;
}

/**
 * Puts a failure together again. Total: whatever it returns, the SDK can write into a history.
 *
 * @throws {BridgeError} `ENVELOPE_INVALID` if a field is of another type, if a payload's place is wrong, or if the cause
 *   chain is too long
 */
export function decodeFailure(skeleton: FailureSkeleton, payloads: readonly Payload[]): ProtoFailure {
  const cursor = new PayloadCursor(payloads);
  const links: ProtoFailure[] = [];
  for (let link: Fields | undefined = skeleton; link;) {
    if (links.length === MAX_FAILURE_DEPTH) {
      throw new BridgeError(
        'ENVELOPE_INVALID',
        `failure has more than ${MAX_FAILURE_DEPTH} causes; the sender is broken`,
      );
    }
    const path = `failure${'.cause'.repeat(links.length)}`;
    links.push(decodeFields(FAILURE_LINK, path, link, cursor));
    link = Object.hasOwn(link, 'cause') ? objectAt(`${path}.cause`, link['cause']) : undefined;
  }
  cursor.assertEmpty();
  return links.reduceRight((cause, link) => ({ ...link, cause }));
}
