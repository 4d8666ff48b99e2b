/** The envelope `completion`: outcomes of all kinds cross whole, and no user payload is in the header. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { BridgeError } from '../../src/shared/bridge-error.js';
import type { Outcome } from '../../src/shared/outcome.js';
import { encodeCompletion, parseCompletion } from '../../src/shared/wire/completion-envelope.js';
import {
  CALL,
  CANARY,
  FAILURES,
  OUTCOMES,
  REMOTE,
  failureBytes,
  fromWire,
  header,
  payloadProtoBytes,
} from '../support/wire-samples.js';

const { callId, argsDigest } = CALL;
const roundTrip = (outcome: Outcome) => {
  const { header: field, payloads } = encodeCompletion({ callId, argsDigest, remote: REMOTE, outcome });
  return parseCompletion(field, payloads);
};
const textOf = (outcome: Outcome) =>
  new TextDecoder().decode(
    encodeCompletion({ callId, argsDigest, remote: REMOTE, outcome }).header.data ?? undefined,
  );
const envelope = (outcome: object) =>
  header({ v: 1, kind: 'completion', callId, argsDigest, remote: REMOTE, outcome });

function assertInvalid(parse: () => unknown, field: string): void {
  assert.throws(parse, (error: unknown) => {
    assert.ok(BridgeError.is(error), String(error));
    assert.equal(error.code, 'ENVELOPE_INVALID');
    assert.ok(error.message.includes(field), `${error.message} does not name ${field}`);
    return true;
  });
}

describe('a completion', () => {
  for (const [name, outcome] of Object.entries(OUTCOMES)) {
    it(`that is ${name} comes back as it was sent`, () => {
      assert.deepEqual(roundTrip(outcome), { callId, argsDigest, remote: REMOTE, outcome });
    });

    it(`that is ${name} is of version 1, whose bytes are fixed`, () => {
      const file = new URL(`golden/completion-${name.replaceAll(' ', '-')}.json`, import.meta.url);
      const golden = JSON.parse(readFileSync(file, 'utf8')) as unknown;
      assert.equal(textOf(outcome), JSON.stringify(golden));
      const { payloads } = encodeCompletion({ callId, argsDigest, remote: REMOTE, outcome });
      assert.deepEqual(parseCompletion(header(golden), payloads).outcome, outcome);
    });

    it(`that is ${name} has no user payload in its header`, () => {
      const text = textOf(outcome);
      assert.ok(!text.includes(CANARY));
      assert.ok(!text.includes(Buffer.from(CANARY).toString('base64').slice(0, 12)));
      assert.ok(!text.includes('user-key'));
    });
  }

  for (const [name, failure] of Object.entries(FAILURES)) {
    it(`that failed by a failure of kind ${name} comes back byte-equal`, () => {
      const { outcome } = roundTrip({ status: 'failed', failure: fromWire(failure) });
      assert.equal(outcome.status, 'failed');
      assert.deepEqual(failureBytes(outcome.failure), failureBytes(failure));
    });
  }

  it('carries its payloads untouched, each as a payload of its own, in order', () => {
    const failure = FAILURES['encoded attributes'] ?? {};
    const { payloads } = encodeCompletion({
      callId,
      argsDigest,
      remote: REMOTE,
      outcome: { status: 'failed', failure },
    });
    const expected = [
      failure.encodedAttributes,
      failure.cause?.encodedAttributes,
      ...(failure.cause?.applicationFailureInfo?.details?.payloads ?? []),
    ];
    assert.deepEqual(
      payloads.map(payloadProtoBytes),
      expected.map((payload) => payloadProtoBytes(payload ?? {})),
    );
    assert.ok(payloads.every((payload) => expected.includes(payload)));
  });

  it('is refused without a field, and the error names the field', () => {
    const good = {
      v: 1,
      kind: 'completion',
      callId,
      argsDigest,
      remote: REMOTE,
      outcome: { status: 'timed_out' },
    };
    for (const name of ['v', 'kind', 'callId', 'argsDigest', 'remote', 'outcome']) {
      assertInvalid(() => parseCompletion(header({ ...good, [name]: undefined }), []), `completion.${name}`);
      assertInvalid(() => parseCompletion(header({ ...good, [name]: [7] }), []), `completion.${name}`);
    }
    for (const name of ['wrapperWorkflowId', 'workflowId', 'runId']) {
      for (const value of [undefined, 7, 'x'.repeat(1001)]) {
        const remote = { ...REMOTE, [name]: value };
        assertInvalid(() => parseCompletion(header({ ...good, remote }), []), `completion.remote.${name}`);
      }
    }
  });

  it('is refused with an outcome of no known form', () => {
    const refusal = { status: 'refused', type: 'CALL_EXPIRED', message: 'm', details: {} };
    const many = Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`k${i}`, '']));
    for (const [outcome, field] of [
      [{}, 'outcome.status'],
      [{ status: 'COMPLETED' }, 'outcome.status'],
      [{ status: ['failed'] }, 'outcome.status'],
      [{ status: 'failed' }, 'outcome.failure'],
      [{ status: 'failed', failure: [] }, 'outcome.failure'],
      [{ ...refusal, type: 'MADE_UP' }, 'outcome.type'],
      [{ ...refusal, type: 'toString' }, 'outcome.type'],
      [{ ...refusal, message: 1 }, 'outcome.message'],
      [{ ...refusal, message: 'x'.repeat(4001) }, 'outcome.message'],
      [{ ...refusal, details: [] }, 'outcome.details'],
      [{ ...refusal, details: { a: 1 } }, 'outcome.details.a'],
      [{ ...refusal, details: { a: 'x'.repeat(2001) } }, 'outcome.details.a'],
      [{ ...refusal, details: many }, 'outcome.details'],
    ] as const) {
      assertInvalid(() => parseCompletion(envelope(outcome), []), field);
    }
  });

  it('of a newer version is refused with the advice to upgrade', () => {
    assert.throws(
      () => parseCompletion(header({ v: 2, kind: 'completion' }), []),
      (error: unknown) =>
        BridgeError.is(error) && error.code === 'ENVELOPE_VERSION' && /upgrade/.test(error.message),
    );
  });
});
