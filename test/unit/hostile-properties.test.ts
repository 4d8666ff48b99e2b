/** Anything at all, handed to whatever reads it: no error but the typed one, nothing on the prototypes, round trips hold. */
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import fc from 'fast-check';
import type { Payload, ProtoFailure } from '@temporalio/common';
import { BridgeError } from '../../src/shared/bridge-error.js';
import { callIdOf, requestIdOf } from '../../src/shared/call-id.js';
import { escapeForLog, printableJson, showValue } from '../../src/shared/escape.js';
import { boundFailure, failureLinks, linkPayloads } from '../../src/shared/failure-chain.js';
import { MAX_FAILURE_DEPTH } from '../../src/shared/limits.js';
import type { Outcome } from '../../src/shared/outcome.js';
import { payloadOf } from '../../src/shared/payloads.js';
import { isReference, withoutReferences } from '../../src/shared/references.js';
import { targetWorkflowIdOf } from '../../src/shared/remote-ids.js';
import {
  decodeAnchorFailure,
  decodeAnchorResult,
  decodeStartedReport,
  decodeWaiting,
  encodeAnchorFailure,
} from '../../src/shared/wire/anchor-report.js';
import { parseCallEnvelope, parseRemoteCallEnvelope } from '../../src/shared/wire/call-envelope.js';
import { encodeCompletion, parseBridgeSignal } from '../../src/shared/wire/completion-envelope.js';
import { splitPayloads } from '../../src/shared/wire/extra-payloads.js';
import { decodeFailure, encodeFailure } from '../../src/shared/wire/failure-skeleton.js';
import { FieldReader } from '../../src/shared/wire/fields.js';
import { parseOperationEnvelope } from '../../src/shared/wire/operation-envelope.js';
import { parseTargetOptions } from '../../src/shared/wire/target-options.js';
import { HOSTILE_TEXTS } from '../support/ambiguous.js';
import { CALL, REMOTE, REMOTE_CALL, failureBytes } from '../support/wire-samples.js';

const text = fc.oneof(fc.constantFrom(...HOSTILE_TEXTS), fc.string({ unit: 'binary', maxLength: 40 }));
const wellFormed = fc.oneof(
  fc.constantFrom(...HOSTILE_TEXTS),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
);
const payload = fc
  .tuple(
    fc.constantFrom('json/plain', 'json/protobuf', 'binary/null', '', 'x/y'),
    fc.uint8Array({ maxLength: 40 }),
  )
  .map(([encoding, data]) => payloadOf(encoding, data));
const anyKey = fc.constantFrom('__proto__', 'constructor', 'toString', 'v', 'kind', 'callId', 'target', 'x');
const anyJson = fc.oneof(
  fc.jsonValue({ maxDepth: 4 }),
  fc.array(fc.tuple(anyKey, fc.json())).map((entries): unknown => {
    const fields = entries.map(([key, value]) => `${JSON.stringify(key)}:${value}`);
    return JSON.parse(`{${fields.join()}}`);
  }),
);

/** A sound envelope with one to three places, whichever they are, that hold anything. */
function spoilt(sound: object): fc.Arbitrary<Payload> {
  const paths = pathsOf(sound);
  return fc
    .array(fc.tuple(fc.constantFrom(...paths), anyJson), { minLength: 1, maxLength: 3 })
    .map((changes) => {
      const copy = structuredClone(sound) as Record<string, unknown>;
      for (const [path, value] of changes) {
        let at: unknown = copy;
        for (const key of path.slice(0, -1))
          at = typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[key] : undefined;
        if (typeof at === 'object' && at !== null) (at as Record<string, unknown>)[path.at(-1) ?? ''] = value;
      }
      return payloadOf('json/plain', Buffer.from(JSON.stringify(copy)));
    });
}

function pathsOf(value: object, prefix: readonly string[] = []): string[][] {
  return Object.entries(value).flatMap(([key, entry]: [string, unknown]) => {
    const path = [...prefix, key];
    return typeof entry === 'object' && entry !== null ? [path, ...pathsOf(entry, path)] : [path];
  });
}

