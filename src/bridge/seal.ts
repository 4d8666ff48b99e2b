import { createHash, createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { BridgeError } from '../shared/bridge-error.js';
import { lengthPrefixed } from '../shared/call-id.js';
import { showValue } from '../shared/escape.js';
import type { SealedReplyAddress } from '../shared/wire/call-envelope.js';

/** What a seal is made over. */
export type ReplyAddress = Omit<SealedReplyAddress, 'v' | 'kind' | 'keyId' | 'signature'>;

/** Signs reply addresses; held by the caller side only. */
export interface Sealer {
  readonly keyId: string;
  seal(address: ReplyAddress): SealedReplyAddress;
}

/** Checks seals; holds public keys only. */
export interface SealVerifier {
  readonly keyIds: readonly string[];
  /**
   * @throws {BridgeError} `SEAL_KEY_UNKNOWN` (retryable: this replica's keys may lag), or `SEAL_INVALID` (final) if the
   *   signature is wrong, or if the seal names another call or another wrapper than the one that shows it
   */
  check(
    seal: SealedReplyAddress,
    shownBy: { readonly callId: string; readonly wrapperWorkflowId: string },
  ): void;
}

/** Id of a key: the first 16 hexadecimal digits of the SHA-256 of its public half (SPKI, DER). */
export function sealKeyId(key: KeyObject): string {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex')
    .slice(0, 16);
}

function signedBytes(seal: Omit<SealedReplyAddress, 'signature'>): Uint8Array {
  return lengthPrefixed([
    'temporal-bridge/seal',
    String(seal.v),
    seal.keyId,
    seal.sourceCluster,
    seal.namespace,
    seal.workflowId,
    seal.runId,
    seal.firstRunId,
    seal.callId,
    seal.wrapperWorkflowId,
  ]);
}

/** Makes a sealer of an Ed25519 private key. */
export function createSealer(privateKey: KeyObject): Sealer {
  const keyId = sealKeyId(privateKey);
  return {
    keyId,
    seal: (address) => {
      const { sourceCluster, namespace, workflowId, runId, firstRunId, callId, wrapperWorkflowId } = address;
      const seal = {
        v: 1,
        kind: 'seal',
        keyId,
        sourceCluster,
        namespace,
        workflowId,
        runId,
        firstRunId,
        callId,
        wrapperWorkflowId,
      } as const;
      return { ...seal, signature: sign(null, signedBytes(seal), privateKey).toString('base64') };
    },
  };
}

/** Whether a key of these callers (`cluster`, `cluster/namespace`, `*`; none: everybody's) may seal for this one. */
function maySealFor(callers: readonly string[], { sourceCluster, namespace }: ReplyAddress): boolean {
  if (callers.length === 0) return true;
  return ['*', sourceCluster, `${sourceCluster}/${namespace}`].some((name) => callers.includes(name));
}

/**
 * Makes a verifier of any number of Ed25519 public keys.
 *
 * @param callers - whose calls each of them may seal, in the same order; see `ResolvedConfig.verifyKeyCallers`
 */
export function createSealVerifier(
  publicKeys: readonly KeyObject[],
  callers: readonly (readonly string[])[] = [],
): SealVerifier {
  const keys = new Map(publicKeys.map((key) => [sealKeyId(key), key]));
  const callersOf = new Map(publicKeys.map((key, at) => [sealKeyId(key), callers[at] ?? []]));
  return {
    keyIds: [...keys.keys()],
    check: (seal, shownBy) => {
      const key = keys.get(seal.keyId);
      if (!key) {
        throw new BridgeError(
          'SEAL_KEY_UNKNOWN',
          `seal of key ${showValue(seal.keyId)}; expected one of ${[...keys.keys()].join(', ') || 'no key'}; add the caller side's public key to BRIDGE_SEAL_VERIFY_KEYS`,
        );
      }
      if (!verify(null, signedBytes(seal), key, Buffer.from(seal.signature, 'base64'))) {
        throw new BridgeError(
          'SEAL_INVALID',
          `wrong signature of key ${seal.keyId}; the reply address was altered or forged`,
        );
      }
      if (!maySealFor(callersOf.get(seal.keyId) ?? [], seal)) {
        throw new BridgeError(
          'SEAL_INVALID',
          `key ${seal.keyId} may not seal for namespace ${showValue(seal.namespace)} of ${showValue(seal.sourceCluster)}; a key is good for the callers that it was given for only`,
        );
      }
      if (seal.callId !== shownBy.callId || seal.wrapperWorkflowId !== shownBy.wrapperWorkflowId) {
        throw new BridgeError(
          'SEAL_INVALID',
          `seal for workflow ${showValue(seal.wrapperWorkflowId)}; shown by ${showValue(shownBy.wrapperWorkflowId)}; a seal is good for its own call only`,
        );
      }
    },
  };
}

/** Ed25519 seed of the key that all development runs share; it is public, so it proves nothing. */
const DEVELOPMENT_SEED = '0000000000000000000000000000000000000000000000000000000000000042';
const PKCS8_ED25519_PREFIX = '302e020100300506032b657004220420';

/** The key pair of development runs (`BRIDGE_DEV=true`) that were given none. Anybody can forge its seals. */
export function developmentKey(): KeyObject {
  return createPrivateKey({
    key: Buffer.from(PKCS8_ED25519_PREFIX + DEVELOPMENT_SEED, 'hex'),
    format: 'der',
    type: 'pkcs8',
  });
}
