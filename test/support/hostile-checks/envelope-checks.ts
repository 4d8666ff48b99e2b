/** The checks of envelopes that are the same for each kind, and those of calls. */
import { MAX_ENVELOPE_BYTES } from '../../../src/shared/limits.js';
import { payloadOf } from '../../../src/shared/payloads.js';
import { CALL } from '../wire-samples.js';
import type { HostileCheck } from './check.js';
import { callWith, field, parsed, remoteCallWith } from './check.js';

const TEXT = JSON.stringify(CALL);
const HUGE = Number.MAX_SAFE_INTEGER;
const many = (count: number, value: unknown) => Array.from({ length: count }, () => value);
const attribute = (type: string, value: unknown) => [{ name: 'Name', type, value }];
const inOptions = (path: string, value: unknown) => callWith(`target.options.${path}`, value);

type Rest = Omit<HostileCheck, 'file' | 'place'>;
const of =
  (file: string) =>
  (checks: readonly Rest[]): HostileCheck[] =>
    checks.map((check) => ({ place: 'envelope', file, ...check }));

const FIELDS = of('src/shared/wire/fields.ts')([
  {
    name: 'a header field is there',
    find: '  if (!data)\n',
    replace: '  if (false)\n',
    input: parsed(undefined),
    says: /no call envelope/,
    without: 'breaks',
  },
  {
    name: 'an envelope is not too long',
    find: '  if (data.length > MAX_ENVELOPE_BYTES)\n',
    replace: '  if (false)\n',
    input: parsed(field(TEXT.padEnd(MAX_ENVELOPE_BYTES + 1))),
    says: /at most 1048576 bytes/,
  },
  {
    name: 'an envelope is UTF-8',
    find: '  const text = fromUtf8(data);\n',
    replace: '  const text = new TextDecoder().decode(data);\n',
    input: parsed(payloadOf('json/plain', Buffer.from(TEXT.replace('order-123', '\u00ff'), 'latin1'))),
    says: /expected JSON, got "bytes that are not UTF-8"/,
  },
  {
    name: 'an envelope is JSON',
    find: "    value = JSON.parse(text ?? '');",
    replace: `    value = JSON.parse((text ?? '') + '}');`,
    input: parsed(field(TEXT.slice(0, -1))),
    says: /expected JSON/,
  },
  {
    name: 'an envelope is of this version',
    find: '  fields.version(ENVELOPE_VERSION);\n',
    replace: '',
    input: parsed(field(JSON.stringify({ ...CALL, v: 2 }))),
    says: /of version 2; this bridge reads version 1; upgrade it/,
  },
  {
    name: 'an envelope is of the kind that is awaited',
    find: "  fields.oneOf('kind', [kind, ...otherKinds]);\n",
    replace: '',
    input: parsed(field(JSON.stringify({ ...CALL, kind: 'operation' }))),
    says: /call\.kind; expected call/,
  },
  {
    name: 'a version is a number',
    find: '    throw invalidField(`${this.#path}.v`, String(reads), version);',
    replace: '    return reads;',
    input: callWith('v', '1'),
    says: /call\.v; expected 1/,
  },
  {
    name: 'an object is no list',
    find: "value === null || Array.isArray(value))\n      throw invalidField(path, 'an object', value);",
    replace: "value === null)\n      throw invalidField(path, 'an object', value);",
    input: inOptions('retry', []),
    says: /retry; expected an object/,
  },
  {
    name: 'an object is not null',
    find: "typeof value !== 'object' || value === null || Array",
    replace: "typeof value !== 'object' || Array",
    input: callWith('target', null),
    says: /target; expected an object/,
    without: 'breaks',
  },
  {
    name: 'a text is a text',
    find: "if (typeof value !== 'string' || value.length > max",
    replace: 'if (value.length > max',
    input: callWith('caller.namespace', { length: 1 }),
    says: /namespace; expected a text/,
  },
  {
    name: 'a text is not too long',
    find: " || value.length > max || !isWellFormed(value) || (!empty && value === '')",
    replace: " || !isWellFormed(value) || (!empty && value === '')",
    input: callWith('caller.workflowId', 'x'.repeat(1001)),
    says: /at most 1000 characters/,
  },
  {
    name: 'a text has no lone surrogate',
    find: " || !isWellFormed(value) || (!empty && value === '')",
    replace: " || (!empty && value === '')",
    input: callWith('caller.workflowId', 'a\ud800'),
    says: /workflowId; expected a text/,
  },
  {
    name: 'a text is not empty',
    find: " || (!empty && value === '')",
    replace: '',
    input: callWith('caller.workflowId', ''),
    says: /workflowId; expected a text/,
  },
  {
    name: 'a text has its pattern',
    find: 'if (pattern && !pattern.test(value))',
    replace: 'if (false)',
    input: callWith('callId', '../x'),
    says: /callId; expected \/\^\[0-9a-f\]/,
  },
  {
    name: 'a duration is a whole number',
    find: "typeof value !== 'number' || !Number.isSafeInteger(value) || value < min",
    replace: 'value < min',
    input: callWith('timeoutMs', 1.5),
    says: /timeoutMs; expected a whole number/,
  },
  {
    name: 'a duration is not too short',
    find: ' || value < min || value > max',
    replace: ' || value > max',
    input: callWith('timeoutMs', -1),
    says: /timeoutMs; expected .* 0 to/,
  },
  {
    name: 'a duration is not too long',
    find: ' || value > max)',
    replace: ')',
    input: inOptions('retry.initialIntervalMs', HUGE),
    says: /initialIntervalMs; expected .* to 31536000000/,
  },
  {
    name: 'a count is a whole number',
    find: "    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)\n",
    replace: '    if (value < 0)\n',
    input: inOptions('retry.maximumAttempts', 1.5),
    says: /maximumAttempts; expected a whole number/,
  },
  {
    name: 'a count is not negative',
    find: '!Number.isSafeInteger(value) || value < 0)',
    replace: '!Number.isSafeInteger(value))',
    input: inOptions('retry.maximumAttempts', -1),
    says: /maximumAttempts; expected a whole number, 0/,
  },
  {
    name: 'a number is a number',
    find: "    if (typeof value !== 'number' || !Number.isFinite(value))\n",
    replace: '    if (false)\n',
    input: inOptions('retry.backoffCoefficient', '2'),
    says: /backoffCoefficient; expected a number/,
  },
  {
    name: 'a flag is true or absent',
    find: '    if (value !== undefined && value !== true)\n',
    replace: '    if (false)\n',
    input: callWith('extras.token', 'yes'),
    says: /token; expected true/,
  },
  {
    name: 'a list of texts is a list',
    find: '!Array.isArray(value) || value.length > maxItems || !value.every(isText)',
    replace: 'value.length > maxItems || !value.every(isText)',
    input: inOptions('retry.nonRetryableErrorTypes', 'X'),
    says: /nonRetryableErrorTypes; expected at most 100 texts/,
    without: 'breaks',
  },
  {
    name: 'a list of texts is not too long',
    find: ' || value.length > maxItems || !value.every(isText)',
    replace: ' || !value.every(isText)',
    input: inOptions('retry.nonRetryableErrorTypes', many(101, 'X')),
    says: /at most 100 texts/,
  },
  {
    name: 'a list of texts has texts',
    find: ' || !value.every(isText)',
    replace: '',
    input: inOptions('retry.nonRetryableErrorTypes', [7]),
    says: /at most 100 texts/,
  },
  {
    name: 'a text of a list is not too long',
    find: ' && one.length <= 1000 && isWellFormed(one)',
    replace: ' && isWellFormed(one)',
    input: inOptions('retry.nonRetryableErrorTypes', ['x'.repeat(1001)]),
    says: /texts of at most 1000/,
  },
  {
    name: 'a text of a list has no lone surrogate',
    find: ' && one.length <= 1000 && isWellFormed(one)',
    replace: ' && one.length <= 1000',
    input: inOptions('retry.nonRetryableErrorTypes', ['\udfff']),
    says: /at most 100 texts/,
  },
  {
    name: 'a list of objects is a list',
    find: '    if (!Array.isArray(value) || value.length > maxItems)\n',
    replace: '    if (value.length > maxItems)\n',
    input: inOptions('searchAttributes', { length: 0 }),
    says: /at most 100 objects/,
    without: 'breaks',
  },
  {
    name: 'a list of objects is not too long',
    find: '    if (!Array.isArray(value) || value.length > maxItems)\n',
    replace: '    if (!Array.isArray(value))\n',
    input: inOptions('searchAttributes', many(101, attribute('BOOL', true)[0])),
    says: /at most 100 objects/,
  },
  {
    name: 'a word is one of its choices',
    find: '    if (found === undefined) throw',
    replace: '    if (false) throw',
    input: callWith('target.idMode', '__proto__'),
    says: /idMode; expected hashed \| article/,
  },
]);

