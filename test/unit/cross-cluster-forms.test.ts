/** The two forms of a `CrossClusterWorkflow`'s request, and what becomes of their fields. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { toBase64 } from '../../src/shared/bytes.js';
import { parseCrossClusterRequest } from '../../src/shared/cross-cluster-request.js';
import { MAX_ARGUMENT_DEPTH } from '../../src/shared/limits.js';
import { encodingOf, jsonPayload } from '../../src/shared/payloads.js';

const HOUR_MS = 3_600_000;
const bytes = (text: string) => new TextEncoder().encode(text);
const parse = (request: unknown) => parseCrossClusterRequest([jsonPayload(request)]);
const article = (more: object = {}) => parse({ WorkflowType: 'T', TaskQueue: 'q', ...more });
const plain = (more: object = {}) => parse({ workflowType: 'T', taskQueue: 'q', ...more });

describe('a request in the article form', () => {
  it('has the published keys, an hour’s time-out, run scope and hashed ids by default', () => {
    assert.deepEqual(article(), {
      form: 'article',
      workflowType: 'T',
      taskQueue: 'q',
      args: [],
      timeoutMs: HOUR_MS,
      idMode: 'hashed',
      scope: 'run',
      parentClose: 'request-cancel',
    });
  });

  it('hands JSON bytes on as one JSON argument of the same bytes', () => {
    for (const text of [
      '{ "orderID" :\n"o-1" }',
      '[1, 2]',
      '"text"',
      '42',
      'null',
      'true',
      '1e400',
      '{"a":1,"a":2}',
    ]) {
      const { args } = article({ Input: toBase64(bytes(text)) });
      assert.equal(args.length, 1);
      assert.equal(encodingOf(args[0] ?? {}), 'json/plain');
      assert.deepEqual(args[0]?.data, bytes(text));
    }
  });

  it('hands all other bytes on as one binary argument', () => {
    for (const data of [
      bytes('not JSON'),
      bytes('{"a":'),
      bytes('\ufeff{}'),
      new Uint8Array([0, 255, 128]),
    ]) {
      const { args } = article({ Input: toBase64(data) });
      assert.equal(args.length, 1);
      assert.equal(encodingOf(args[0] ?? {}), 'binary/plain');
      assert.deepEqual(args[0]?.data, data);
    }
  });

  it('keeps any bytes, whichever they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 50 }), (data) => {
        assert.deepEqual(article({ Input: toBase64(data) }).args[0]?.data, data);
      }),
    );
  });

  it('has no argument without Input, with null and with empty Input', () => {
    for (const more of [{}, { Input: null }, { Input: '' }]) assert.deepEqual(article(more).args, []);
  });

  it('takes a time-out as whole nanoseconds and as a text; 0, null and none are an hour', () => {
    for (const [Timeout, ms] of [
      [90e9, 90_000],
      ['90s', 90_000],
      ['1m30s', 90_000],
      ['1.5h', 1.5 * HOUR_MS],
      [1e6, 1],
      [1_500_000, 2],
      ['365d', 365 * 24 * HOUR_MS],
      [0, HOUR_MS],
      ['0', HOUR_MS],
      ['0s', HOUR_MS],
      [null, HOUR_MS],
    ] as const) {
      assert.equal(article({ Timeout }).timeoutMs, ms, String(Timeout));
    }
    assert.equal(article().timeoutMs, HOUR_MS);
  });

  it('has workflow-id scope with the published bridge’s ids, and needs no key there', () => {
    for (const more of [{}, { Scope: 'workflow-id' }]) {
      const request = article({ IDMode: 'article', ...more });
      assert.deepEqual([request.idMode, request.scope, request.key], ['article', 'workflow-id', undefined]);
    }
  });

  it('leaves a target alone whose caller may be started again under the same id, unless told otherwise', () => {
    assert.equal(article({ IDMode: 'article' }).parentClose, 'abandon');
    assert.equal(article({ Scope: 'workflow-id', Key: 'k' }).parentClose, 'abandon');
    assert.equal(article({ Scope: 'chain', Key: 'k' }).parentClose, 'request-cancel');
    for (const [policy, parentClose] of Object.entries({
      ABANDON: 'abandon',
      REQUEST_CANCEL: 'request-cancel',
      TERMINATE: 'terminate',
    })) {
      assert.equal(article({ ParentClosePolicy: policy }).parentClose, parentClose);
      assert.equal(article({ IDMode: 'article', ParentClosePolicy: policy }).parentClose, parentClose);
    }
  });

  it('takes the bridge’s own fields', () => {
    assert.equal(article({ Cluster: 'eu' }).cluster, 'eu');
    const request = article({ Key: 'k', Scope: 'chain', WorkflowID: 'w', SourceCluster: 'c' });
    assert.deepEqual(
      [request.key, request.scope, request.workflowId, request.sourceCluster],
      ['k', 'chain', 'w', 'c'],
    );
  });
});

describe('a request in the plain form', () => {
  it('takes several arguments, each a JSON argument of its own', () => {
    const args = [1, 'two', { three: [3] }, null, false];
    const request = plain({ args, timeout: '90s' });
    assert.equal(request.form, 'plain');
    assert.equal(request.timeoutMs, 90_000);
    assert.deepEqual(request.args, args.map(jsonPayload));
  });

  it('has no argument without args, with null and with an empty list', () => {
    for (const more of [{}, { args: null }, { args: [] }]) assert.deepEqual(plain(more).args, []);
  });

  it('hands on arguments with special keys and lone surrogates as they were', () => {
    const text = '{"__proto__":{"a":1},"constructor":"x","s":"\\ud800"}';
    const { args } = parseCrossClusterRequest([
      { ...jsonPayload(0), data: bytes(`{"workflowType":"T","taskQueue":"q","args":[${text}]}`) },
    ]);
    assert.equal(new TextDecoder().decode(args[0]?.data ?? undefined), text);
  });

  it('takes arguments as deep as is allowed', () => {
    const deep = JSON.parse('['.repeat(MAX_ARGUMENT_DEPTH) + ']'.repeat(MAX_ARGUMENT_DEPTH)) as unknown;
    assert.equal(plain({ args: [deep] }).args.length, 1);
  });

  it('takes names with any other characters, and 128 arguments', () => {
    const name = 'Wörk/flöw:\u{1f600} "x"';
    assert.equal(plain({ workflowType: name }).workflowType, name);
    assert.equal(plain({ args: Array.from({ length: 128 }, (_, i) => i) }).args.length, 128);
  });

  it('gives a wide scope with a key, a workflow id and a source cluster', () => {
    const more = { scope: 'workflow-id', key: 'k', workflowId: 'my-id', sourceCluster: 'west' } as const;
    const { scope, key, workflowId, sourceCluster } = plain(more);
    assert.deepEqual({ scope, key, workflowId, sourceCluster }, more);
  });

  it('does not depend on the order of its keys', () => {
    const one = parse({ taskQueue: 'q', args: [1], workflowType: 'T' });
    assert.deepEqual(one, plain({ args: [1] }));
  });
});
