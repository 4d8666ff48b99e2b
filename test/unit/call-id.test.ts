/** Ids: different calls never share one, however alike they were made. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  argsDigestOf,
  callIdOf,
  derivedCallKey,
  givenCallKey,
  localCallIdOf,
  lengthPrefixed,
  requestIdOf,
  type CallIdentity,
} from '../../src/shared/call-id.js';
import { GenerateCrossClusterKey, GenerateKey } from '../../src/shared/keys.js';
import { jsonPayload, payloadOf } from '../../src/shared/payloads.js';
import {
  articleTargetWorkflowId,
  targetWorkflowIdOf,
  wrapperWorkflowIdOf,
} from '../../src/shared/remote-ids.js';
import { HOSTILE_TEXTS, SEPARATORS, ambiguousPairs } from '../support/ambiguous.js';

const RUNS = { numRuns: 1500 };
/** Where a counterexample must be found, the search is the same each time. */
const SEARCH = { ...RUNS, seed: 7 };
const PARTS = 5;

/** The property: lists that were built to be ambiguous have different hashes under this way of joining. */
function joinsApart(join: (parts: readonly string[]) => Uint8Array) {
  const hash = (parts: readonly string[]) => createHash('sha256').update(join(parts)).digest('hex');
  return fc.property(ambiguousPairs(PARTS), ([left, right]) => hash(left) !== hash(right));
}

function identityOf(parts: readonly string[]): CallIdentity {
  const [callerNamespace = '', callerWorkflowId = '', scopeId = '', callKey = '', targetType = ''] = parts;
  return { callerNamespace, callerWorkflowId, scope: 'run', scopeId, callKey, targetType };
}

function targetIdOf(call: CallIdentity): string {
  const { callerNamespace, callerWorkflowId, targetType } = call;
  const name = { sourceCluster: callerNamespace, callerWorkflowId, name: targetType };
  return targetWorkflowIdOf(name, callIdOf(call));
}

describe('joining the parts of an id', () => {
  it('keeps ambiguous lists apart with length prefixes', () => {
    fc.assert(joinsApart(lengthPrefixed), RUNS);
  });

  for (const separator of SEPARATORS) {
    it(`would confuse lists if the parts were joined by ${JSON.stringify(separator)}`, () => {
      const naive = (parts: readonly string[]) => new TextEncoder().encode(parts.join(separator));
      assert.ok(fc.check(joinsApart(naive), SEARCH).failed, 'no counterexample: the pairs are too easy');
    });
  }

  it('would confuse lists if the lengths were dropped from the bytes that are really hashed', () => {
    const withoutLengths = (parts: readonly string[]) =>
      Buffer.concat(parts.map((part) => lengthPrefixed([part]).slice(4)));
    assert.ok(fc.check(joinsApart(withoutLengths), SEARCH).failed);
  });

  it('refuses a lone surrogate, which UTF-8 would turn into another character', () => {
    for (const text of ['\ud800', 'a\udc00b', '\udc00\ud800']) {
      assert.throws(() => lengthPrefixed(['ok', text]), { name: 'TypeError', message: /lone surrogate/ });
      const call = identityOf(['ns', text, 'run', 'key', 'Type']);
      assert.throws(() => callIdOf(call), { name: 'TypeError', message: /lone surrogate/ });
      assert.throws(() => requestIdOf(text), { name: 'TypeError', message: /lone surrogate/ });
    }
  });
});

