import type { Payload } from '@temporalio/common';
import { fromBase64, fromUtf8, isWellFormed } from './bytes.js';
import type { CallScope } from './call-id.js';
import { parseDurationMs } from './duration.js';
import { showValue } from './escape.js';
import {
  DEFAULT_CALL_TIMEOUT_MS,
  MAX_ARGUMENTS,
  MAX_ARGUMENT_DEPTH,
  MAX_CALL_KEY_CHARS,
  MAX_CALL_TIMEOUT_MS,
  MAX_NAME_CHARS,
  MAX_WORKFLOW_ID_CHARS,
  MIN_CALL_TIMEOUT_MS,
} from './limits.js';
import { isDeeperThan } from './json-depth.js';
import { REMOTE_CALL_WORKFLOW } from './names.js';
import { encodingOf, jsonPayload, payloadOf } from './payloads.js';

/** How ids are made: this project's form, or exactly the published bridge's (with its workflow-id scope). */
export type IdMode = 'hashed' | 'article';

/** The request of a `CrossClusterWorkflow`, read and checked. */
export interface CrossClusterRequest {
  /** `article`: the published keys, base64 in and out. `plain`: camelCase keys, JSON in and out. */
  readonly form: 'article' | 'plain';
  readonly workflowType: string;
  readonly taskQueue: string;
  readonly args: readonly Payload[];
  readonly timeoutMs: number;
  readonly idMode: IdMode;
  readonly scope: CallScope;
  readonly key?: string;
  readonly workflowId?: string;
  readonly sourceCluster?: string;
}

/** What is wrong with a request. */
export interface RequestProblem {
  readonly field: string;
  readonly expected: string;
  readonly got: string;
}

/** Thrown for a request that cannot be made; becomes an `INVALID_REQUEST` failure. */
export class InvalidRequestError extends Error {
  readonly problem: RequestProblem;

  constructor(problem: RequestProblem) {
    super(`${problem.field}: expected ${problem.expected}, got ${problem.got}; nothing was started`);
    this.name = 'InvalidRequestError';
    this.problem = problem;
  }
}

const PLAIN_KEYS = {
  workflowType: 'workflowType',
  taskQueue: 'taskQueue',
  input: 'args',
  timeout: 'timeout',
  idMode: 'idMode',
  scope: 'scope',
  key: 'key',
  workflowId: 'workflowId',
  sourceCluster: 'sourceCluster',
} as const;

type Field = keyof typeof PLAIN_KEYS;

const ARTICLE_KEYS: Readonly<Record<Field, string>> = {
  workflowType: 'WorkflowType',
  taskQueue: 'TaskQueue',
  input: 'Input',
  timeout: 'Timeout',
  idMode: 'IDMode',
  scope: 'Scope',
  key: 'Key',
  workflowId: 'WorkflowID',
  sourceCluster: 'SourceCluster',
};

/** A request on its way through the checks. */
export interface RequestCandidate {
  readonly payloads: readonly Payload[];
  readonly encoding: string;
  readonly json:
    { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly text: string };
  readonly fields: Readonly<Record<string, unknown>>;
  readonly article: boolean;
  /** The key under which a field stands in this form. */
  keyOf(field: Field): string;
  /** A field's value; `undefined` where it is absent or `null`. */
  get(field: Field): unknown;
}

/** One check: its name, and the problem it finds, if any. */
export interface RequestCheck {
  readonly name: string;
  find(request: RequestCandidate): RequestProblem | undefined;
}

function candidateOf(payloads: readonly Payload[]): RequestCandidate {
  const [payload] = payloads;
  const text = payload?.data ? fromUtf8(payload.data) : undefined;
  let json: RequestCandidate['json'];
  try {
    json = { ok: true, value: JSON.parse(text ?? '') as unknown };
  } catch {
    json = { ok: false, text: text ?? 'bytes that are not UTF-8' };
  }
  const isObject = json.ok && typeof json.value === 'object' && json.value !== null;
  const fields = (isObject && json.ok ? json.value : {}) as Record<string, unknown>;
  const keys = Object.keys(fields);
  const article = !keys.some((key) => Object.values<string>(PLAIN_KEYS).includes(key));
  const keyOf = (field: Field) => (article ? ARTICLE_KEYS[field] : PLAIN_KEYS[field]);
  return {
    payloads,
    encoding: payload ? encodingOf(payload) : '',
    json,
    fields,
    article,
    keyOf,
    get: (field) => {
      const key = keyOf(field);
      return Object.hasOwn(fields, key) ? (fields[key] ?? undefined) : undefined;
    },
  };
}

