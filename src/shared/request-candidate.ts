import type { Payload } from '@temporalio/common';
import { fromUtf8 } from './bytes.js';
import { parseDurationMs } from './duration.js';
import { showValue } from './escape.js';
import { encodingOf } from './payloads.js';

/** What is wrong with a request. */
export interface RequestProblem {
  readonly field: string;
  readonly expected: string;
  readonly got: string;
}

/** The keys of the plain form, by field. */
export const PLAIN_KEYS = {
  workflowType: 'workflowType',
  taskQueue: 'taskQueue',
  input: 'args',
  timeout: 'timeout',
  idMode: 'idMode',
  scope: 'scope',
  key: 'key',
  workflowId: 'workflowId',
  sourceCluster: 'sourceCluster',
  cluster: 'cluster',
  parentClosePolicy: 'parentClosePolicy',
} as const;

/** A field of a request, whichever the form. */
export type Field = keyof typeof PLAIN_KEYS;

/** The keys of the article form. */
export const ARTICLE_KEYS: Readonly<Record<Field, string>> = {
  workflowType: 'WorkflowType',
  taskQueue: 'TaskQueue',
  input: 'Input',
  timeout: 'Timeout',
  idMode: 'IDMode',
  scope: 'Scope',
  key: 'Key',
  workflowId: 'WorkflowID',
  sourceCluster: 'SourceCluster',
  cluster: 'Cluster',
  parentClosePolicy: 'ParentClosePolicy',
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

/** Takes an input apart, as far as it goes; the checks say what is wrong with it. */
export function candidateOf(payloads: readonly Payload[]): RequestCandidate {
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

/** A problem with a field; `undefined` is shown as nothing. */
export function problem(field: string, expected: string, got: unknown): RequestProblem {
  return { field, expected, got: got === undefined ? 'nothing' : showValue(got) };
}

/** Milliseconds of a time-out: nanoseconds if it is a number; `undefined` if it is no duration. */
export function timeoutMsOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value / 1e6;
  try {
    return parseDurationMs(String(value));
  } catch {
    return undefined;
  }
}
