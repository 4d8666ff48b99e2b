/**
 * Makes anything fit for a log line: strings escaped and cut, objects flattened to a bounded depth and number of
 * fields, payload bytes and keys left out. Never throws, whatever it is handed.
 */
import { escapeForLog } from '../shared/escape.js';

/** Named values next to a log message. */
export type LogFields = Readonly<Record<string, unknown>>;
/** What is left of them: JSON as it will be written. */
export type JsonFields = Record<string, unknown>;

/** Longest string of a field, in characters before escaping. */
export const MAX_LOG_STRING_CHARS = 256;
/** Longest line, in bytes with its line end; a kibibyte less what colours add to a pretty line. */
export const MAX_LOG_LINE_BYTES = 960;

const MAX_NAME_CHARS = 64;
const MAX_DEPTH = 3;
const MAX_ENTRIES = 32;
const STACK_LINES = 4;
/** Lengths that strings are cut to, one after the other, until the line fits. */
const CUTS = [MAX_LOG_STRING_CHARS, 192, 128, 96, 64, 32, 16];
/**
 * Names that a field cannot have: the logger's own; the one by which the formatter for people takes a line for an error's
 * and breaks it; and those that it would look up, and find, on every object.
 */
const RESERVED = new Set([
  ...['level', 'time', 'msg', 'cut', 'stack'],
  ...Object.getOwnPropertyNames(Object.prototype),
]);

/**
 * Message and fields of one line of at most `maxBytes`. What is too long is cut, stack traces and the longest strings
 * first, then the last fields go; `cut: true` says so.
 */
export function fitLine(
  message: string,
  fields: LogFields,
  maxBytes: number,
): { readonly message: string; readonly fields: JsonFields } {
  for (const maxChars of CUTS) {
    for (const stack of maxChars === MAX_LOG_STRING_CHARS ? [true, false] : [false]) {
      const line = {
        message: clean(message, maxChars),
        fields: objectOf(fields, { maxChars, stack }, 0, RESERVED),
      };
      const whole = maxChars === MAX_LOG_STRING_CHARS && stack;
      if (!whole) line.fields['cut'] = true;
      if (sizeOf(line) <= maxBytes) return line;
    }
  }
  const line = {
    message: clean(message, 64),
    fields: objectOf(fields, { maxChars: 16, stack: false }, 0, RESERVED),
  };
  const names = Object.keys(line.fields);
  line.fields['cut'] = true;
  for (let name = names.pop(); name !== undefined && sizeOf(line) > maxBytes; name = names.pop()) {
    delete line.fields[name];
  }
  return line;
}

interface Limits {
  readonly maxChars: number;
  /** False: stack traces are left out. */
  readonly stack: boolean;
}

function sizeOf(line: { readonly message: string; readonly fields: JsonFields }): number {
  return Buffer.byteLength(JSON.stringify({ ...line.fields, msg: line.message }));
}

function clean(text: unknown, maxChars: number): string {
  if (typeof text !== 'string') return `[${typeof text}]`;
  if (text.includes('PRIVATE KEY')) return '[key]';
  return escapeForLog(text, maxChars);
}

function valueOf(value: unknown, limits: Limits, depth: number): unknown {
  switch (typeof value) {
    case 'string':
      return clean(value, limits.maxChars);
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'boolean':
      return value;
    case 'bigint':
      return clean(value.toString(), limits.maxChars);
    case 'object':
      return value === null ? null : structureOf(value, limits, depth);
    case 'undefined':
      return undefined;
    case 'function':
    case 'symbol':
      return `[${typeof value}]`;
  }
}

function structureOf(value: object, limits: Limits, depth: number): unknown {
  if (value instanceof Error) return errorOf(value, limits, depth);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? '[Invalid Date]' : value.toISOString();
  // User payloads are not for logs.
  if (ArrayBuffer.isView(value)) return `[${String(value.byteLength)} bytes]`;
  if (depth >= MAX_DEPTH) return '[…]';
  if (Array.isArray(value)) {
    const items = value
      .slice(0, MAX_ENTRIES)
      .map((item) => safely(() => valueOf(item, limits, depth + 1)) ?? null);
    if (value.length > MAX_ENTRIES) items.push(`… ${String(value.length - MAX_ENTRIES)} more`);
    return items;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null || prototype === Object.prototype) return objectOf(value, limits, depth);
  const name: unknown = value.constructor?.name;
  return `[${typeof name === 'string' ? clean(name, MAX_NAME_CHARS) : 'object'}]`;
}

function objectOf(value: object, limits: Limits, depth: number, reserved?: ReadonlySet<string>): JsonFields {
  // Without a prototype, so that a field named __proto__ is a field like any other.
  const fields = Object.create(null) as JsonFields;
  for (const key of Object.keys(value).slice(0, MAX_ENTRIES)) {
    const field = safely(() => valueOf((value as Record<string, unknown>)[key], limits, depth + 1));
    if (field === undefined) continue;
    const name = clean(key, MAX_NAME_CHARS);
    fields[reserved?.has(name) === true ? `${name}_` : name] = field;
  }
  return fields;
}

function errorOf(error: Error, limits: Limits, depth: number): unknown {
  const { name, message, stack, cause } = error;
  return objectOf(
    {
      type: name,
      code: 'code' in error ? error.code : undefined,
      message,
      stack: limits.stack && typeof stack === 'string' ? framesOf(stack) : undefined,
      // Deeper causes are told by their message alone.
      cause: depth > 1 && cause instanceof Error ? cause.message : cause,
    },
    limits,
    depth,
  );
}

/** The frames nearest to the error, in one line, without the message, which stands next to them. */
function framesOf(stack: string): string {
  const frames = stack.split('\n').filter((line) => /^\s+at /.test(line));
  return frames
    .slice(0, STACK_LINES)
    .map((line) => line.trim().slice('at '.length))
    .join(' < ');
}

function safely(read: () => unknown): unknown {
  try {
    return read();
  } catch {
    return '[unreadable]';
  }
}