function problem(field: string, expected: string, got: unknown): RequestProblem {
  return { field, expected, got: got === undefined ? 'nothing' : showValue(got) };
}

const RESERVED_QUEUE = /^(?:\/_sys\/|__temporal|temporal-sys-)/;

function nameCheck(field: 'workflowType' | 'taskQueue'): RequestCheck[] {
  const what = field === 'workflowType' ? 'the name of a workflow type' : 'the name of a task queue';
  return [
    {
      name: `${field} is a text`,
      find: (r) =>
        typeof r.get(field) === 'string' ? undefined : problem(r.keyOf(field), what, r.get(field)),
    },
    {
      name: `${field} is not empty`,
      find: (r) => {
        const value = r.get(field);
        return typeof value === 'string' && value.trim() === ''
          ? problem(r.keyOf(field), what, value)
          : undefined;
      },
    },
    ...textChecks(field, MAX_NAME_CHARS),
  ];
}

function textChecks(field: Field, maxChars: number): RequestCheck[] {
  return [
    {
      name: `${field} is not too long`,
      find: (r) => {
        const value = r.get(field);
        return typeof value === 'string' && value.length > maxChars
          ? problem(r.keyOf(field), `at most ${maxChars} characters`, value)
          : undefined;
      },
    },
    {
      name: `${field} has no lone surrogate`,
      find: (r) => {
        const value = r.get(field);
        return typeof value === 'string' && !isWellFormed(value)
          ? problem(r.keyOf(field), 'text that UTF-8 can carry (no lone surrogate)', value)
          : undefined;
      },
    },
  ];
}

function optionalTextChecks(field: Field, maxChars: number): RequestCheck[] {
  return [
    {
      name: `${field} is a text`,
      find: (r) => {
        const value = r.get(field);
        return value !== undefined && typeof value !== 'string'
          ? problem(r.keyOf(field), 'a text', value)
          : undefined;
      },
    },
    {
      name: `${field} is not empty`,
      find: (r) =>
        r.get(field) === '' ? problem(r.keyOf(field), 'a text that is not empty', '') : undefined,
    },
    ...textChecks(field, maxChars),
  ];
}

function choiceCheck(field: 'idMode' | 'scope', choices: readonly string[]): RequestCheck {
  return {
    name: `${field} is one of its choices`,
    find: (r) => {
      const value = r.get(field);
      return value === undefined || choices.some((choice) => choice === value)
        ? undefined
        : problem(r.keyOf(field), choices.join(' | '), value);
    },
  };
}

function timeoutMsOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value / 1e6;
  try {
    return parseDurationMs(String(value));
  } catch {
    return undefined;
  }
}

