/** What a call may carry beyond type, queue, id and arguments: target options, extra payloads, and operations on a target. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import type { Payload } from '@temporalio/common';
import fc from 'fast-check';
import { BridgeError } from '../../src/shared/bridge-error.js';
import type { CallEnvelope, RemoteCallEnvelope } from '../../src/shared/wire/call-envelope.js';
import {
  encodeCallEnvelope,
  encodeRemoteCallEnvelope,
  parseCallEnvelope,
  parseRemoteCallEnvelope,
} from '../../src/shared/wire/call-envelope.js';
import type { CallPayloads } from '../../src/shared/wire/extra-payloads.js';
import {
  MAX_MEMO_KEYS_BYTES,
  joinPayloads,
  parseExtraPayloads,
  splitPayloads,
} from '../../src/shared/wire/extra-payloads.js';
import { FieldReader } from '../../src/shared/wire/fields.js';
import type { OperationEnvelope } from '../../src/shared/wire/operation-envelope.js';
import { encodeOperationEnvelope, parseOperationEnvelope } from '../../src/shared/wire/operation-envelope.js';
import type { TargetOptions } from '../../src/shared/wire/target-options.js';
import { SEARCH_ATTRIBUTE_TYPES, parseTargetOptions } from '../../src/shared/wire/target-options.js';
import { CALL, REMOTE_CALL, header, userPayload } from '../support/wire-samples.js';

type Json = Record<string, unknown>;

const OPTIONS: TargetOptions = {
  executionTimeoutMs: 3_600_000,
  runTimeoutMs: 60_000,
  taskTimeoutMs: 5000,
  retry: {
    initialIntervalMs: 250,
    backoffCoefficient: 1.5,
    maximumIntervalMs: 2000,
    maximumAttempts: 4,
    nonRetryableErrorTypes: ['Never'],
  },
  idReuse: 'allow-duplicate-failed-only',
  priorityKey: 2,
  searchAttributes: [
    { name: 'Customer', type: 'KEYWORD', value: 'é' },
    { name: 'Tags', type: 'KEYWORD_LIST', value: ['a', ''] },
    { name: 'Due', type: 'DATETIME', value: 1_764_000_000_123 },
    { name: 'Paid', type: 'BOOL', value: false },
    { name: 'Weight', type: 'DOUBLE', value: -0.5 },
    { name: 'Count', type: 'INT', value: 0 },
    { name: 'Note', type: 'TEXT', value: '' },
  ],
};
const shared = {
  extras: { memo: ['priority', '__proto__'], summary: true, details: true, token: true },
  parentClose: 'request-cancel',
  confirmStart: true,
} as const;
const { sourceCluster, timeoutMs, ...call } = CALL;
const FULL_CALL: CallEnvelope = {
  ...call,
  target: { ...CALL.target, idMode: 'given', name: 'order-7', options: OPTIONS },
  cluster: 'eu',
  ...shared,
  fallback: { firstMs: 1000, maxMs: 60_000 },
  resume: 'later',
  ...(sourceCluster ? { sourceCluster } : {}),
  ...(timeoutMs ? { timeoutMs } : {}),
};
const FULL_REMOTE_CALL: RemoteCallEnvelope = {
  ...REMOTE_CALL,
  target: { ...REMOTE_CALL.target, options: OPTIONS },
  existing: 'adopt',
  ...shared,
};
const ATTACH: CallEnvelope = {
  ...CALL,
  target: { workflowType: '', taskQueue: '', idMode: 'attach', name: 'order-7', runId: 'run-1' },
};
const OPERATION: OperationEnvelope = {
  v: 1,
  kind: 'operation',
  type: 'update',
  name: 'set-price',
  id: '0198d5a0-0000-7000-8000-000000000001/3',
  runId: '0198d5a0-0000-7000-8000-000000000002',
};

const optionsOf = (value: unknown) => parseTargetOptions(new FieldReader(value, 'options'));
const extrasOf = (value: unknown) => parseExtraPayloads(new FieldReader(value, 'extras'));

/** The error of a parser, which may only be the bridge's own. */
function invalid(parse: () => unknown, says: RegExp | string): void {
  assert.throws(parse, (error: unknown) => {
    assert.ok(error instanceof BridgeError, String(error));
    assert.equal(error.code, 'ENVELOPE_INVALID');
    if (typeof says === 'string') assert.ok(error.message.includes(says), `${error.message} without ${says}`);
    else assert.match(error.message, says);
    return true;
  });
}

