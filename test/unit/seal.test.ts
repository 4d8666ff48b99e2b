/** The Ed25519 seal of a reply address: it proves one call, and nothing else. */
import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { describe, it } from 'node:test';
import { createSealVerifier, createSealer, developmentKey, sealKeyId } from '../../src/bridge/seal.js';
import type { ReplyAddress } from '../../src/bridge/seal.js';
import { BridgeError, type BridgeErrorCode } from '../../src/shared/bridge-error.js';
import type { SealedReplyAddress } from '../../src/shared/wire/call-envelope.js';
import { REMOTE_CALL } from '../support/wire-samples.js';

const [own, other] = [generateKeyPairSync('ed25519'), generateKeyPairSync('ed25519')];
const { v: _v, kind: _kind, keyId: _keyId, signature: _signature, ...ADDRESS } = REMOTE_CALL.replyTo;
const address: ReplyAddress = ADDRESS;
const sealer = createSealer(own.privateKey);
const verifier = createSealVerifier([own.publicKey]);
const seal = sealer.seal(address);
const shownBy = { callId: address.callId, wrapperWorkflowId: address.wrapperWorkflowId };

function errorOf(shown: SealedReplyAddress, by = shownBy, using = verifier): BridgeError {
  try {
    using.check(shown, by);
  } catch (error) {
    assert.ok(error instanceof BridgeError, String(error));
    return error;
  }
  assert.fail('accepted');
}

function assertRefused(
  code: BridgeErrorCode,
  shown: SealedReplyAddress,
  by = shownBy,
  using = verifier,
): void {
  const error = errorOf(shown, by, using);
  assert.equal(error.code, code, error.message);
  assert.equal(error.retryable, code === 'SEAL_KEY_UNKNOWN');
}

describe('a seal', () => {
  it('that the caller side made is good for its call', () => {
    assert.doesNotThrow(() => verifier.check(seal, shownBy));
    const { signature: _own, ...rest } = seal;
    assert.deepEqual(rest, { v: 1, kind: 'seal', keyId: sealKeyId(own.publicKey), ...address });
  });

  it('takes nothing along but the address, whatever else is on the object', () => {
    const more = { ...address, secret: 'x' };
    assert.deepEqual(sealer.seal(more), seal);
  });

  it('is wrong if any one signed field is altered', () => {
    const fields = [
      'sourceCluster',
      'namespace',
      'workflowId',
      'runId',
      'firstRunId',
      'callId',
      'wrapperWorkflowId',
    ] as const;
    assert.deepEqual([...fields].sort(), Object.keys(address).sort());
    for (const field of fields) {
      for (const value of [`${seal[field]}x`, seal[field].slice(1), '', seal[field].toUpperCase() + ' ']) {
        const forged = { ...seal, [field]: value };
        // Shown by the workflow that the forged seal names, so that nothing but the signature tells.
        const by = { callId: forged.callId, wrapperWorkflowId: forged.wrapperWorkflowId };
        assertRefused('SEAL_INVALID', forged, by);
        assert.match(errorOf(forged, by).message, /wrong signature/);
      }
    }
  });

  it('is wrong if text moves from one field to the next', () => {
    const moved = { ...seal, namespace: seal.namespace + seal.workflowId, workflowId: '' };
    assertRefused('SEAL_INVALID', moved);
  });

  it('is wrong if its version is altered', () => {
    assertRefused('SEAL_INVALID', { ...seal, v: 2 as unknown as 1 });
  });

  it('is refused if another call or another workflow shows it, and says whose it is', () => {
    assertRefused('SEAL_INVALID', seal, { ...shownBy, callId: 'f'.repeat(64) });
    assertRefused('SEAL_INVALID', seal, { ...shownBy, wrapperWorkflowId: 'bridge-call-other' });
    assertRefused('SEAL_INVALID', seal, { ...shownBy, wrapperWorkflowId: '' });
    assert.match(errorOf(seal, { ...shownBy, callId: '' }).message, /good for its own call only/);
  });

  it('of an unknown key is refused for now: this replica may lag', () => {
    assertRefused('SEAL_KEY_UNKNOWN', createSealer(other.privateKey).seal(address));
    assertRefused('SEAL_KEY_UNKNOWN', seal, shownBy, createSealVerifier([]));
    assert.match(errorOf({ ...seal, keyId: 'ffff' }).message, /BRIDGE_SEAL_VERIFY_KEYS/);
  });

  it('of one key under the id of another is wrong', () => {
    const both = createSealVerifier([own.publicKey, other.publicKey]);
    assertRefused('SEAL_INVALID', { ...seal, keyId: sealKeyId(other.publicKey) }, shownBy, both);
  });

  it('is checked with the key that it names, of any number', () => {
    const both = createSealVerifier([other.publicKey, own.publicKey]);
    assert.deepEqual(both.keyIds, [other.publicKey, own.publicKey].map(sealKeyId));
    assert.doesNotThrow(() => both.check(seal, shownBy));
    assert.doesNotThrow(() => both.check(createSealer(other.privateKey).seal(address), shownBy));
  });

  it('with a signature that is cut, empty or garbage is wrong', () => {
    const bytes = Buffer.from(seal.signature, 'base64');
    const flipped = Buffer.from(bytes);
    flipped[0] = (flipped[0] ?? 0) ^ 1;
    for (const signature of [
      '',
      'AAAA',
      '!!!! no base64',
      bytes.subarray(0, 63).toString('base64'),
      Buffer.concat([bytes, Buffer.from([0])]).toString('base64'),
      Buffer.alloc(64).toString('base64'),
      flipped.toString('base64'),
      createSealer(other.privateKey).seal(address).signature,
      'x'.repeat(1000),
    ]) {
      assertRefused('SEAL_INVALID', { ...seal, signature });
    }
  });
});

describe('the key of development runs', () => {
  it('is the same in every process, and known to nobody’s verifier unless it is given', () => {
    const developer = createSealer(developmentKey());
    assert.equal(developer.keyId, sealKeyId(createPublicKey(developmentKey())));
    assertRefused('SEAL_KEY_UNKNOWN', developer.seal(address));
  });
});

// A change here is a change of the wire format: seals of bridges of another version would be refused.
describe('known answers', () => {
  it('of a key id and of a signature', () => {
    const { keyId, signature } = createSealer(developmentKey()).seal(address);
    assert.equal(keyId, '73b40fc343dd2545');
    assert.equal(
      signature,
      'WC2ON8AFlbJn+It+7e9XX4PoxEoeYUjqTQUfTZrLbPk2I7uGNDplp+QN4gnn6QqKCNW8n8aBgasv/l06jmPvDw==',
    );
  });
});
