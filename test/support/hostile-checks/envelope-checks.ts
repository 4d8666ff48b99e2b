/** The checks of the envelopes of calls, of what travels beside their arguments, and of a target's options. */
import type { HostileCheck } from './check.js';
import { attribute, callWith, checksOf, inOptions, many, remoteCallWith } from './check.js';

const HUGE = Number.MAX_SAFE_INTEGER;

const CALLS = checksOf('envelope', 'src/shared/wire/call-envelope.ts', [
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

const EXTRAS = checksOf('envelope', 'src/shared/wire/extra-payloads.ts', [
  {
    name: 'a memo’s keys are not too many bytes',
    find: '  if (bytes > MAX_MEMO_KEYS_BYTES)\n',
    replace: '  if (false)\n',
    input: callWith('extras.memo', many(17, 'x'.repeat(1000))),
    says: /keys of at most 16384 bytes/,
  },
]);

const OPTIONS = checksOf('envelope', 'src/shared/wire/target-options.ts', [
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
export const ENVELOPE_CHECKS: readonly HostileCheck[] = [...CALLS, ...EXTRAS, ...OPTIONS];