const CALLS = of('src/shared/wire/call-envelope.ts')([
  {
    name: 'a call waits for less than a year',
    find: "fields.optionalMillis('timeoutMs', { max: MAX_CALL_TIMEOUT_MS })",
    replace: "fields.optionalMillis('timeoutMs')",
    input: callWith('timeoutMs', HUGE),
    says: /timeoutMs; expected/,
  },
  {
    name: 'a remote call has less than a year left',
    find: "fields.optionalMillis('remainingMs', { max: MAX_CALL_TIMEOUT_MS })",
    replace: "fields.optionalMillis('remainingMs')",
    input: remoteCallWith('remainingMs', HUGE),
    says: /remainingMs; expected/,
  },
  {
    name: 'looks have a pause',
    find: 'const LOOKS = { min: MIN_FALLBACK_MS, max: MAX_FALLBACK_MS };',
    replace: 'const LOOKS = { max: MAX_FALLBACK_MS };',
    input: callWith('fallback', { firstMs: 0, maxMs: 0 }),
    says: /firstMs; expected .* 100 to/,
  },
  {
    name: 'looks come',
    find: 'const LOOKS = { min: MIN_FALLBACK_MS, max: MAX_FALLBACK_MS };',
    replace: 'const LOOKS = { min: MIN_FALLBACK_MS };',
    input: callWith('fallback', { firstMs: 100, maxMs: HUGE }),
    says: /maxMs; expected .* to 3600000/,
  },
  {
    name: 'a wrapper’s id is not too long',
    find: "fields.string('wrapperWorkflowId', { max: MAX_WORKFLOW_ID_CHARS })",
    replace: "fields.string('wrapperWorkflowId')",
    input: callWith('wrapperWorkflowId', 'x'.repeat(256)),
    says: /wrapperWorkflowId; expected a text of at most 255/,
  },
  {
    name: 'a cluster’s name is not too long',
    find: "fields.optionalString('cluster', { max: 63 })",
    replace: "fields.optionalString('cluster')",
    input: callWith('cluster', 'x'.repeat(64)),
    says: /cluster; expected a text of at most 63/,
  },
  {
    name: 'a seal is of this version',
    find: 'v: seal.version(1),',
    replace: 'v: 1,',
    input: remoteCallWith('replyTo.v', 2),
    says: /replyTo is of version 2/,
  },
  {
    name: 'a seal is a seal',
    find: "kind: seal.oneOf('kind', ['seal']),",
    replace: "kind: 'seal',",
    input: remoteCallWith('replyTo.kind', 'call'),
    says: /replyTo\.kind; expected seal/,
  },
]);