/** The checks in the order in which they run. Each looks at one thing; none relies on an earlier one. */
export const REQUEST_CHECKS: readonly RequestCheck[] = [
  {
    name: 'exactly one argument',
    find: (r) =>
      r.payloads.length === 1 ? undefined : problem('input', 'exactly one argument', r.payloads.length),
  },
  {
    name: 'JSON encoding',
    find: (r) =>
      r.payloads.length > 0 && !['json/plain', 'json/protobuf'].includes(r.encoding)
        ? problem('input', 'a payload of encoding json/plain', r.encoding)
        : undefined,
  },
  { name: 'JSON syntax', find: (r) => (r.json.ok ? undefined : problem('input', 'JSON', r.json.text)) },
  {
    name: 'a JSON object',
    find: (r) =>
      r.json.ok && (typeof r.json.value !== 'object' || r.json.value === null || Array.isArray(r.json.value))
        ? problem('input', 'a JSON object', r.json.value)
        : undefined,
  },
  {
    name: 'known keys of one form',
    find: (r) => {
      const known = Object.values<string>(r.article ? ARTICLE_KEYS : PLAIN_KEYS);
      const unknown = Object.keys(r.fields).find((key) => !known.includes(key));
      return unknown === undefined ? undefined : problem('input', `keys ${known.join(', ')}`, unknown);
    },
  },
  ...nameCheck('workflowType'),
  {
    name: 'workflowType is not the bridge’s own',
    find: (r) =>
      r.get('workflowType') === REMOTE_CALL_WORKFLOW || String(r.get('workflowType')).startsWith('__temporal')
        ? problem(r.keyOf('workflowType'), 'a workflow type that is not reserved', r.get('workflowType'))
        : undefined,
  },
  ...nameCheck('taskQueue'),
  {
    name: 'taskQueue is not reserved',
    find: (r) =>
      RESERVED_QUEUE.test(String(r.get('taskQueue')))
        ? problem(
            r.keyOf('taskQueue'),
            'a task queue name that is not reserved by Temporal',
            r.get('taskQueue'),
          )
        : undefined,
  },
  {
    name: 'input is a text (article form)',
    find: (r) =>
      r.article && r.get('input') !== undefined && typeof r.get('input') !== 'string'
        ? problem(r.keyOf('input'), 'base64 text', r.get('input'))
        : undefined,
  },
  {
    name: 'input is base64 (article form)',
    find: (r) => {
      const value = r.get('input');
      return r.article && typeof value === 'string' && !fromBase64(value)
        ? problem(r.keyOf('input'), 'standard base64 with padding', value)
        : undefined;
    },
  },
  {
    name: 'args is a list (plain form)',
    find: (r) =>
      !r.article && r.get('input') !== undefined && !Array.isArray(r.get('input'))
        ? problem(r.keyOf('input'), 'a list of arguments', r.get('input'))
        : undefined,
  },
  {
    name: 'args is not too long (plain form)',
    find: (r) => {
      const value = r.get('input');
      return Array.isArray(value) && value.length > MAX_ARGUMENTS
        ? problem(r.keyOf('input'), `at most ${MAX_ARGUMENTS} arguments`, value.length)
        : undefined;
    },
  },
  {
    name: 'args is not nested too deeply (plain form)',
    find: (r) => {
      const value = r.get('input');
      return Array.isArray(value) && isDeeperThan(value, MAX_ARGUMENT_DEPTH + 1)
        ? problem(
            r.keyOf('input'),
            `at most ${MAX_ARGUMENT_DEPTH} lists and objects inside one another`,
            value,
          )
        : undefined;
    },
  },
  {
    name: 'timeout is a number or a text',
    find: (r) => {
      const value = r.get('timeout');
      return value === undefined || typeof value === 'number' || typeof value === 'string'
        ? undefined
        : problem(r.keyOf('timeout'), 'whole nanoseconds, or a text such as "90s"', value);
    },
  },
  {
    name: 'timeout is whole nanoseconds',
    find: (r) => {
      const value = r.get('timeout');
      return typeof value === 'number' && !Number.isInteger(value)
        ? problem(r.keyOf('timeout'), 'whole nanoseconds', value)
        : undefined;
    },
  },
  {
    name: 'timeout is a duration',
    find: (r) => {
      const value = r.get('timeout');
      return typeof value === 'string' && timeoutMsOf(value) === undefined
        ? problem(r.keyOf('timeout'), 'a duration such as "250ms", "90s" or "2h"', value)
        : undefined;
    },
  },
  {
    name: 'timeout is not negative',
    find: (r) => {
      const value = r.get('timeout');
      return typeof value === 'number' && value < 0
        ? problem(r.keyOf('timeout'), '0 (the default of 1h) or more', value)
        : undefined;
    },
  },
  {
    name: 'timeout is not too short',
    find: (r) => {
      const ms = timeoutMsOf(r.get('timeout') ?? 0) ?? 0;
      return ms > 0 && ms < MIN_CALL_TIMEOUT_MS
        ? problem(r.keyOf('timeout'), 'at least 1ms; a plain number is nanoseconds', r.get('timeout'))
        : undefined;
    },
  },
  {
    name: 'timeout is not too long',
    find: (r) =>
      (timeoutMsOf(r.get('timeout') ?? 0) ?? 0) > MAX_CALL_TIMEOUT_MS
        ? problem(r.keyOf('timeout'), 'at most 365d; a plain number is nanoseconds', r.get('timeout'))
        : undefined,
  },
  choiceCheck('idMode', ['hashed', 'article']),
  choiceCheck('scope', ['run', 'chain', 'workflow-id']),
  ...optionalTextChecks('key', MAX_CALL_KEY_CHARS),
  ...optionalTextChecks('workflowId', MAX_WORKFLOW_ID_CHARS),
  {
    name: 'workflowId is not a wrapper’s',
    find: (r) =>
      String(r.get('workflowId')).startsWith('bridge-call-')
        ? problem(r.keyOf('workflowId'), 'an id that does not begin with bridge-call-', r.get('workflowId'))
        : undefined,
  },
  ...optionalTextChecks('sourceCluster', 63),
  {
    name: 'a wide scope has a key',
    find: (r) => {
      const scope = r.get('scope');
      const wide = scope === 'chain' || scope === 'workflow-id';
      return wide && r.get('idMode') !== 'article' && r.get('key') === undefined
        ? problem(r.keyOf('key'), `a key, because scope ${scope} shares a call between runs`, undefined)
        : undefined;
    },
  },
  {
    name: 'article ids have workflow-id scope',
    find: (r) => {
      const scope = r.get('scope');
      return r.get('idMode') === 'article' && scope !== undefined && scope !== 'workflow-id'
        ? problem(r.keyOf('scope'), 'workflow-id, or no scope, in article id mode', scope)
        : undefined;
    },
  },
  {
    name: 'article ids are not given ids',
    find: (r) =>
      r.get('idMode') === 'article' && r.get('workflowId') !== undefined
        ? problem(
            r.keyOf('workflowId'),
            'no workflow id in article id mode, which makes its own',
            r.get('workflowId'),
          )
        : undefined,
  },
];