/** Reads; the only errors allowed are the typed ones, of one short line. */
function readOrRefused(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    assert.ok(BridgeError.is(error), String(error));
    assert.ok(['ENVELOPE_INVALID', 'ENVELOPE_VERSION'].includes(error.code));
    assert.ok(error.message.length < 5000);
    assert.doesNotMatch(error.message, /[\p{Cc}\u202a-\u202e]/u);
  }
}

/** Links of a failure with texts and payloads of any kind. */
const link = fc.record({
  message: wellFormed,
  source: wellFormed,
  applicationFailureInfo: fc.record({
    type: wellFormed,
    nonRetryable: fc.boolean(),
    details: fc.record({ payloads: fc.array(payload, { maxLength: 3 }) }),
  }),
});
const chain = fc
  .array(link, { minLength: 1, maxLength: 80 })
  .map((links) =>
    links.reduceRight<ProtoFailure | undefined>((cause, one) => (cause ? { ...one, cause } : one), undefined),
  )
  .map((failure): ProtoFailure => failure ?? {});

const RUNS = { numRuns: 500 };
const OPTIONS = {
  runTimeoutMs: 1,
  taskTimeoutMs: 1,
  retry: { initialIntervalMs: 1, backoffCoefficient: 2, nonRetryableErrorTypes: ['X'] },
  priorityKey: 1,
  searchAttributes: [{ name: 'N', type: 'KEYWORD', value: 'x' }],
};
const PARSERS = {
  call: [CALL, parseCallEnvelope],
  'call with options': [{ ...CALL, target: { ...CALL.target, options: OPTIONS } }, parseCallEnvelope],
  'remote call': [REMOTE_CALL, parseRemoteCallEnvelope],
  operation: [{ v: 1, kind: 'operation', type: 'signal', name: 'n', id: '1' }, parseOperationEnvelope],
  completion: [
    {
      v: 1,
      kind: 'completion',
      callId: CALL.callId,
      argsDigest: CALL.argsDigest,
      remote: REMOTE,
      outcome: { status: 'failed', failure: { message: 'm', applicationFailureInfo: { type: 'T' } } },
    },
    (header: Payload) => parseBridgeSignal(header, []),
  ],
  started: [
    { v: 1, kind: 'started', callId: CALL.callId, argsDigest: CALL.argsDigest, remote: REMOTE },
    (header: Payload) => parseBridgeSignal(header, []),
  ],
} as const satisfies Record<string, readonly [object, (header: Payload) => unknown]>;

