/** Failures as JSON without their payloads: whole, bounded, and safe to write into a history whatever was sent. */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { describe, it } from 'node:test';
import type { Payload, ProtoFailure } from '@temporalio/common';
import fc from 'fast-check';
import { BridgeError } from '../../src/shared/bridge-error.js';
import { MAX_FAILURE_DEPTH } from '../../src/shared/limits.js';
import { outcomeOfFailure } from '../../src/shared/outcome.js';
import { FAILURE_LINK } from '../../src/shared/wire/failure-shape.js';
import type { FieldShape } from '../../src/shared/wire/failure-shape.js';
import { decodeFailure, encodeFailure } from '../../src/shared/wire/failure-skeleton.js';
import type { FailureSkeleton } from '../../src/shared/wire/failure-skeleton.js';
import {
  CANARY,
  FAILURES,
  failureBytes,
  failureChain,
  fromWire,
  userPayload,
} from '../support/wire-samples.js';

interface ProtoMessage {
  readonly fieldsArray: readonly {
    readonly name: string;
    readonly type: string;
    resolve(): { resolvedType: unknown };
  }[];
}

/** The shape of a proto message, by its descriptor. */
function shapeOf(message: ProtoMessage): FieldShape {
  return Object.fromEntries(
    message.fieldsArray
      .filter(({ name }) => name !== 'cause')
      .map((field): [string, FieldShape] => {
        const { resolvedType } = field.resolve();
        const scalar = ({ string: 'text', bool: 'flag', int32: 'int32', int64: 'int64' } as const)[
          field.type
        ];
        if (scalar) return [field.name, scalar];
        if (field.type.endsWith('.Payload')) return [field.name, 'payload'];
        if (field.type.endsWith('.Payloads')) return [field.name, 'payloads'];
        const isMessage =
          typeof resolvedType === 'object' && resolvedType !== null && 'fieldsArray' in resolvedType;
        return [field.name, isMessage ? shapeOf(resolvedType as ProtoMessage) : 'int32'];
      }),
  );
}

function roundTrip(failure: ProtoFailure): { back: ProtoFailure; text: string } {
  const payloads: Payload[] = [];
  const text = JSON.stringify(encodeFailure(failure, payloads));
  return { back: decodeFailure(JSON.parse(text) as FailureSkeleton, payloads), text };
}

function errorOf(skeleton: unknown, payloads: readonly Payload[] = []): BridgeError {
  try {
    decodeFailure(skeleton as FailureSkeleton, payloads);
  } catch (error) {
    assert.ok(error instanceof BridgeError, String(error));
    return error;
  }
  assert.fail('not refused');
}

/** The links' messages, outermost first. */
function messages(failure: ProtoFailure): string[] {
  const found: string[] = [];
  for (let link: ProtoFailure | null | undefined = failure; link; link = link.cause)
    found.push(link.message ?? '');
  return found;
}

describe('the shape of a failure', () => {
  it('has every field of the proto that this SDK knows, and no other', () => {
    const proto = createRequire(import.meta.url)('@temporalio/proto/protos/json-module.js') as {
      lookupType(name: string): ProtoMessage;
    };
    assert.deepEqual(FAILURE_LINK, shapeOf(proto.lookupType('temporal.api.failure.v1.Failure')));
  });
});

describe('a failure', () => {
  for (const [name, failure] of Object.entries(FAILURES)) {
    it(`of kind ${name} comes back byte-equal, built or decoded`, () => {
      for (const sent of [failure, fromWire(failure)]) {
        const { back, text } = roundTrip(sent);
        assert.deepEqual(failureBytes(back), failureBytes(failure));
        assert.ok(!text.includes(CANARY));
      }
    });

    it(`of kind ${name} comes back byte-equal as a cause`, () => {
      const outer = {
        message: 'outer',
        applicationFailureInfo: { details: { payloads: [userPayload(9)] } },
        cause: failure,
      };
      assert.deepEqual(failureBytes(roundTrip(outer).back), failureBytes(outer));
    });
  }

  it('has the same skeleton built or decoded: the defaults of a proto message are not fields', () => {
    const failure = {
      cause: { applicationFailureInfo: { type: 'X' } },
      activityFailureInfo: { activityId: '1' },
    };
    assert.equal(
      roundTrip(fromWire(failure)).text,
      '{"activityFailureInfo":{"activityId":"1"},"cause":{"applicationFailureInfo":{"type":"X"}}}',
    );
  });

  it('leaves fields out that are not in the proto, whatever an SDK put there', () => {
    const { back, text } = roundTrip({ message: 'm', secret: CANARY } as ProtoFailure);
    assert.deepEqual(back, { message: 'm' });
    assert.ok(!text.includes(CANARY));
  });

  it('keeps a chain of up to 50 links, and cuts a longer one with a note', () => {
    for (let links = 1; links <= 60; links += 1) {
      const chain = failureChain(links);
      const { back } = roundTrip(chain);
      const found = messages(back);
      assert.equal(found.length, Math.min(links, MAX_FAILURE_DEPTH));
      if (links <= MAX_FAILURE_DEPTH) {
        assert.deepEqual(failureBytes(back), failureBytes(chain));
      } else {
        assert.equal(found.at(-1), 'link 50 [causes beyond 50 links were cut]');
        assert.deepEqual(found.slice(0, -1), messages(chain).slice(0, MAX_FAILURE_DEPTH - 1));
      }
    }
  });

  it('is cut the same on the way of the signal and on that of the fallback', () => {
    const outcome = outcomeOfFailure(failureChain(60));
    assert.equal(outcome.status, 'failed');
    assert.deepEqual(failureBytes(roundTrip(outcome.failure).back), failureBytes(outcome.failure));
    assert.equal(messages(outcome.failure).length, MAX_FAILURE_DEPTH);
    assert.deepEqual(failureBytes(roundTrip(failureChain(60)).back), failureBytes(outcome.failure));
  });

  it('of a million causes neither overflows the stack nor takes long', () => {
    assert.equal(messages(roundTrip(failureChain(1_000_000)).back).length, MAX_FAILURE_DEPTH);
  });
});