function argsOf(request: RequestCandidate): Payload[] {
  const input = request.get('input');
  if (!request.article) return Array.isArray(input) ? input.map((value) => jsonPayload(value ?? null)) : [];
  const bytes = typeof input === 'string' ? fromBase64(input) : undefined;
  if (!bytes || bytes.length === 0) return [];
  const text = fromUtf8(bytes);
  try {
    JSON.parse(text ?? '');
    return [payloadOf('json/plain', bytes)];
  } catch {
    return [payloadOf('binary/plain', bytes)];
  }
}

function textOf(request: RequestCandidate, field: Field): string | undefined {
  const value = request.get(field);
  return typeof value === 'string' ? value : undefined;
}

/**
 * Reads the input of a `CrossClusterWorkflow`.
 *
 * Article form: `Input` is base64; JSON bytes become one ordinary JSON argument with just these bytes, other bytes one
 * `binary/plain` argument, empty or absent no argument. `Timeout` is whole nanoseconds or a text; 0 or absent = 1 hour.
 *
 * @param checks - for tests, which take one away at a time
 * @throws {InvalidRequestError} naming the field, what is expected, and what was there (escaped, cut)
 */
export function parseCrossClusterRequest(
  payloads: readonly Payload[],
  checks: readonly RequestCheck[] = REQUEST_CHECKS,
): CrossClusterRequest {
  const request = candidateOf(payloads);
  for (const check of checks) {
    const found = check.find(request);
    if (found) throw new InvalidRequestError(found);
  }
  const idMode: IdMode = request.get('idMode') === 'article' ? 'article' : 'hashed';
  const scope = request.get('scope');
  const key = textOf(request, 'key');
  const workflowId = textOf(request, 'workflowId');
  const sourceCluster = textOf(request, 'sourceCluster');
  return {
    form: request.article ? 'article' : 'plain',
    workflowType: textOf(request, 'workflowType') ?? '',
    taskQueue: textOf(request, 'taskQueue') ?? '',
    args: argsOf(request),
    timeoutMs: Math.ceil(timeoutMsOf(request.get('timeout') ?? 0) ?? 0) || DEFAULT_CALL_TIMEOUT_MS,
    idMode,
    scope:
      idMode === 'article' ? 'workflow-id' : scope === 'chain' || scope === 'workflow-id' ? scope : 'run',
    ...(key === undefined ? {} : { key }),
    ...(workflowId === undefined ? {} : { workflowId }),
    ...(sourceCluster === undefined ? {} : { sourceCluster }),
  };
}
