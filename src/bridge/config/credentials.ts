/** Credentials of a connection: where they are, and their text, checked. Read at the start and again when they change. */
import { X509Certificate, createHash, createPrivateKey } from 'node:crypto';
import { MAX_CA_FILE_BYTES, MAX_KEY_FILE_BYTES } from '../../shared/limits.js';
import { KeyFileError, readKeyFile } from './key-file.js';
import { profileData, type ProfileDataField } from './profiles.js';
import { apiKeyProblem } from './connection-kinds.js';

/** Where one credential is. `setting` is the variable to blame, `label` says for people which it is. */
export type CredentialSource = { readonly setting: string; readonly label: string } & (
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'file'; readonly path: string }
  | {
      readonly kind: 'profile';
      readonly path: string;
      readonly profile: string;
      readonly field: ProfileDataField;
    }
);

/** Where the credentials of one cluster's connections are. */
export interface CredentialSources {
  readonly ca?: CredentialSource;
  readonly cert?: CredentialSource;
  readonly key?: CredentialSource;
  readonly apiKey?: CredentialSource;
}

/** A client certificate with its key. */
export interface ClientCertificate {
  /** PEM, the certificate first, then its chain. */
  readonly crt: Buffer;
  /** PEM. */
  readonly key: Buffer;
  readonly subject: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** The credentials of one cluster's connections, checked on their own; whether a server takes them it says itself. */
export interface Credentials {
  /** PEM; absent: what the system trusts. */
  readonly ca?: Buffer;
  readonly client?: ClientCertificate;
  readonly apiKey?: string;
  /** The same for the same TLS credentials. */
  readonly tlsFingerprint: string;
}

/** A credential that cannot be used. Its message never repeats what a file holds. */
export class CredentialError extends Error {
  override readonly name = 'CredentialError';
  readonly source: CredentialSource;
  readonly expected: string;
  readonly got: string;
  readonly fix: string;

  constructor(
    source: CredentialSource,
    what: string,
    parts: { readonly expected: string; readonly got: string; readonly fix: string },
  ) {
    super(what);
    this.source = source;
    this.expected = parts.expected;
    this.got = parts.got;
    this.fix = parts.fix;
  }
}

/**
 * Reads and checks credentials.
 *
 * @throws {CredentialError} for the first that cannot be used
 */
export function readCredentials({ ca, cert, key, apiKey }: CredentialSources): Credentials {
  const caText = ca && textOf(ca, 'public', MAX_CA_FILE_BYTES);
  if (ca && caText !== undefined) assertCa(ca, caText);
  const client = cert && key ? clientCertificate(cert, key) : undefined;
  const keyText = apiKey && apiKeyOf(apiKey);
  const hash = createHash('sha256');
  for (const text of [caText ?? '', client?.crt ?? '', client?.key ?? '']) hash.update(text).update('\0');
  return {
    ...(caText === undefined ? {} : { ca: Buffer.from(caText) }),
    ...(client === undefined ? {} : { client }),
    ...(keyText === undefined ? {} : { apiKey: keyText }),
    tlsFingerprint: hash.digest('hex'),
  };
}

function textOf(source: CredentialSource, access: 'private' | 'public', maxBytes: number): string {
  try {
    switch (source.kind) {
      case 'text':
        return source.text;
      case 'file':
        return readKeyFile(source.path, access, maxBytes);
      case 'profile':
        return profileData(source.path, source.profile, source.field);
    }
  } catch (error) {
    if (error instanceof KeyFileError) throw new CredentialError(source, error.message, error);
    throw error;
  }
}

function assertCa(source: CredentialSource, text: string): void {
  const blocks = certificatesIn(text);
  if (blocks.length > 0 && blocks.every((block) => certificateOf(block) !== undefined)) return;
  throw new CredentialError(source, 'holds no CA certificates that can be read', {
    expected: 'one or more certificates in PEM',
    got: whatIsIn(text),
    fix: 'give it the certificate of the authority that signed the server’s',
  });
}

function clientCertificate(cert: CredentialSource, key: CredentialSource): ClientCertificate {
  const crt = textOf(cert, 'public', MAX_KEY_FILE_BYTES);
  const certificate = certificateOf(certificatesIn(crt)[0] ?? '');
  if (certificate === undefined) {
    throw new CredentialError(cert, 'holds no certificate that can be read', {
      expected: 'a client certificate in PEM, then its chain',
      got: whatIsIn(crt),
      fix: 'give it the certificate that belongs to the key',
    });
  }
  const keyPem = textOf(key, 'private', MAX_KEY_FILE_BYTES);
  let privateKey;
  try {
    privateKey = createPrivateKey(keyPem);
  } catch {
    throw new CredentialError(key, 'holds no private key that can be read', {
      expected: 'one private key in PEM, without a passphrase',
      got: whatIsIn(keyPem),
      fix: 'give it the key that belongs to the client certificate',
    });
  }
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new CredentialError(key, 'does not belong to the client certificate', {
      expected: `the key of ${cert.label}`,
      got: 'another key',
      fix: 'give both files of one pair',
    });
  }
  return {
    crt: Buffer.from(crt),
    key: Buffer.from(keyPem),
    subject: certificate.subject.replaceAll('\n', ', ') || 'no subject',
    expiresAt: Date.parse(certificate.validTo),
  };
}

function apiKeyOf(source: CredentialSource): string {
  const text = textOf(source, 'private', MAX_KEY_FILE_BYTES).trim();
  const problem = text === '' ? 'is empty' : apiKeyProblem(text);
  if (problem === undefined) return text;
  throw new CredentialError(source, problem, {
    expected: 'one API key alone',
    got: 'something else (not shown)',
    fix: 'give it the key as it was issued',
  });
}

function certificatesIn(text: string): string[] {
  return text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
}

function certificateOf(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

/** What a file holds instead, without its content. */
function whatIsIn(text: string): string {
  if (text.trim() === '') return 'an empty file';
  const [, label] = /-----BEGIN ([A-Z0-9 ]{1,40})-----/.exec(text) ?? [];
  return label === undefined ? 'text that is not PEM' : `a ${label} block that cannot be used`;
}
