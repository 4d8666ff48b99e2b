/** Whose calls a key may seal: what stands above it in its file, and what is refused at the start. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ConfigError } from '../../src/bridge/config/config-error.js';
import { resolveConfig } from '../../src/bridge/config/resolve.js';
import { createSealKeyPair, parseSigningKey, parseVerifyKeys } from '../../src/bridge/config/seal-keys.js';
import { createSealer, createSealVerifier } from '../../src/bridge/seal.js';
import { BridgeError } from '../../src/shared/bridge-error.js';
import { REMOTE_CALL } from '../support/wire-samples.js';

const [one, other] = [createSealKeyPair(), createSealKeyPair()];
const SEVERAL = {
  BRIDGE_ROLE: 'handler',
  CLUSTER_A_NAMESPACE: 'orders',
  BRIDGE_CALLER_CLUSTERS: 'cluster-a=localhost:7235/billing shop=localhost:7236/default',
};
const above = (callers: string, { verifyKeyPem }: typeof one): string =>
  `# callers: ${callers}\n${verifyKeyPem}`;

/** The code of the error with which a seal for these is refused; undefined: it is good. */
function refusal(
  keys: string,
  signedBy: typeof one,
  sourceCluster: string,
  namespace: string,
): string | undefined {
  const found = parseVerifyKeys(keys);
  const verifier = createSealVerifier(
    found.map(({ key }) => key),
    found.map(({ callers }) => callers),
  );
  const sealer = createSealer(parseSigningKey(signedBy.signingKeyPem));
  const { callId, wrapperWorkflowId } = REMOTE_CALL.replyTo;
  try {
    verifier.check(sealer.seal({ ...REMOTE_CALL.replyTo, sourceCluster, namespace }), {
      callId,
      wrapperWorkflowId,
    });
  } catch (error) {
    assert.ok(BridgeError.is(error));
    assert.equal(error.retryable, false);
    assert.ok(!error.message.includes('billing'), 'names what was asked, and no other caller');
    return error.code;
  }
  return undefined;
}

describe('a key', () => {
  it('seals for the callers above it, and for no other', () => {
    const keys = above('cluster-a/orders, cluster-a/billing', one) + above('shop', other);
    assert.equal(refusal(keys, one, 'cluster-a', 'orders'), undefined);
    assert.equal(refusal(keys, one, 'cluster-a', 'other'), 'SEAL_INVALID');
    assert.equal(refusal(keys, one, 'shop', 'default'), 'SEAL_INVALID');
    assert.equal(refusal(keys, other, 'shop', 'default'), undefined);
    assert.equal(refusal(keys, other, 'shop', 'any'), undefined);
    assert.equal(refusal(keys, other, 'cluster-a', 'orders'), 'SEAL_INVALID');
    assert.equal(refusal(keys, other, 'shop2', 'default'), 'SEAL_INVALID');
  });

  it('seals for all if nothing stands above it, or a star', () => {
    for (const keys of [one.verifyKeyPem, above('*', one), `# a comment\n${one.verifyKeyPem}`])
      assert.equal(refusal(keys, one, 'any', 'where'), undefined);
  });

  it('may have several lines, in an environment variable, too, and be given twice', () => {
    const lines = `# callers: a\n# Caller : b/c\n${one.verifyKeyPem}`;
    assert.deepEqual(parseVerifyKeys(lines)[0]?.callers, ['a', 'b/c']);
    assert.deepEqual(parseVerifyKeys(lines.replaceAll('\n', '\\n'))[0]?.callers, ['a', 'b/c']);
    assert.deepEqual(
      parseVerifyKeys(above('a', one) + above('b', other) + above('c', one)).map(({ callers }) => callers),
      [['a', 'c'], ['b']],
    );
  });

  for (const [what, keys, says] of [
    ['a line that names none', `# callers:\n${one.verifyKeyPem}`, /names none/],
    ['a line above no key', `${one.verifyKeyPem}# callers: a\n`, /above no key/],
  ] as const)
    it(`is refused with ${what}`, () => assert.throws(() => parseVerifyKeys(keys), says));
});

describe('the verify keys of a handler side with several callers', () => {
  const messageOf = (BRIDGE_SEAL_VERIFY_KEYS: string, env = {}): string => {
    try {
      resolveConfig({ ...SEVERAL, BRIDGE_SEAL_VERIFY_KEYS, ...env });
    } catch (error) {
      assert.ok(ConfigError.is(error));
      return error.message;
    }
    return '';
  };

  it('each say whose they are', () => {
    assert.equal(messageOf(above('cluster-a', one) + above('shop/default', other)), '');
    assert.match(
      messageOf(above('cluster-a', one) + other.verifyKeyPem),
      /does not say whose calls it may seal/,
    );
    assert.equal(messageOf(above('*', one)), '');
  });

  it('name callers that are answered', () => {
    assert.match(
      messageOf(above('cluster-b', one)),
      /a caller that this bridge does not answer.*"cluster-b"/,
    );
    assert.match(messageOf(above('cluster-a/other', one)), /"cluster-a\/other"/);
  });

  it('need say nothing with one caller', () => {
    assert.equal(messageOf(one.verifyKeyPem, { BRIDGE_CALLER_CLUSTERS: '' }), '');
    assert.match(messageOf(above('shop', one), { BRIDGE_CALLER_CLUSTERS: '' }), /"shop"/);
  });
});
