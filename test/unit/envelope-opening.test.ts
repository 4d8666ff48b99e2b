/** Header fields that are no envelope: refused with one kind of error, whatever they hold. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Payload } from '@temporalio/common';
import fc from 'fast-check';
import { BridgeError, type BridgeErrorCode } from '../../src/shared/bridge-error.js';
import { MAX_ENVELOPE_BYTES } from '../../src/shared/limits.js';
import { payloadOf } from '../../src/shared/payloads.js';
import { parseCallEnvelope, parseRemoteCallEnvelope } from '../../src/shared/wire/call-envelope.js';
import { encodeCompletion, parseCompletion } from '../../src/shared/wire/completion-envelope.js';
import { FieldReader } from '../../src/shared/wire/fields.js';
import {
  CALL,
  OUTCOMES,
  REMOTE,
  REMOTE_CALL,
  header,
  headerText,
  userPayload,
} from '../support/wire-samples.js';

const completion = encodeCompletion({
  ...CALL,
  remote: REMOTE,
  outcome: OUTCOMES['failed'] ?? { status: 'terminated' },
});
const GOOD: Readonly<Record<string, string>> = {
  call: JSON.stringify(CALL),
  'remote-call': JSON.stringify(REMOTE_CALL),
  completion: new TextDecoder().decode(completion.header.data ?? undefined),
};
const PARSERS: Readonly<Record<string, (payload: Payload | null | undefined) => unknown>> = {
  call: parseCallEnvelope,
  'remote-call': parseRemoteCallEnvelope,
  completion: (payload) => parseCompletion(payload, completion.payloads),
};
const CODES: readonly BridgeErrorCode[] = ['ENVELOPE_INVALID', 'ENVELOPE_VERSION'];

/** Parses; the only error allowed is the bridge's own for envelopes. */
function errorOf(parse: (typeof PARSERS)[string], payload: Payload | null | undefined) {
  try {
    parse(payload);
    return undefined;
  } catch (error) {
    assert.ok(error instanceof BridgeError, String(error));
    assert.ok(CODES.includes(error.code));
    assert.ok(error.message.length < 5000);
    return error;
  }
}

const nested = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;

for (const [kind, parse] of Object.entries(PARSERS)) {
  const good = GOOD[kind] ?? '';

  describe(`a header field for kind ${kind}`, () => {
    it('is refused if it is absent, empty, or of no JSON object', () => {
      for (const payload of [
        undefined,
        null,
        {},
        { data: null },
        payloadOf('json/plain', new Uint8Array()),
        payloadOf('binary/plain', new Uint8Array([0xff, 0xfe, 0xfd])),
        payloadOf('binary/encrypted', new Uint8Array([1, 2, 3])),
        ...['null', '1', '"text"', '[]', '[{}]', '{}', 'undefined', '{"v":1}', '\ufeff{}'].map(headerText),
      ]) {
        assert.equal(errorOf(parse, payload)?.code, 'ENVELOPE_INVALID');
      }
    });

    it('is refused if it is cut anywhere', () => {
      assert.equal(errorOf(parse, headerText(good)), undefined);
      for (let end = 0; end < good.length; end += 1) {
        assert.equal(errorOf(parse, headerText(good.slice(0, end)))?.code, 'ENVELOPE_INVALID');
      }
    });

    it('is refused above 1 MiB, unread', () => {
      const padded = (bytes: number) => headerText(good + ' '.repeat(bytes - good.length));
      assert.equal(errorOf(parse, padded(MAX_ENVELOPE_BYTES)), undefined);
      assert.match(errorOf(parse, padded(MAX_ENVELOPE_BYTES + 1))?.message ?? '', /at most 1048576 bytes/);
    });

    it('is read by the last of duplicate keys, and the others count for nothing', () => {
      assert.equal(errorOf(parse, headerText(`{"v":7,"kind":"x",${good.slice(1)}`)), undefined);
      const spoilt = `${good.slice(0, -1)},"callId":"short"}`;
      assert.match(errorOf(parse, headerText(spoilt))?.message ?? '', /callId/);
    });

    it('takes nothing from prototypes', () => {
      assert.ok(errorOf(parse, headerText(`{"__proto__":${good}}`)));
      const polluted = `{"__proto__":{"v":2,"polluted":true},${good.slice(1)}`;
      assert.equal(errorOf(parse, headerText(polluted)), undefined);
      assert.equal(Object.hasOwn(Object.prototype, 'polluted'), false);
      assert.ok(errorOf(parse, headerText(good.replace('"callId":', '"constructor":'))));
    });

    it('of any depth is refused, or read without its unknown fields', () => {
      assert.ok(errorOf(parse, headerText(nested(10_000))));
      assert.equal(errorOf(parse, headerText(`{"deep":${nested(10_000)},${good.slice(1)}`)), undefined);
      assert.ok(errorOf(parse, headerText(`{"v":1,"kind":"${kind}","callId":${nested(10_000)}}`)));
    });

    it('of random bytes or JSON never causes another error', () => {
      const bytes = fc.uint8Array({ maxLength: 80 }).map((data) => payloadOf('json/plain', data));
      const jsonText = fc.json().map(headerText);
      fc.assert(
        fc.property(fc.oneof(bytes, jsonText), (payload) => void errorOf(parse, payload)),
        { numRuns: 500 },
      );
    });

    it('with any one value replaced by garbage never causes another error', () => {
      const spots = [...good.matchAll(/:("[^"]*"|\d+|\[[^\]]*\])/g)].map(({ index, 1: value = '' }) => ({
        start: index + 1,
        end: index + 1 + value.length,
      }));
      assert.ok(spots.length >= 5);
      fc.assert(
        fc.property(fc.constantFrom(...spots), fc.json(), ({ start, end }, value) => {
          void errorOf(parse, headerText(good.slice(0, start) + value + good.slice(end)));
        }),
        { numRuns: 1000 },
      );
    });
  });
}

describe('a field reader', () => {
  it('sees no field that is not there, whatever JavaScript calls by its name', () => {
    const fields = new FieldReader({}, 'x');
    for (const name of ['toString', 'constructor', '__proto__', 'hasOwnProperty']) {
      assert.equal(fields.optionalString(name), undefined);
      assert.equal(fields.optionalMillis(name), undefined);
    }
  });
});

describe('a completion', () => {
  it('with other payloads than it was sent with never causes another error', () => {
    for (const count of [0, 1, 2, 4, 100]) {
      const payloads = Array.from({ length: count }, (_, i) => userPayload(i % 256));
      assert.ok(
        errorOf((payload) => parseCompletion(payload, payloads), completion.header),
        String(count),
      );
    }
    assert.equal(
      errorOf(
        (payload) => parseCompletion(payload, completion.payloads),
        header(JSON.parse(GOOD['completion'] ?? '')),
      ),
      undefined,
    );
  });
});
