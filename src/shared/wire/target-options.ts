import { isWellFormed, utf8 } from '../bytes.js';
import { MAX_CALL_TIMEOUT_MS, MAX_WORKFLOW_TASK_TIMEOUT_MS } from '../limits.js';
import type { FieldReader } from './fields.js';
import { invalidField } from './fields.js';

/** How often and how long a failed target is tried again; absent fields are the server's defaults. */
export interface TargetRetry {
  readonly initialIntervalMs?: number;
  readonly backoffCoefficient?: number;
  readonly maximumIntervalMs?: number;
  /** Absent: no limit. */
  readonly maximumAttempts?: number;
  readonly nonRetryableErrorTypes?: readonly string[];
}

/** Types of search attributes, as Temporal names them. */
export const SEARCH_ATTRIBUTE_TYPES = [
  'TEXT',
  'KEYWORD',
  'INT',
  'DOUBLE',
  'BOOL',
  'DATETIME',
  'KEYWORD_LIST',
] as const;

/** One search attribute of the target. Search attributes are an index: no codec encodes them. */
export interface TargetSearchAttribute {
  readonly name: string;
  readonly type: (typeof SEARCH_ATTRIBUTE_TYPES)[number];
  /** `DATETIME`: milliseconds since the epoch. */
  readonly value: string | number | boolean | readonly string[];
}

/** What the caller asks for the target beyond type, queue, id and arguments; as for a child workflow. */
export interface TargetOptions {
  /** From the target's own start; the call's time-out ends it, too. */
  readonly executionTimeoutMs?: number;
  readonly runTimeoutMs?: number;
  readonly taskTimeoutMs?: number;
  readonly retry?: TargetRetry;
  /** Only with an id that the user asked for; absent: no execution with that id may have been before. */
  readonly idReuse?: 'allow-duplicate' | 'allow-duplicate-failed-only';
  readonly priorityKey?: number;
  readonly searchAttributes?: readonly TargetSearchAttribute[];
}

/** Search attributes of one target: far above any use; bounds the work of a check. */
const MAX_SEARCH_ATTRIBUTES = 100;
/** Bytes of one search attribute's value as JSON, and of all names and values: what a Temporal server takes by default. */
const MAX_SEARCH_ATTRIBUTE_BYTES = 2 * 1024;
const MAX_SEARCH_ATTRIBUTES_BYTES = 40 * 1024;
/** Years 1 to 9999: what a server can read. */
const FIRST_DATE_MS = Date.parse('0001-01-01T00:00:00Z');
const LAST_DATE_MS = Date.parse('9999-12-31T23:59:59Z');
/** What a server adds to each attribute when it counts, generously. */
const SEARCH_ATTRIBUTE_OVERHEAD_BYTES = 64;
/** The wire has 32 bits for it, and a server refuses a negative one. */
const MAX_PRIORITY_KEY = 2 ** 31 - 1;
/** Error types that a retry policy can name. */
const MAX_ERROR_TYPES = 100;

/** Of a time-out or an interval. Tried: a first interval of 2^53 - 1 ms makes the wrapper's workflow task time out for ever. */
const DURATION = { max: MAX_CALL_TIMEOUT_MS };

function parseRetry(fields: FieldReader): TargetRetry {
  const initialIntervalMs = fields.optionalMillis('initialIntervalMs', DURATION);
  const backoffCoefficient = fields.optionalNumber('backoffCoefficient');
  const maximumIntervalMs = fields.optionalMillis('maximumIntervalMs', DURATION);
  const maximumAttempts = fields.optionalWhole('maximumAttempts');
  const nonRetryableErrorTypes = fields.optionalTextList('nonRetryableErrorTypes', MAX_ERROR_TYPES);
  return {
    ...(initialIntervalMs === undefined ? {} : { initialIntervalMs }),
    ...(backoffCoefficient === undefined ? {} : { backoffCoefficient }),
    ...(maximumIntervalMs === undefined ? {} : { maximumIntervalMs }),
    ...(maximumAttempts === undefined ? {} : { maximumAttempts }),
    ...(nonRetryableErrorTypes === undefined ? {} : { nonRetryableErrorTypes }),
  };
}

