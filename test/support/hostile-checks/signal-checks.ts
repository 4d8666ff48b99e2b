/** The checks of completion signals: of what they hold, and of the caller's inbox. */
import { jsonPayload } from '../../../src/shared/payloads.js';
import { CALL, REMOTE } from '../wire-samples.js';
import type { HostileCheck } from './check.js';
import { checksOf, completionWith, failedWith } from './check.js';
import type { Load } from './mutants.js';

const refusal = { status: 'refused', type: 'CALL_EXPIRED', message: 'm', details: {} };
const detail = (place: unknown) => ({ applicationFailureInfo: { details: { $p: [place] } } });
const chain = (links: number): object =>
  Array.from({ length: links - 1 }).reduce<object>((cause) => ({ message: 'm', cause }), { message: 'm' });

const OUTCOMES = checksOf('completion signal', 'src/shared/wire/completion-envelope.ts', [
  {
    name: 'a refusal is of the failure table',
    find: '      if (!isFailureType(type)) {',
    replace: '      if (false) {',
    input: completionWith({ ...refusal, type: 'toString' }),
    says: /a type of the failure table/,
  },
  {
    name: 'a refusal’s message is not too long',
    find: "fields.string('message', { max: 4000 })",
    replace: "fields.string('message', { max: 1e9 })",
    input: completionWith({ ...refusal, message: 'x'.repeat(4001) }),
    says: /message; expected a text of at most 4000/,
  },
]);

const TEXTS = checksOf('completion signal', 'src/shared/wire/fields.ts', [
  {
    name: 'a refusal’s details are not too many',
    find: '    if (keys.length > 32)',
    replace: '    if (false)',
    input: completionWith({
      ...refusal,
      details: Object.fromEntries(Array.from({ length: 33 }, (_, n) => [n, ''])),
    }),
    says: /at most 32 fields/,
  },
  {
    name: 'a refusal’s detail is not too long',
    find: 'inner.string(key, { max: 2000, empty: true })',
    replace: 'inner.string(key, { max: 1e9, empty: true })',
    input: completionWith({ ...refusal, details: { a: 'x'.repeat(2001) } }),
    says: /details\.a; expected a text/,
  },
]);

const FAILURES = checksOf('completion signal', 'src/shared/wire/failure-skeleton.ts', [
  {
    name: 'a failure’s text is a text',
    find: "if (typeof value !== 'string' || !isWellFormed(value))",
    replace: 'if (!isWellFormed(value))',
    input: failedWith({ message: 7 }),
    says: /failure\.message; expected a text/,
  },
  {
    name: 'a failure’s text has no lone surrogate',
    find: " || !isWellFormed(value)) throw invalidField(path, 'a text', value);",
    replace: ") throw invalidField(path, 'a text', value);",
    input: failedWith({ message: '\ud800' }),
    says: /failure\.message; expected a text/,
  },
  {
    name: 'a failure’s flag is a flag',
    find: "      if (typeof value !== 'boolean') throw",
    replace: '      if (false) throw',
    input: failedWith({ applicationFailureInfo: { nonRetryable: 'yes' } }),
    says: /nonRetryable; expected true or false/,
  },
  {
    name: 'a failure’s small number has 32 bits',
    find: "      if (typeof value !== 'number' || (value | 0) !== value)\n",
    replace: '      if (false)\n',
    input: failedWith({ timeoutFailureInfo: { timeoutType: 2 ** 31 } }),
    says: /timeoutType; expected a 32-bit number/,
  },
  {
    name: 'a failure’s large number is digits',
    find: "typeof digits === 'string' && /^-?\\d{1,19}$/.test(digits) ?",
    replace: 'true ?',
    input: failedWith({ activityFailureInfo: { scheduledEventId: { $l: {} } } }),
    says: /scheduledEventId; expected a 64-bit number/,
    without: 'breaks',
  },
  {
    name: 'a failure’s large number has 64 bits',
    find: 'if (!number || number.toString() !== digits)',
    replace: 'if (!number)',
    input: failedWith({ activityFailureInfo: { scheduledEventId: { $l: '9999999999999999999' } } }),
    says: /scheduledEventId; expected a 64-bit number/,
  },
  {
    name: 'a failure’s part is an object',
    find: "  if (typeof value !== 'object' || value === null || Array.isArray(value))\n    throw invalidField(path, 'an object', value);\n  return value as Fields;",
    replace: '  return value as Fields;',
    input: failedWith({ applicationFailureInfo: 'text' }),
    says: /applicationFailureInfo; expected an object/,
  },
  {
    name: 'a failure’s payload is there, once and in order',
    find: '    const payload = place === this.#next ? this.#payloads[this.#next] : undefined;',
    replace: '    const payload = this.#payloads[this.#next];',
    input: failedWith(detail(7), [jsonPayload('x')]),
    says: /payload 0 of 1, each once and in order/,
  },
  {
    name: 'a failure’s list of payloads is a list',
    find: "      if (!Array.isArray(places)) throw invalidField(path, 'a list of payload places', places);\n",
    replace: '',
    input: failedWith({ applicationFailureInfo: { details: {} } }),
    says: /a list of payload places/,
    without: 'breaks',
  },
  {
    name: 'a failure has a place for each payload',
    find: '  cursor.assertEmpty();\n',
    replace: '',
    input: failedWith({ message: 'm' }, [jsonPayload('x')]),
    says: /a place for each of 1 payloads/,
  },
  {
    name: 'a failure’s causes are not too many',
    find: '    if (links.length === MAX_FAILURE_DEPTH) {',
    replace: '    if (false) {',
    input: failedWith(chain(51)),
    says: /more than 50 causes/,
  },
]);