/** The paths of all fields and list entries. */
function pathsOf(value: object, prefix: readonly string[] = []): string[][] {
  return Object.entries(value).flatMap(([key, entry]: [string, unknown]) => {
    const path = [...prefix, key];
    return typeof entry === 'object' && entry !== null ? [path, ...pathsOf(entry, path)] : [path];
  });
}

function altered(value: object, path: readonly string[], entry: unknown): Json {
  const copy = structuredClone(value) as Json;
  const parent = path.slice(0, -1).reduce((at, key) => at[key] as Json, copy);
  parent[path.at(-1) ?? ''] = entry;
  return copy;
}

const GOLDEN: Readonly<Record<string, { value: object; encoded: Payload; parse: (p: Payload) => unknown }>> =
  {
    'call-with-options': {
      value: FULL_CALL,
      encoded: encodeCallEnvelope(FULL_CALL),
      parse: parseCallEnvelope,
    },
    'call-attach': { value: ATTACH, encoded: encodeCallEnvelope(ATTACH), parse: parseCallEnvelope },
    'remote-call-with-options': {
      value: FULL_REMOTE_CALL,
      encoded: encodeRemoteCallEnvelope(FULL_REMOTE_CALL),
      parse: parseRemoteCallEnvelope,
    },
    operation: {
      value: OPERATION,
      encoded: encodeOperationEnvelope(OPERATION),
      parse: parseOperationEnvelope,
    },
  };

for (const [name, { value, encoded, parse }] of Object.entries(GOLDEN)) {
  describe(`the envelope ${name}`, () => {
    it('is of version 1, whose bytes are fixed', () => {
      const golden = JSON.parse(
        readFileSync(new URL(`golden/${name}.json`, import.meta.url), 'utf8'),
      ) as unknown;
      assert.equal(new TextDecoder().decode(encoded.data ?? undefined), JSON.stringify(golden));
      assert.deepEqual(parse(header(golden)), value);
    });

    it('with any one value replaced by garbage is refused, or is another good one', () => {
      for (const path of pathsOf(value)) {
        for (const garbage of [null, true, [], [1], {}, 1.5, -1, 'wrong\ud800', '', 'x'.repeat(3000)]) {
          try {
            parse(header(altered(value, path, garbage)));
          } catch (error) {
            assert.ok(error instanceof BridgeError, `${path.join('.')}: ${String(error)}`);
          }
        }
      }
      fc.assert(
        fc.property(fc.constantFrom(...pathsOf(value)), fc.jsonValue(), (path, garbage) => {
          try {
            parse(header(altered(value, path, garbage)));
          } catch (error) {
            assert.ok(error instanceof BridgeError, String(error));
          }
        }),
        { numRuns: 500 },
      );
    });
  });
}

describe('a call envelope', () => {
  const BAD: Readonly<Record<string, [path: string[], value: unknown]>> = {
    'cluster: too long': [['cluster'], 'c'.repeat(64)],
    'cluster: empty': [['cluster'], ''],
    'parentClose: unknown': [['parentClose'], 'forget'],
    'confirmStart: false': [['confirmStart'], false],
    'fallback: a number': [['fallback'], 5],
    'fallback.firstMs: a fraction': [['fallback', 'firstMs'], 1.5],
    'fallback.maxMs: absent': [['fallback', 'maxMs'], undefined],
    'resume: true': [['resume'], true],
    'extras: a list': [['extras'], []],
    'target.options: a text': [['target', 'options'], 'all'],
    'target.idMode: unknown': [['target', 'idMode'], 'random'],
    'target.runId: empty': [['target', 'runId'], ''],
  };
  for (const [what, [path, value]] of Object.entries(BAD)) {
    it(`is refused with ${what}`, () => {
      invalid(() => parseCallEnvelope(header(altered(FULL_CALL, path, value))), `call.${path.join('.')}`);
    });
  }

  it('has a type and a queue unless it attaches', () => {
    assert.deepEqual(parseCallEnvelope(header(ATTACH)), ATTACH);
    for (const field of ['workflowType', 'taskQueue'])
      invalid(() => parseCallEnvelope(header(altered(CALL, ['target', field], ''))), `call.target.${field}`);
  });
});