describe('ids of calls', () => {
  it('differ between ambiguous calls: call id, wrapper id, target id and request id', () => {
    fc.assert(
      fc.property(ambiguousPairs(PARTS), ([left, right]) => {
        const [a, b] = [identityOf(left), identityOf(right)];
        assert.notEqual(callIdOf(a), callIdOf(b));
        assert.notEqual(wrapperWorkflowIdOf(callIdOf(a)), wrapperWorkflowIdOf(callIdOf(b)));
        assert.notEqual(targetIdOf(a), targetIdOf(b));
        assert.notEqual(requestIdOf(...left), requestIdOf(...right));
      }),
      RUNS,
    );
  });

  it('differ between scopes, also where a part is made to look like the scope', () => {
    const base = identityOf(['ns', 'wf', 'id', 'key', 'Type']);
    const all: CallIdentity[] = [
      base,
      { ...base, scope: 'chain' },
      { ...base, scope: 'workflow-id' },
      { ...base, callerWorkflowId: 'wfrun' },
      { ...base, scopeId: 'runid' },
      { ...base, callerWorkflowId: 'wfrun', scopeId: '' },
    ];
    assert.equal(new Set(all.map(callIdOf)).size, all.length);
  });

  it('differ between keys: the user’s key is never a derived one', () => {
    const digest = argsDigestOf('Type', 'queue', []);
    const derived = derivedCallKey(digest, 0);
    assert.notEqual(givenCallKey(derived), derived);
    assert.notEqual(givenCallKey(derived.slice('auto:'.length)), derived);
    assert.notEqual(derivedCallKey(digest, 0), derivedCallKey(digest, 1));
    assert.notEqual(derivedCallKey(digest, 1), derivedCallKey(digest, 11));
  });

  it('differ between all hostile texts, in every place', () => {
    for (let place = 0; place < PARTS; place += 1) {
      const calls = HOSTILE_TEXTS.map((text) =>
        identityOf(Array.from({ length: PARTS }, (_, i) => (i === place ? text : 'x'))),
      );
      assert.equal(new Set(calls.map(callIdOf)).size, calls.length);
      assert.equal(new Set(calls.map(targetIdOf)).size, calls.length);
    }
  });

  it('are the same for the same call', () => {
    fc.assert(
      fc.property(ambiguousPairs(PARTS), ([parts]) => {
        assert.equal(callIdOf(identityOf(parts)), callIdOf(identityOf([...parts])));
        assert.equal(targetIdOf(identityOf(parts)), targetIdOf(identityOf([...parts])));
        assert.equal(requestIdOf(...parts), requestIdOf(...parts));
      }),
    );
  });

  it('have at most 255 characters and are ASCII, whatever they are made of', () => {
    fc.assert(
      fc.property(ambiguousPairs(PARTS), fc.string({ unit: 'binary', maxLength: 400 }), ([parts], name) => {
        const callId = callIdOf(identityOf(parts));
        const [sourceCluster = '', callerWorkflowId = ''] = parts;
        for (const id of [
          wrapperWorkflowIdOf(callId),
          targetWorkflowIdOf({ sourceCluster, callerWorkflowId, name }, callId),
        ]) {
          assert.ok(id.length <= 255);
          assert.match(id, /^[\x21-\x7e]+$/);
        }
        assert.match(callId, /^[0-9a-f]{64}$/);
        assert.match(
          requestIdOf(...parts),
          /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
        );
      }),
    );
  });

  it('never let a target take a wrapper’s id', () => {
    const call = identityOf(['call', 'a', 'r', 'k', 'T']);
    assert.ok(!targetIdOf(call).startsWith(wrapperWorkflowIdOf(callIdOf(call))));
    const article = articleTargetWorkflowId({ sourceCluster: 'call', callerWorkflowId: 'w', name: 'n' });
    assert.doesNotMatch(article, /^bridge-call-[0-9a-f]{64}$/);
  });

  it('are exactly the published bridge’s in article mode', () => {
    const target = { sourceCluster: 'cluster-a', callerWorkflowId: 'order-123', name: 'fulfillment' };
    assert.equal(articleTargetWorkflowId(target), 'bridge-cluster-a-order-123-fulfillment');
    assert.equal(GenerateCrossClusterKey('s', 'w/\u00e9', 'n n'), 'bridge-s-w/\u00e9-n n');
    assert.equal(GenerateKey('order-123', 'charge', 1), 'order-123:charge:1');
  });
});