const completion = (more: object = {}) => ({
  callId: CALL.callId,
  argsDigest: CALL.argsDigest,
  remote: REMOTE,
  outcome: { status: 'terminated' },
  ...more,
});

interface Inbox {
  expect(call: object): Promise<unknown>;
  settle(call: object): void;
  take(completion: object): string;
  takeStart(started: object): string;
}
/** What a new inbox makes of signals. */
const inbox = (use: (inbox: Inbox) => unknown) => async (load: Load) => {
  const { CompletionInbox } = await load('src/workflow/completion-inbox');
  return use(new (CompletionInbox as new () => Inbox)());
};

const INBOX = checksOf('completion signal', 'src/workflow/completion-inbox.ts', [
  {
    name: 'a completion is for a call that has no outcome yet',
    find: "    if (this.#settled.has(key) || this.#completions.keeps(key)) return 'dropped';",
    replace: "    if (this.#completions.keeps(key)) return 'dropped';",
    input: inbox((box) => {
      box.settle(CALL);
      return box.take(completion());
    }),
    says: /dropped/,
  },
  {
    name: 'a completion is kept once',
    find: "    if (this.#settled.has(key) || this.#completions.keeps(key)) return 'dropped';",
    replace: "    if (this.#settled.has(key)) return 'dropped';",
    input: inbox((box) => [box.take(completion()), box.take(completion())]),
    says: /kept.*dropped/,
  },
  {
    name: 'a completion is for a call that somebody awaits',
    find: 'return `${localCallIdOf(callId)}/${argsDigest}`;',
    replace: "return 'any';",
    input: inbox((box) => {
      void box.expect(CALL);
      return box.take(completion({ callId: 'f'.repeat(64) }));
    }),
    says: /kept/,
  },
  {
    name: 'a completion is of what was asked for',
    find: 'return `${localCallIdOf(callId)}/${argsDigest}`;',
    replace: 'return localCallIdOf(callId);',
    input: inbox((box) => {
      void box.expect(CALL);
      return box.take(completion({ argsDigest: 'b'.repeat(64) }));
    }),
    says: /kept/,
  },
  {
    name: 'kept completions are bounded',
    find: '    if (this.#kept.size > MAX_KEPT_COMPLETIONS) {',
    replace: '    if (false) {',
    input: inbox((box) => {
      const ids = Array.from({ length: 1001 }, (_, n) => n.toString(16).padStart(64, '0'));
      for (const callId of ids) box.take(completion({ callId }));
      // The oldest has gone: it is kept anew.
      return box.take(completion({ callId: ids[0] }));
    }),
    says: /kept/,
  },
  {
    name: 'the word of a start is for a call that goes on',
    find: "    if (this.#settled.has(key) || this.#starts.keeps(key)) return 'dropped';",
    replace: "    if (this.#starts.keeps(key)) return 'dropped';",
    input: inbox((box) => {
      box.settle(CALL);
      return box.takeStart(completion());
    }),
    says: /dropped/,
  },
]);

const REFERENCES = checksOf('completion signal', 'src/shared/references.ts', [
  {
    name: 'a result is no reference to external storage',
    find: 'return outcome.value && isReference(outcome.value)',
    replace: 'return false',
    input: async (load) => {
      const { withoutReferences } = await load('src/shared/references');
      const metadata = {
        encoding: Buffer.from('json/protobuf'),
        messageType: Buffer.from('temporal.api.sdk.v1.ExternalStorageReference'),
      };
      return (withoutReferences as (outcome: object) => unknown)({
        status: 'completed',
        value: { metadata, data: Buffer.from('{}') },
      });
    },
    says: /RESULT_UNREADABLE/,
  },
]);

/** All of them. */
export const SIGNAL_CHECKS: readonly HostileCheck[] = [
  ...OUTCOMES,
  ...TEXTS,
  ...FAILURES,
  ...INBOX,
  ...REFERENCES,
];
