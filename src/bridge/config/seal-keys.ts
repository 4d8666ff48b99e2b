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

function publicBlocks(text: string): KeyObject[] {
  const blocks = pemBlocks(text);
  if (blocks.length === 0) throw new KeyTextError('holds no key', '0 keys');
  if (blocks.some(({ label }) => label.endsWith('PRIVATE KEY'))) {
    throw new KeyTextError('holds a private key, which the handler side must not have', 'a private key');
  }
  return blocks.map((block) => ed25519(block, 'PUBLIC KEY', createPublicKey));
}

/** A line above a key that says whose calls it may seal; any other line that starts with # is a comment. */
const CALLERS_LINE = /^[ \t]*#[ \t]*callers?[ \t]*:(.*)$/i;

/**
 * Whose calls each public key of the text may seal, by the key's place among the text's keys: entries `cluster`,
 * `cluster/namespace` or `*` of the lines `# callers: …` above it. Empty: nothing is said of that key.
 *
 * @throws {KeyTextError} if such a line stands above no key, or is empty
 */
export function callersOfKeys(text: string): string[][] {
  const found: string[][] = [];
  let above: string[] = [];
  for (const line of text.replace(/\\r|\\n/g, '\n').split(/\r?\n/)) {
    const entries = CALLERS_LINE.exec(line)?.[1]
      ?.split(/[\s,]+/)
      .filter((entry) => entry !== '');
    if (entries?.length === 0) throw new KeyTextError('has a line "# callers:" that names none', 'no caller');
    if (entries) above.push(...entries);
    if (/^[ \t]*#/.test(line) || !line.includes('-----BEGIN')) continue;
    found.push(above);
    above = [];
  }
  if (above.length > 0) throw new KeyTextError('has a line "# callers:" above no key', above.join(' '));
  return found;
}

/** A public key, and whose calls it may seal; nobody named: those of the only caller that there is. */
export interface VerifyKey {
  readonly key: KeyObject;
  readonly callers: readonly string[];
}

/**
 * Reads all public keys of the text, and whose calls they may seal; a key that occurs twice counts once, for both.
 * @throws {KeyTextError} if the text holds no key, a private key, or one that is no Ed25519 public key in PEM SPKI, or a
 * line `# callers:` above none.
 */
export function parseVerifyKeys(text: string): VerifyKey[] {
  const callers = callersOfKeys(text);
  const blocks = publicBlocks(text);
  if (callers.length !== blocks.length)
    throw new KeyTextError('has two keys in one line', 'a line of two keys');
  const keys: VerifyKey[] = [];
  for (const [at, key] of blocks.entries()) {
    const entries = callers[at] ?? [];
    const known = keys.findIndex((other) => other.key.equals(key));
    if (known === -1) keys.push({ key, callers: entries });
    else keys[known] = { key, callers: [...(keys[known]?.callers ?? []), ...entries] };
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