describe('the options of a target', () => {
  it('come back as they were written, each also alone and absent', () => {
    assert.deepEqual(optionsOf(JSON.parse(JSON.stringify(OPTIONS))), OPTIONS);
    assert.deepEqual(optionsOf({}), {});
    for (const [key, value] of Object.entries(OPTIONS))
      assert.deepEqual(optionsOf({ [key]: value }), { [key]: value });
    assert.deepEqual(optionsOf({ retry: {} }), { retry: {} });
  });

  const BAD: Readonly<Record<string, [value: unknown, says: RegExp]>> = {
    'a negative time-out': [{ runTimeoutMs: -1 }, /options\.runTimeoutMs/],
    'a time-out that is a text': [{ executionTimeoutMs: '5s' }, /options\.executionTimeoutMs/],
    'a task time-out that is a fraction': [{ taskTimeoutMs: 0.5 }, /options\.taskTimeoutMs/],
    'an unknown reuse policy': [{ idReuse: 'terminate-if-running' }, /options\.idReuse/],
    'a priority of 0': [{ priorityKey: 0 }, /priority\.priorityKey/],
    'a priority beyond 32 bits': [{ priorityKey: 2 ** 31 }, /priority\.priorityKey/],
    'a retry policy that is a list': [{ retry: [] }, /options\.retry/],
    'a coefficient that is a text': [{ retry: { backoffCoefficient: '2' } }, /retry\.backoffCoefficient/],
    'attempts below 0': [{ retry: { maximumAttempts: -1 } }, /retry\.maximumAttempts/],
    'an interval below 0': [{ retry: { maximumIntervalMs: -1 } }, /retry\.maximumIntervalMs/],
    'error types that are a text': [{ retry: { nonRetryableErrorTypes: 'X' } }, /nonRetryableErrorTypes/],
    'error types that are numbers': [{ retry: { nonRetryableErrorTypes: [1] } }, /nonRetryableErrorTypes/],
    '101 error types': [
      { retry: { nonRetryableErrorTypes: Array.from({ length: 101 }, String) } },
      /at most 100 texts/,
    ],
    '101 search attributes': [
      { searchAttributes: Array.from({ length: 101 }, (_, n) => ({ name: `n${n}`, type: 'INT', value: n })) },
      /at most 100 objects/,
    ],
    'search attributes that are an object': [{ searchAttributes: {} }, /options\.searchAttributes/],
    'a search attribute that is null': [{ searchAttributes: [null] }, /searchAttributes\[0\]/],
    'a search attribute without a name': [{ searchAttributes: [{ type: 'INT', value: 1 }] }, /\[0\]\.name/],
    'a search attribute above 2 KiB': [
      { searchAttributes: [{ name: 'n', type: 'KEYWORD', value: 'x'.repeat(2047) }] },
      /search attribute n; expected at most 2048 bytes, got 2049/,
    ],
    'search attributes above 40 KiB': [
      {
        searchAttributes: Array.from({ length: 30 }, (_, n) => ({
          name: `n${n}`,
          type: 'KEYWORD',
          value: 'x'.repeat(1500),
        })),
      },
      /search attributes; expected at most 40960 bytes together/,
    ],
  };
  for (const [what, [value, says]] of Object.entries(BAD)) {
    it(`are refused with ${what}`, () => {
      invalid(() => optionsOf(value), says);
    });
  }

  it('have search attributes whose values are of their types', () => {
    const good: Readonly<Record<(typeof SEARCH_ATTRIBUTE_TYPES)[number], readonly unknown[]>> = {
      TEXT: ['', 'words'],
      KEYWORD: ['', 'é'],
      INT: [0, -7, Number.MAX_SAFE_INTEGER],
      DOUBLE: [0, 1.5, -1e300],
      BOOL: [true, false],
      DATETIME: [0, Date.parse('0001-01-01T00:00:00Z'), Date.parse('9999-12-31T23:59:59Z')],
      KEYWORD_LIST: [[], ['a', 'b']],
    };
    const bad: typeof good = {
      TEXT: [1, null, ['a'], '\ud800'],
      KEYWORD: [true, {}, ['a']],
      INT: [1.5, '1', 2 ** 53, null],
      DOUBLE: ['1.5', null, []],
      BOOL: [0, 'true', null],
      DATETIME: [1.5, '2026-01-01', 253_402_300_800_000, -62_135_596_800_001],
      KEYWORD_LIST: ['a', [1], [['a']], {}, ['\udfff']],
    };
    for (const type of SEARCH_ATTRIBUTE_TYPES) {
      const one = (value: unknown) => ({ searchAttributes: [{ name: 'n', type, value }] });
      for (const value of good[type]) assert.deepEqual(optionsOf(one(value)), one(value));
      for (const value of bad[type])
        invalid(() => optionsOf(one(value)), `search attribute n; expected a value of type ${type}`);
    }
    invalid(
      () => optionsOf({ searchAttributes: [{ name: 'n', type: 'INTEGER', value: 1 }] }),
      /KEYWORD_LIST/,
    );
  });
});

