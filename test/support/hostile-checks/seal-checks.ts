/** The checks of seals. */
import { generateKeyPairSync } from 'node:crypto';
import type { createSealVerifier } from '../../../src/bridge/seal.js';
import { createSealer } from '../../../src/bridge/seal.js';
import { REMOTE_CALL } from '../wire-samples.js';
import type { HostileCheck } from './check.js';
import { checksOf } from './check.js';
import type { Load } from './mutants.js';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');

/** Shows a seal; the key is good for namespace `default` of `cluster-a`. */
const sealed =
  (seal: object, shown: object = {}, key = privateKey) =>
  async (load: Load) => {
    const found = (await load('src/bridge/seal')) as {
      createSealVerifier: typeof createSealVerifier;
    };
    const { callId, wrapperWorkflowId } = REMOTE_CALL.replyTo;
    const made = createSealer(key).seal({ ...REMOTE_CALL.replyTo, ...seal });
    found
      .createSealVerifier([publicKey], [['cluster-a/default']])
      .check({ ...made, ...seal }, { callId, wrapperWorkflowId, ...shown });
    return 'good';
  };

/** All of them. */
export const SEAL_CHECKS: readonly HostileCheck[] = checksOf('seal', 'src/bridge/seal.ts', [
  {
    name: 'a seal is of a known key',
    find: '      if (!key) {',
    replace: '      if (false) {',
    input: sealed({}, {}, generateKeyPairSync('ed25519').privateKey),
    says: /seal of key/,
    without: 'breaks',
  },
  {
    name: 'a seal’s signature is good',
    find: "if (!verify(null, signedBytes(seal), key, Buffer.from(seal.signature, 'base64'))) {",
    replace: 'if (false) {',
    input: sealed({ signature: Buffer.alloc(64).toString('base64') }),
    says: /wrong signature/,
  },
  {
    name: 'a key may seal for this caller',
    find: '      if (!maySealFor(callersOf.get(seal.keyId) ?? [], seal)) {',
    replace: '      if (false) {',
    input: sealed({ namespace: 'another' }),
    says: /may not seal for namespace/,
  },
  {
    name: 'a seal is for this call',
    find: 'if (seal.callId !== shownBy.callId || seal',
    replace: 'if (seal',
    input: sealed({}, { callId: 'f'.repeat(64) }),
    says: /a seal is good for its own call only/,
  },
  {
    name: 'a seal is shown by the wrapper that it names',
    find: ' || seal.wrapperWorkflowId !== shownBy.wrapperWorkflowId) {',
    replace: ') {',
    input: sealed({}, { wrapperWorkflowId: 'another' }),
    says: /a seal is good for its own call only/,
  },
]);