const EXTRAS = of('src/shared/wire/extra-payloads.ts')([
  {
    name: 'a memo’s keys are not too many bytes',
    find: '  if (bytes > MAX_MEMO_KEYS_BYTES)\n',
    replace: '  if (false)\n',
    input: callWith('extras.memo', many(17, 'x'.repeat(1000))),
    says: /keys of at most 16384 bytes/,
  },
]);

const OPTIONS = of('src/shared/wire/target-options.ts')([
  {
    name: 'a task time-out is one that a server takes',
    find: "fields.optionalMillis('taskTimeoutMs', { max: MAX_WORKFLOW_TASK_TIMEOUT_MS })",
    replace: "fields.optionalMillis('taskTimeoutMs')",
    input: inOptions('taskTimeoutMs', 600_000),
    says: /taskTimeoutMs; expected .* to 120000/,
  },
  {
    name: 'a time-out or an interval is shorter than a year',
    find: 'const DURATION = { max: MAX_CALL_TIMEOUT_MS };',
    replace: 'const DURATION = {};',
    input: inOptions('retry.initialIntervalMs', HUGE),
    says: /initialIntervalMs; expected/,
  },
  {
    name: 'a priority key is in its range',
    find: '  if (priorityKey !== undefined && (',
    replace: '  if (false && (',
    input: inOptions('priorityKey', 2 ** 31),
    says: /priorityKey; expected a whole number from 1/,
  },
  {
    name: 'a search attribute has a value of its type',
    find: '  if (!fits) throw',
    replace: '  if (false) throw',
    input: inOptions('searchAttributes', attribute('INT', 'x')),
    says: /a value of type INT/,
  },
  {
    name: 'a search attribute is not too long',
    find: '  if (bytes > MAX_SEARCH_ATTRIBUTE_BYTES)\n',
    replace: '  if (false)\n',
    input: inOptions('searchAttributes', attribute('KEYWORD', 'x'.repeat(3000))),
    says: /at most 2048 bytes/,
  },
  {
    name: 'search attributes are not too long together',
    find: '  if (bytes > MAX_SEARCH_ATTRIBUTES_BYTES)\n',
    replace: '  if (false)\n',
    input: inOptions('searchAttributes', many(30, attribute('KEYWORD', 'x'.repeat(2000))[0])),
    says: /at most 40960 bytes together/,
  },
]);

/** All of them. */
export const ENVELOPE_CHECKS: readonly HostileCheck[] = [...FIELDS, ...CALLS, ...EXTRAS, ...OPTIONS];
