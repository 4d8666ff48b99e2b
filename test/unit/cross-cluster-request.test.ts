/** The request of `CrossClusterWorkflow`: what is refused, and by which check. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Payload } from '@temporalio/common';
import fc from 'fast-check';
import { InvalidRequestError, parseCrossClusterRequest } from '../../src/shared/cross-cluster-request.js';
import { REQUEST_CHECKS } from '../../src/shared/request-checks.js';
import { payloadOf } from '../../src/shared/payloads.js';
import { CASES, article, json, nested, one, plain } from '../support/request-cases.js';

function refusal(payloads: readonly Payload[], checks = REQUEST_CHECKS): InvalidRequestError | undefined {
  try {
    parseCrossClusterRequest(payloads, checks);
    return undefined;
  } catch (error) {
    assert.ok(error instanceof InvalidRequestError, String(error));
    return error;
  }
}

describe('a request that cannot be made', () => {
  it('has a case for each check, and each check has a name of its own', () => {
    assert.deepEqual(
      Object.keys(CASES),
      REQUEST_CHECKS.map(({ name }) => name),
    );
  });

  for (const [name, { payloads, field, got, expected }] of Object.entries(CASES)) {
    it(`is refused by the check "${name}", and by no other for the same reason`, () => {
      const error = refusal(payloads);
      assert.ok(error, 'not refused');
      assert.equal(error.problem.field, field);
      assert.match(error.problem.expected, expected);
      assert.ok(error.problem.got.startsWith(got) || error.problem.got.includes(got), error.problem.got);
      assert.ok(error.problem.got.length <= 200, 'the value is not cut');
      assert.match(error.message, new RegExp(`^${field}: expected .+, got .+; nothing was started$`));

      const others = REQUEST_CHECKS.filter((check) => check.name !== name);
      let without: InvalidRequestError | undefined;
      try {
        without = refusal(payloads, others);
      } catch {
        return; // Without this check the parser breaks: nothing else caught it.
      }
      assert.notDeepEqual(without?.problem, error.problem, `${name} is a duplicate`);
    });
  }

  it('escapes and cuts what it shows', () => {
    const error = refusal(one({ ...plain, taskQueue: `/_sys/\u001b[2J\u202e\n${'x'.repeat(1000)}` }));
    assert.ok(error);
    // eslint-disable-next-line no-control-regex -- none of these may be left
    assert.doesNotMatch(error.message, /[\u0000-\u001f\u202e]/);
    assert.ok(error.message.length < 300);
    assert.match(error.message, /…\(\+\d+\)/);
  });

  it('is refused in other spellings of the same mistakes', () => {
    for (const payloads of [
      [],
      [{}],
      [payloadOf('json/plain', new Uint8Array([0xff, 0xfe]))],
      json(''),
      json('null'),
      json('42'),
      json('"text"'),
      json('{}'),
      json('{"__proto__":{"workflowType":"T","taskQueue":"q"}}'),
      json('{"workflowType":"T","taskQueue":"q","__proto__":1}'),
      json('{"workflowType":{"toString":1},"taskQueue":{"toString":1,"valueOf":1}}'),
      json('{"WorkflowType":"T","TaskQueue":"q","Timeout":1e400}'),
      json(`{"workflowType":"T","taskQueue":"q","args":${nested(100_000)}}`),
      json(nested(100_000)),
      json(`{"workflowType":${nested(100_000)},"taskQueue":"q"}`),
      one({ ...plain, workflowType: '__temporal_system' }),
      one({ ...plain, taskQueue: '/_sys/worker/1' }),
      one({ ...plain, taskQueue: '__temporal' }),
      one({ ...plain, timeout: '1.5' }),
      one({ ...plain, timeout: ' ' }),
      one({ ...plain, timeout: '9'.repeat(60) + 'd' }),
      one({ ...plain, timeout: '0.5ms' }),
      one({ ...article, Timeout: 1e300 }),
      one({ ...article, Input: 'e30=\n' }),
      one({ ...article, Input: '{"a":1}' }),
      one({ ...plain, scope: 'workflow-id' }),
    ]) {
      assert.ok(refusal(payloads), JSON.stringify(payloads).slice(0, 200));
    }
  });
});

const keys = fc.constantFrom(
  ...['workflowType', 'taskQueue', 'args', 'timeout', 'idMode', 'scope', 'key', 'workflowId'],
  ...['WorkflowType', 'TaskQueue', 'Input', 'Timeout', 'IDMode', 'Scope', 'Key', 'WorkflowID'],
  ...['cluster', 'Cluster', 'parentClosePolicy', 'ParentClosePolicy'],
  ...['sourceCluster', 'SourceCluster', '__proto__', 'constructor', 'other'],
);
const values = fc.oneof(
  fc.constantFrom<unknown>(
    '',
    'T',
    'q',
    '90s',
    0,
    -1,
    1e9,
    'article',
    'chain',
    'workflow-id',
    'bnVsbA==',
    null,
  ),
  fc.jsonValue(),
  fc.string({ unit: 'binary' }),
);
const anyEncoding = fc.constantFrom('json/plain', 'json/protobuf', 'binary/plain', '');

describe('any input', () => {
  it('of random JSON is read, or refused with a problem', () => {
    const objects = fc
      .array(fc.tuple(keys, values), { maxLength: 8 })
      .map((entries) => `{${entries.map(([k, v]) => `${JSON.stringify(k)}:${JSON.stringify(v)}`).join()}}`);
    fc.assert(
      fc.property(fc.oneof(objects, fc.json()), (text) => void refusal(json(text))),
      { numRuns: 2000 },
    );
  });

  it('of random bytes is read, or refused with a problem', () => {
    const payload = fc.tuple(anyEncoding, fc.uint8Array({ maxLength: 64 }));
    fc.assert(
      fc.property(fc.array(payload, { maxLength: 3 }), (payloads) => {
        void refusal(payloads.map(([encoding, data]) => payloadOf(encoding, data)));
      }),
      { numRuns: 2000 },
    );
  });
});