describe('payloads that are not arguments', () => {
  const [one, two, three, four, five, six] = [1, 2, 3, 4, 5, 6].map((n) => userPayload(n));
  assert.ok(one && two && three && four && five && six);

  it('are told apart again, in any combination', () => {
    const memos: Readonly<Record<string, Payload>>[] = [
      {},
      { b: three, a: two },
      { 10: three, 9: two }, // JavaScript keeps such keys in an order of its own
      Object.fromEntries([['__proto__', two]]),
    ];
    const extras: readonly Partial<CallPayloads>[] = [
      {},
      { summary: four },
      { details: five },
      { summary: four, details: five },
      { token: six },
      { summary: four, details: five, token: six },
    ];
    for (const args of [[], [one], [one, two]]) {
      for (const memo of memos) {
        for (const extra of extras) {
          const all: CallPayloads = { args, memo, ...extra };
          const joined = joinPayloads(all);
          const parsed = joined.extras && extrasOf(JSON.parse(JSON.stringify(joined.extras)));
          assert.deepEqual(splitPayloads(joined.payloads, parsed), all);
        }
      }
    }
    assert.deepEqual(joinPayloads({ args: [one], memo: {} }), { payloads: [one] });
  });

  it('keep their keys, whatever these are called', () => {
    const { payloads, extras } = joinPayloads({
      args: [],
      memo: Object.fromEntries([['__proto__', one] as const, ['constructor', two] as const]),
    });
    const { memo } = splitPayloads(payloads, extras);
    assert.deepEqual(Object.entries(memo), [
      ['__proto__', one],
      ['constructor', two],
    ]);
  });

  it('never cause a throw if fewer came than were announced', () => {
    const extras = { memo: ['a', 'b'], summary: true, details: true, token: true } as const;
    for (let count = 0; count <= 6; count += 1) {
      const payloads = [one, two, three, four, five, six].slice(0, count);
      const split = splitPayloads(payloads, extras);
      assert.ok(split.args.length <= Math.max(0, count - 5));
    }
    assert.deepEqual(splitPayloads([], extras), { args: [], memo: {} });
  });

  it('are announced by texts and flags alone, with keys of at most 16 KiB', () => {
    for (const value of [
      { memo: 'a' },
      { memo: [1] },
      { memo: ['\ud800'] },
      { memo: Array.from({ length: 101 }, String) },
      { summary: false },
      { details: 1 },
      { token: 'yes' },
    ]) {
      const [name] = Object.keys(value);
      invalid(() => extrasOf(value), `extras.${name}`);
    }
    const keys = (last: number) => [
      ...Array.from({ length: 16 }, (_, n) => `${n}`.padEnd(1000, 'k')),
      'l'.repeat(last),
    ];
    const rest = MAX_MEMO_KEYS_BYTES - 16_000;
    assert.deepEqual(extrasOf({ memo: keys(rest) }), { memo: keys(rest) });
    invalid(
      () => extrasOf({ memo: keys(rest + 1) }),
      /extras\.memo; expected keys of at most 16384 bytes together/,
    );
  });
});

describe('an operation envelope', () => {
  it('comes back as it was written, of each type, also without a run or a name', () => {
    for (const type of ['signal', 'query', 'update', 'cancel', 'terminate'] as const) {
      const { runId: _, ...operation } = { ...OPERATION, type, name: '' };
      assert.deepEqual(parseOperationEnvelope(encodeOperationEnvelope(operation)), operation);
    }
  });

  it('is refused with any one field absent or of another form, and the error names it', () => {
    const bad: Readonly<Record<string, readonly unknown[]>> = {
      type: [undefined, 'reset', 1],
      name: [undefined, 1, 'n'.repeat(1001), '\ud800'],
      id: [undefined, '', 7, 'i'.repeat(1001)],
      runId: ['', null, 1],
      v: [undefined, 0, '1'],
      kind: [undefined, 'call'],
    };
    for (const [field, values] of Object.entries(bad)) {
      for (const value of values)
        invalid(
          () => parseOperationEnvelope(header(altered(OPERATION, [field], value))),
          `operation.${field}; expected`,
        );
    }
    assert.throws(
      () => parseOperationEnvelope(header({ ...OPERATION, v: 2 })),
      (error: unknown) => BridgeError.is(error) && error.code === 'ENVELOPE_VERSION',
    );
  });
});
