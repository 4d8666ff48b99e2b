/** Ed25519 keys of the seal: made, written as PEM, and read back with errors that say what to do. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';

/** A new pair, as PEM text. */
export interface SealKeyPair {
  /** PKCS#8; belongs to the caller side alone. */
  readonly signingKeyPem: string;
  /** SPKI; for the handler side, not secret. */
  readonly verifyKeyPem: string;
}

/** Makes a new Ed25519 pair. */
export function createSealKeyPair(): SealKeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    signingKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    verifyKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
}

/** Key text that cannot be used. The message says what is wrong and never repeats the text. */
export class KeyTextError extends Error {
  override readonly name = 'KeyTextError';
  /** What was found instead, for people. */
  readonly got: string;

  constructor(what: string, got: string) {
    super(what);
    this.got = got;
  }
}

/**
 * Reads the one private key of the text.
 * @throws {KeyTextError} if the text holds anything but one Ed25519 private key in PEM PKCS#8.
 */
export function parseSigningKey(text: string): KeyObject {
  const blocks = pemBlocks(text);
  const [block] = blocks;
  if (block === undefined || blocks.length > 1) {
    throw new KeyTextError('holds not exactly one key', `${String(blocks.length)} keys`);
  }
  if (block.label === 'PUBLIC KEY') throw new KeyTextError('holds a public key', 'a public key');
  if (block.label === 'ENCRYPTED PRIVATE KEY') {
    throw new KeyTextError('holds a key under a passphrase', 'an encrypted private key');
  }
  return ed25519(block, 'PRIVATE KEY', createPrivateKey);
}

/**
 * Reads all public keys of the text; a key that occurs twice counts once.
 * @throws {KeyTextError} if the text holds no key, a private key, or one that is no Ed25519 public key in PEM SPKI.
 */
export function parseVerifyKeys(text: string): KeyObject[] {
  const blocks = pemBlocks(text);
  if (blocks.length === 0) throw new KeyTextError('holds no key', '0 keys');
  if (blocks.some(({ label }) => label.endsWith('PRIVATE KEY'))) {
    throw new KeyTextError('holds a private key, which the handler side must not have', 'a private key');
  }
  const keys: KeyObject[] = [];
  for (const block of blocks) {
    const key = ed25519(block, 'PUBLIC KEY', createPublicKey);
    if (!keys.some((known) => known.equals(key))) keys.push(key);
  }
  return keys;
}

/** True if one of the verify keys is the public half of the signing key. */
export function isAmong(signingKey: KeyObject, verifyKeys: readonly KeyObject[]): boolean {
  const publicHalf = createPublicKey(signingKey);
  return verifyKeys.some((key) => key.equals(publicHalf));
}

interface PemBlock {
  readonly label: string;
  readonly pem: string;
}

/** Splits PEM text; lines that start with # are comments, and `\n` may stand for a line end, as in env files. */
function pemBlocks(text: string): PemBlock[] {
  const blocks: PemBlock[] = [];
  const plain = text.replace(/\\r|\\n/g, '\n').replace(/^[ \t]*#.*$/gm, '');
  const rest = plain.replace(
    /-----BEGIN ([A-Z0-9 ]{1,40})-----([A-Za-z0-9+/=\s]*)-----END \1-----/g,
    (pem, label: string) => {
      blocks.push({ label, pem });
      return '';
    },
  );
  if (rest.trim() !== '') throw new KeyTextError('is not PEM text', 'text outside of BEGIN and END lines');
  return blocks;
}

function ed25519({ label, pem }: PemBlock, expected: string, create: (pem: string) => KeyObject): KeyObject {
  if (label !== expected) throw new KeyTextError(`holds a block other than ${expected}`, `a ${label} block`);
  let key: KeyObject;
  try {
    key = create(pem);
  } catch {
    throw new KeyTextError('holds a damaged key', `a ${label} block that cannot be read`);
  }
  const type = key.asymmetricKeyType ?? 'unknown';
  if (type !== 'ed25519') throw new KeyTextError('holds a key of another kind', `an ${type} key`);
  return key;
}