describe('anything at all', () => {
  const prototype = JSON.stringify(Object.getOwnPropertyNames(Object.prototype));
  afterEach(() => {
    assert.equal(JSON.stringify(Object.getOwnPropertyNames(Object.prototype)), prototype, 'polluted');
  });

  for (const [kind, [sound, parse]] of Object.entries(PARSERS)) {
    it(`in the places of an envelope (${kind}) is read, or refused by the typed error`, () => {
      fc.assert(
        fc.property(spoilt(sound), (header) => readOrRefused(() => parse(header))),
        RUNS,
      );
    });
  }

  it('as a header field is read, or refused by the typed error', () => {
    const field = fc.oneof(
      payload,
      anyJson.map((value) => payloadOf('json/plain', Buffer.from(JSON.stringify(value)))),
    );
    const parsers = Object.values(PARSERS).map(([, parse]) => parse);
    fc.assert(
      fc.property(field, (header) => {
        for (const parse of parsers) readOrRefused(() => parse(header));
      }),
      RUNS,
    );
  });

  it('as options of a target, or as a failure’s skeleton, is read, or refused by the typed error', () => {
    fc.assert(
      fc.property(anyJson, fc.array(payload), (value, payloads) => {
        readOrRefused(() => parseTargetOptions(new FieldReader(value, 'options')));
        readOrRefused(() => decodeFailure(new FieldReader({ value }, 'x').rawObject('value'), payloads));
      }),
      RUNS,
    );
  });

  it('as what the anchor activity reports is read, or told not to be a report', () => {
    const types = fc.constantFrom('REMOTE_WORKFLOW_FAILED', 'CALL_EXPIRED', 'toString', '', 'REMOTE_STARTED');
    fc.assert(
      fc.property(payload, types, text, anyJson, (value, type, words, meta) => {
        decodeAnchorResult(value);
        decodeAnchorResult({
          ...value,
          metadata: { ...value.metadata, 'temporal-bridge-remote': Buffer.from(JSON.stringify(meta)) },
        });
        for (const source of [words, `temporal-bridge ${JSON.stringify(meta)}`, `temporal-bridge ${words}`]) {
          const failure = { message: words, source, applicationFailureInfo: { type } };
          decodeAnchorFailure(failure);
          decodeStartedReport(failure);
          decodeWaiting(failure);
        }
      }),
      RUNS,
    );
  });

  it('as a failure crosses whole, cut at 50 links, by both ways', () => {
    fc.assert(
      fc.property(chain, (failure) => {
        const payloads: Payload[] = [];
        const back = decodeFailure(encodeFailure(failure, payloads), payloads);
        assert.ok(failureLinks(back).length <= MAX_FAILURE_DEPTH);
        const cut = failureLinks(failure).reduceRight((cause: ProtoFailure, one) => ({ ...one, cause }));
        assert.deepEqual(failureBytes(back), failureBytes(cut));
        const bounded = boundFailure(failure);
        const reported = decodeAnchorFailure(
          encodeAnchorFailure({ status: 'failed', failure: bounded }, REMOTE),
        );
        assert.deepEqual(reported?.outcome, { status: 'failed', failure: bounded });
      }),
      { numRuns: 100 },
    );
  });

  it('as an outcome crosses whole, and without references to external storage', () => {
    const outcome: fc.Arbitrary<Outcome> = fc.oneof(
      fc.record({ status: fc.constant('completed' as const), value: payload }),
      fc.record({ status: fc.constant('failed' as const), failure: chain }),
      fc.record({ status: fc.constant('canceled' as const), details: fc.array(payload) }),
    );
    fc.assert(
      fc.property(outcome, (sent) => {
        const { header, payloads } = encodeCompletion({ ...CALL, remote: REMOTE, outcome: sent });
        assert.equal(parseBridgeSignal(header, payloads).kind, 'completion');
        const safe = withoutReferences(sent);
        if (safe.status === 'failed')
          assert.ok(!failureLinks(safe.failure).flatMap(linkPayloads).some(isReference));
      }),
      { numRuns: 100 },
    );
  });

  it('as payloads and memo keys is told apart without a throw', () => {
    fc.assert(
      fc.property(fc.array(payload), fc.array(text), fc.boolean(), (payloads, memo, flag) => {
        const extras = flag ? { memo, summary: true as const, token: true as const } : { memo };
        const split = splitPayloads(payloads, extras);
        assert.ok(Object.keys(split.memo).every((key) => memo.includes(key)));
      }),
      RUNS,
    );
  });

  it('as names makes ids of their form, the same each time', () => {
    fc.assert(
      fc.property(wellFormed, wellFormed, wellFormed, (one, two, three) => {
        const identity = {
          callerNamespace: one,
          callerWorkflowId: two,
          scope: 'run' as const,
          scopeId: three,
          callKey: one,
          targetType: two,
        };
        const callId = callIdOf(identity);
        assert.match(callId, /^[0-9a-f]{64}$/);
        assert.equal(callIdOf(identity), callId);
        const id = targetWorkflowIdOf({ sourceCluster: one, callerWorkflowId: two, name: three }, callId);
        assert.match(id, /^[A-Za-z0-9_.:@+=,~-]{1,255}$/);
        assert.match(requestIdOf(one, two), /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
      }),
      RUNS,
    );
  });

  it('is shown in one line, escaped and cut', () => {
    fc.assert(
      fc.property(fc.oneof(text, fc.anything({ withBigInt: true, withDate: true, maxDepth: 4 })), (value) => {
        for (const shown of [showValue(value), escapeForLog(String(showValue(value)))]) {
          assert.doesNotMatch(shown, /[\p{Cc}\p{Cs}\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/u);
          assert.ok(shown.length < 1000);
        }
        assert.doesNotMatch(printableJson(String(value === null)), /\p{Cc}/u);
      }),
      RUNS,
    );
    const deep = JSON.parse('['.repeat(100_000) + ']'.repeat(100_000)) as unknown;
    assert.match(showValue(deep), /^\[{80}…\(\+\d+\)$/);
  });
});