describe('the digest of what is asked for', () => {
  it('differs between ambiguous types, queues, encodings and arguments', () => {
    const digestOf = ([type = '', queue = '', encoding = '', data = '', more = '']: readonly string[]) => {
      const bytes = (text: string) => new TextEncoder().encode(text);
      return argsDigestOf(type, queue, [payloadOf(encoding, bytes(data)), payloadOf('x', bytes(more))]);
    };
    fc.assert(
      fc.property(ambiguousPairs(PARTS), ([left, right]) => digestOf(left) !== digestOf(right)),
      RUNS,
    );
  });

  it('differs between one argument and two, empty and none, data and metadata', () => {
    const at = (...args: Parameters<typeof argsDigestOf>[2]) => argsDigestOf('T', 'q', args);
    const bytes = new TextEncoder().encode('ab');
    const digests = [
      at(),
      at({}),
      at({}, {}),
      at({ data: bytes }),
      at({ data: bytes.slice(0, 1) }, { data: bytes.slice(1) }),
      at({ metadata: { ab: new Uint8Array() } }),
      at({ metadata: { a: new TextEncoder().encode('b') } }),
      at({ metadata: { a: new Uint8Array(), b: new Uint8Array() } }),
      at({ metadata: { a: new Uint8Array() } }, { metadata: { b: new Uint8Array() } }),
    ];
    assert.equal(new Set(digests).size, digests.length);
  });

  it('does not depend on the order in which metadata was written', () => {
    const [x, y] = [new Uint8Array([1]), new Uint8Array([2])];
    assert.equal(
      argsDigestOf('T', 'q', [{ metadata: { x, y } }]),
      argsDigestOf('T', 'q', [{ metadata: { y, x } }]),
    );
  });
});

// A change here is a change of the wire format: calls in flight would be started a second time.
describe('known answers', () => {
  const call: CallIdentity = {
    callerNamespace: 'default',
    callerWorkflowId: 'order-123',
    scope: 'run',
    scopeId: '0198d5a0-0000-7000-8000-000000000001',
    callKey: 'key:charge',
    targetType: 'FulfillmentWorkflow',
  };
  const digest = argsDigestOf('FulfillmentWorkflow', 'fulfillment-queue', [
    jsonPayload({ orderID: 'order-123' }),
  ]);

  it('of the half of a call id that is the same in a replay, which has another namespace and workflow id', () => {
    const replayed = { ...call, callerNamespace: 'replay', callerWorkflowId: 'other' };
    assert.equal(localCallIdOf(callIdOf(replayed)), localCallIdOf(callIdOf(call)));
    assert.notEqual(callIdOf(replayed).slice(0, 32), callIdOf(call).slice(0, 32));
    for (const other of [
      { ...call, scopeId: '0198d5a0-0000-7000-8000-000000000002' },
      { ...call, scope: 'chain' as const },
      { ...call, callKey: 'key:refund' },
      { ...call, targetType: 'Other' },
    ]) {
      assert.notEqual(localCallIdOf(callIdOf(other)), localCallIdOf(callIdOf(call)));
    }
  });
  it('of the call id', () => {
    assert.equal(callIdOf(call), '71405ee1c3c81918b608f4fbbee29ea440356352c97509f3e0a47c42d2239d70');
    assert.equal(
      callIdOf({ ...call, scope: 'workflow-id', scopeId: 'cluster-a' }),
      '6657918172cc9ec581b1d9079305beccfb5a91e99f42059e52713e248b2681f8',
    );
  });
  it('of the arguments’ digest', () => {
    assert.equal(digest, '0454425d6fbba78b1d186cdf2d9f73911b7abd576ee4899be061d22a310ddf8c');
    assert.equal(
      argsDigestOf('T', 'q', []),
      '79e32dce567496f84762de99c8147391431a37e19dc1a98d1fb962c35f6aef6b',
    );
  });
  it('of the key of a call without one', () => {
    assert.equal(derivedCallKey('d', 2), 'auto:d:2');
    assert.equal(givenCallKey('charge'), 'key:charge');
  });
  it('of request ids', () => {
    assert.equal(requestIdOf('start', callIdOf(call)), 'debac779-cfa0-8aa7-b0bb-1299a787c3d4');
  });
  it('of workflow ids', () => {
    const callId = callIdOf(call);
    assert.equal(wrapperWorkflowIdOf(callId), `bridge-call-${callId}`);
    const name = { sourceCluster: 'cluster-a', callerWorkflowId: 'order 123/\u00e9', name: 'Fulfill' };
    assert.equal(
      targetWorkflowIdOf(name, callId),
      'bridge-cluster-a-order_123__-Fulfill-71405ee1c3c81918b608f4fbbee29ea4',
    );
  });
});