function parseSearchAttribute(fields: FieldReader): TargetSearchAttribute {
  const name = fields.string('name', { max: 255 });
  const type = fields.oneOf('type', SEARCH_ATTRIBUTE_TYPES);
  const value = fields.value('value');
  const isText = (one: unknown): one is string => typeof one === 'string' && isWellFormed(one);
  const isTextList = Array.isArray(value) && value.every(isText);
  const fits = {
    TEXT: isText(value),
    KEYWORD: isText(value),
    INT: Number.isSafeInteger(value),
    DOUBLE: typeof value === 'number' && Number.isFinite(value),
    BOOL: typeof value === 'boolean',
    DATETIME: Number.isSafeInteger(value) && Number(value) >= FIRST_DATE_MS && Number(value) <= LAST_DATE_MS,
    KEYWORD_LIST: isTextList,
  }[type];
  if (!fits) throw invalidField(`search attribute ${name}`, `a value of type ${type}`, value);
  const bytes = valueBytes(value);
  if (bytes > MAX_SEARCH_ATTRIBUTE_BYTES)
    throw invalidField(`search attribute ${name}`, `at most ${MAX_SEARCH_ATTRIBUTE_BYTES} bytes`, bytes);
  return { name, type, value: value as TargetSearchAttribute['value'] };
}

const valueBytes = (value: unknown): number => utf8(JSON.stringify(value)).length;

function parseSearchAttributes(fields: readonly FieldReader[]): TargetSearchAttribute[] {
  const attributes = fields.map(parseSearchAttribute);
  const bytes = attributes.reduce(
    (sum, { name, value }) => sum + utf8(name).length + valueBytes(value) + SEARCH_ATTRIBUTE_OVERHEAD_BYTES,
    0,
  );
  if (bytes > MAX_SEARCH_ATTRIBUTES_BYTES)
    throw invalidField('search attributes', `at most ${MAX_SEARCH_ATTRIBUTES_BYTES} bytes together`, bytes);
  return attributes;
}

/**
 * Reads the options of a target.
 *
 * @throws {BridgeError} `ENVELOPE_INVALID`
 */
export function parseTargetOptions(fields: FieldReader): TargetOptions {
  const executionTimeoutMs = fields.optionalMillis('executionTimeoutMs', DURATION);
  const runTimeoutMs = fields.optionalMillis('runTimeoutMs', DURATION);
  const taskTimeoutMs = fields.optionalMillis('taskTimeoutMs', { max: MAX_WORKFLOW_TASK_TIMEOUT_MS });
  const retry = fields.optionalObject('retry');
  const idReuse = fields.optionalOneOf('idReuse', ['allow-duplicate', 'allow-duplicate-failed-only']);
  const priorityKey = fields.optionalWhole('priorityKey');
  if (priorityKey !== undefined && (priorityKey < 1 || priorityKey > MAX_PRIORITY_KEY))
    throw invalidField('priority.priorityKey', `a whole number from 1 to ${MAX_PRIORITY_KEY}`, priorityKey);
  const searchAttributes = fields.optionalObjects('searchAttributes', MAX_SEARCH_ATTRIBUTES);
  return {
    ...(executionTimeoutMs === undefined ? {} : { executionTimeoutMs }),
    ...(runTimeoutMs === undefined ? {} : { runTimeoutMs }),
    ...(taskTimeoutMs === undefined ? {} : { taskTimeoutMs }),
    ...(retry === undefined ? {} : { retry: parseRetry(retry) }),
    ...(idReuse === undefined ? {} : { idReuse }),
    ...(priorityKey === undefined ? {} : { priorityKey }),
    ...(searchAttributes === undefined ? {} : { searchAttributes: parseSearchAttributes(searchAttributes) }),
  };
}