describe('a skeleton that no bridge wrote', () => {
  const two = [userPayload(0), userPayload(1)];
  const details = (places: unknown) => ({ applicationFailureInfo: { details: places } });

  it('is refused if a payload is missing, left over, repeated, out of order or out of range', () => {
    for (const places of [
      [0],
      [0, 0],
      [1, 0],
      [0, 1, 2],
      [0, 2],
      [-1, 0],
      [0, 1, 1],
      ['0', '1'],
      [0.5],
      [null],
      [],
    ]) {
      assert.equal(errorOf(details({ $p: places }), two).code, 'ENVELOPE_INVALID', JSON.stringify(places));
    }
    assert.equal(errorOf({ encodedAttributes: { $a: 1 } }, two).code, 'ENVELOPE_INVALID');
    assert.equal(
      errorOf({ encodedAttributes: { $a: 0 }, cause: details({ $p: [0] }) }, two).code,
      'ENVELOPE_INVALID',
    );
    assert.doesNotThrow(() => decodeFailure(details({ $p: [0, 1] }), two));
  });

  it('cannot make one payload into a million', () => {
    errorOf(details({ $p: Array.from({ length: 1_000_000 }, () => 0) }), [userPayload(0)]);
  });

  it('is refused with a field of another type, and the error names the field', () => {
    for (const [skeleton, field] of [
      [{ message: 7 }, 'failure.message'],
      [{ message: '\ud800' }, 'failure.message'],
      [{ cause: 'x' }, 'failure.cause'],
      [{ cause: { cause: [] } }, 'failure.cause.cause'],
      [{ cause: { message: null } }, 'failure.cause.message'],
      [details([0]), 'failure.applicationFailureInfo.details'],
      [details({ payloads: [null] }), 'failure.applicationFailureInfo.details'],
      [{ encodedAttributes: 'x' }, 'failure.encodedAttributes'],
      [{ encodedAttributes: { data: 'x' } }, 'failure.encodedAttributes'],
      [{ applicationFailureInfo: 'x' }, 'failure.applicationFailureInfo'],
      [{ applicationFailureInfo: { nonRetryable: 1 } }, 'failure.applicationFailureInfo.nonRetryable'],
      [{ applicationFailureInfo: { category: 1.5 } }, 'failure.applicationFailureInfo.category'],
      [{ timeoutFailureInfo: { timeoutType: 2 ** 31 } }, 'failure.timeoutFailureInfo.timeoutType'],
      [{ activityFailureInfo: { startedEventId: 5 } }, 'failure.activityFailureInfo.startedEventId'],
      [
        { activityFailureInfo: { startedEventId: { $l: '9-9' } } },
        'failure.activityFailureInfo.startedEventId',
      ],
      [
        { activityFailureInfo: { startedEventId: { $l: '9'.repeat(19) } } },
        'activityFailureInfo.startedEventId',
      ],
      [{ activityFailureInfo: { startedEventId: {} } }, 'failure.activityFailureInfo.startedEventId'],
    ] as const) {
      const error = errorOf(skeleton);
      assert.equal(error.code, 'ENVELOPE_INVALID');
      assert.ok(error.message.includes(`${field}; expected`), error.message);
    }
  });

  it('is refused if its chain is longer than what a bridge sends', () => {
    const chain = (links: number): FailureSkeleton => {
      let skeleton: FailureSkeleton = { message: 'innermost' };
      for (let n = 1; n < links; n += 1) skeleton = { cause: skeleton };
      return skeleton;
    };
    assert.equal(messages(decodeFailure(chain(50), [])).length, 50);
    assert.equal(errorOf(chain(51)).code, 'ENVELOPE_INVALID');
    assert.equal(errorOf(chain(10_000)).code, 'ENVELOPE_INVALID');
  });

  it('gives, if it is read at all, a failure that the SDK can write', () => {
    const fields = Object.entries(FAILURE_LINK).flatMap(([field, shape]) => [
      field,
      ...(typeof shape === 'object' ? Object.keys(shape) : []),
    ]);
    const key = fc.constantFrom(
      ...fields,
      'cause',
      '$p',
      '$a',
      '$l',
      'payloads',
      '__proto__',
      'seconds',
      'nanos',
    );
    const leaf = fc.constantFrom<unknown>(
      '',
      'x',
      '9-9',
      '12',
      '\ud800',
      0,
      1,
      -1,
      1.5,
      1e300,
      null,
      true,
      [],
      [0],
    );
    const { node } = fc.letrec<{ node: unknown }>((tie) => ({
      node: fc.oneof({ depthSize: 'medium' }, leaf, fc.dictionary(key, tie('node'), { maxKeys: 4 })),
    }));
    let read = 0;
    fc.assert(
      fc.property(fc.dictionary(key, node, { maxKeys: 4 }), fc.nat(2), (skeleton, count) => {
        const payloads = two.slice(0, count);
        let failure: ProtoFailure;
        try {
          failure = decodeFailure(JSON.parse(JSON.stringify(skeleton)) as FailureSkeleton, payloads);
        } catch (error) {
          assert.ok(error instanceof BridgeError, String(error));
          return;
        }
        read += 1;
        fromWire(failure);
      }),
      { numRuns: 3000 },
    );
    assert.ok(read > 50, `only ${read} were read: the generator is too wild`);
  });
});
