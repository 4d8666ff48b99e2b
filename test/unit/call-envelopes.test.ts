/** The envelopes `call` and `remote-call`: version 1, field by field. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import type { Payload } from '@temporalio/common';
import { BridgeError } from '../../src/shared/bridge-error.js';
import {
  encodeCallEnvelope,
  encodeRemoteCallEnvelope,
  parseCallEnvelope,
  parseRemoteCallEnvelope,
} from '../../src/shared/wire/call-envelope.js';
import { CALL, REMOTE_CALL, header } from '../support/wire-samples.js';

type Json = Record<string, unknown>;

interface Kind {
  readonly kind: string;
  readonly envelope: object;
  readonly optional: readonly string[];
  readonly encode: () => Payload;
  readonly parse: (payload: Payload | undefined) => unknown;
}

const KINDS: readonly Kind[] = [
  {
    kind: 'call',
    envelope: CALL,
    optional: ['sourceCluster', 'timeoutMs'],
    encode: () => encodeCallEnvelope(CALL),
    parse: parseCallEnvelope,
  },
  {
    kind: 'remote-call',
    envelope: REMOTE_CALL,
    optional: ['calledAt', 'remainingMs'],
    encode: () => encodeRemoteCallEnvelope(REMOTE_CALL),
    parse: parseRemoteCallEnvelope,
  },
];

/** The paths of all fields, objects included. */
function pathsOf(value: object, prefix: readonly string[] = []): string[][] {
  return Object.entries(value).flatMap(([key, entry]: [string, unknown]) => {
    const path = [...prefix, key];
    return typeof entry === 'object' && entry !== null ? [path, ...pathsOf(entry, path)] : [path];
  });
}

/** A copy with the field at the path set; `undefined` takes it away. */
function altered(envelope: object, path: readonly string[], value: unknown): Json {
  const copy = structuredClone(envelope) as Json;
  const parent = path.slice(0, -1).reduce((at, key) => at[key] as Json, copy);
  const last = path.at(-1) ?? '';
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  return copy;
}

function assertInvalid(parse: () => unknown, field: string): void {
  assert.throws(parse, (error: unknown) => {
    assert.ok(error instanceof BridgeError, String(error));
    assert.equal(error.code, 'ENVELOPE_INVALID');
    assert.ok(error.message.includes(`${field}; expected `), `${error.message} does not name ${field}`);
    return true;
  });
}

for (const { kind, envelope, optional, encode, parse } of KINDS) {
  describe(`an envelope of kind ${kind}`, () => {
    it('comes back as it was written', () => {
      assert.deepEqual(parse(encode()), envelope);
    });

    it('comes back without its optional fields', () => {
      for (const name of optional) {
        const without = altered(envelope, [name], undefined);
        assert.deepEqual(parse(header(without)), without);
      }
    });

    it('is of version 1, whose bytes are fixed', () => {
      const golden = readFileSync(new URL(`golden/${kind}.json`, import.meta.url), 'utf8');
      const value = JSON.parse(golden) as unknown;
      assert.equal(new TextDecoder().decode(encode().data ?? undefined), JSON.stringify(value));
      assert.deepEqual(parse(header(value)), envelope);
    });

    it('is refused without any one of its fields, and the error names the field', () => {
      for (const path of pathsOf(envelope)) {
        if (optional.includes(path.join('.'))) continue;
        assertInvalid(() => parse(header(altered(envelope, path, undefined))), [kind, ...path].join('.'));
      }
    });

    it('is refused with any one field of a wrong type', () => {
      for (const path of pathsOf(envelope)) {
        for (const value of [null, true, [], [1], 1.5, -1, 'wrong\ud800', '']) {
          // A wrong kind of the whole is told at the kind, a wrong version at the version.
          assertInvalid(() => parse(header(altered(envelope, path, value))), [kind, ...path].join('.'));
        }
      }
    });

    it('is refused with any text that is too long or is no UTF-8', () => {
      for (const path of pathsOf(envelope)) {
        const value = path.reduce<unknown>((at, key) => (at as Json)[key], envelope);
        if (typeof value !== 'string') continue;
        for (const text of ['x'.repeat(1001), '\udfff']) {
          assertInvalid(() => parse(header(altered(envelope, path, text))), [kind, ...path].join('.'));
        }
      }
    });

    it('is refused with a version, kind or digest of another form', () => {
      for (const [name, value] of [
        ['v', 0],
        ['v', '1'],
        ['v', 1.5],
        ['v', -1],
        ['kind', 'completion'],
        ['callId', 'A'.repeat(64)],
        ['callId', 'a'.repeat(63)],
        ['argsDigest', `${'a'.repeat(64)}\n`],
      ] as const) {
        assertInvalid(() => parse(header(altered(envelope, [name], value))), `${kind}.${name}`);
      }
    });

    it('of a newer version is refused with the advice to upgrade', () => {
      const newer = { v: 2, kind, somethingNew: true };
      assert.throws(
        () => parse(header(newer)),
        (error: unknown) =>
          BridgeError.is(error) &&
          error.code === 'ENVELOPE_VERSION' &&
          /version 2.*upgrade/.test(error.message),
      );
    });

    it('may have fields that this version does not know', () => {
      assert.deepEqual(parse(header({ ...envelope, extra: { a: [1] } })), envelope);
    });
  });
}

describe('the seal inside a remote call', () => {
  it('of a newer version is refused with the advice to upgrade', () => {
    assert.throws(
      () => parseRemoteCallEnvelope(header(altered(REMOTE_CALL, ['replyTo', 'v'], 2))),
      (error: unknown) => BridgeError.is(error) && error.code === 'ENVELOPE_VERSION',
    );
  });

  it('of another kind is refused', () => {
    assertInvalid(
      () => parseRemoteCallEnvelope(header(altered(REMOTE_CALL, ['replyTo', 'kind'], 'call'))),
      'remote-call.replyTo.kind',
    );
  });
});
