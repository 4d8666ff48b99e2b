import { PARENT_CLOSE_POLICIES } from './wire/call-envelope.js';
import { fromBase64 } from './bytes.js';
import { isDeeperThan } from './json-depth.js';
import {
  MAX_ARGUMENTS,
  MAX_ARGUMENT_DEPTH,
  MAX_CALL_KEY_CHARS,
  MAX_CALL_TIMEOUT_MS,
  MAX_WORKFLOW_ID_CHARS,
  MIN_CALL_TIMEOUT_MS,
} from './limits.js';
import { REMOTE_CALL_WORKFLOW, RESERVED_TASK_QUEUE } from './names.js';
import { ARTICLE_KEYS, PLAIN_KEYS, problem, timeoutMsOf } from './request-candidate.js';
import { choiceCheck, nameCheck, optionalTextChecks } from './request-text-checks.js';
import type { RequestCheck } from './request-text-checks.js';

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
      RESERVED_TASK_QUEUE.test(String(r.get('taskQueue')))
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
  ...optionalTextChecks('cluster', 63),
  choiceCheck('parentClosePolicy', Object.keys(PARENT_CLOSE_POLICIES)),
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
