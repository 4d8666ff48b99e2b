/** Certificates of a test: a CA, and what it signs. Made anew each run; no key is kept in the repository. */
import 'reflect-metadata';
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { webcrypto } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 86_400_000;

/** A certificate and its key, in PEM. */
export interface Pair {
  readonly cert: string;
  readonly key: string;
}

/** What is to be signed. */
export interface CertificateRequest {
  /** The subject's common name. */
  readonly name: string;
  /** DNS names and IP addresses, for a server; none: a client. */
  readonly serves?: readonly string[];
  /** Days from now; default 365. Negative: it has expired. */
  readonly days?: number;
  /** Days from now at which it begins; default: two days before it ends, or now. */
  readonly fromDays?: number;
}

/** An authority that signs. */
export interface Authority {
  readonly cert: string;
  sign(request: CertificateRequest): Promise<Pair>;
}

let serial = 0;
const nextSerial = (): string => (0x1000 + (serial += 1)).toString(16);

async function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

async function pemOf(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key)).toString('base64');
  const lines = der.match(/.{1,64}/g) ?? [];
  return ['-----BEGIN PRIVATE KEY-----', ...lines, '-----END PRIVATE KEY-----', ''].join('\n');
}

/** Makes an authority of this name. */
export async function createAuthority(name: string): Promise<Authority> {
  const keys = await newKeys();
  const own = await X509CertificateGenerator.createSelfSigned({
    serialNumber: nextSerial(),
    name: `CN=${name}`,
    notBefore: new Date(Date.now() - 400 * DAY_MS),
    notAfter: new Date(Date.now() + 400 * DAY_MS),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  });
  return {
    cert: `${own.toString('pem')}\n`,
    sign: async ({ name: subject, serves = [], days = 365, fromDays = Math.min(days - 2, -1) }) => {
      const pair = await newKeys();
      const isServer = serves.length > 0;
      const cert = await X509CertificateGenerator.create({
        serialNumber: nextSerial(),
        subject: `CN=${subject}`,
        issuer: own.subject,
        notBefore: new Date(Date.now() + fromDays * DAY_MS),
        notAfter: new Date(Date.now() + days * DAY_MS),
        signingAlgorithm: ALGORITHM,
        publicKey: pair.publicKey,
        signingKey: keys.privateKey,
        extensions: [
          new BasicConstraintsExtension(false, undefined, true),
          new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
          new ExtendedKeyUsageExtension([
            isServer ? ExtendedKeyUsage.serverAuth : ExtendedKeyUsage.clientAuth,
          ]),
          ...(isServer
            ? [
                new SubjectAlternativeNameExtension(
                  serves.map((value) => ({ type: /^[0-9.]+$/.test(value) ? 'ip' : 'dns', value })),
                ),
              ]
            : []),
        ],
      });
      return { cert: `${cert.toString('pem')}\n`, key: await pemOf(pair.privateKey) };
    },
  };
}

/** A Secret as Kubernetes mounts it: the files are links through `..data`, which is swapped for all of them at once. */
export interface MountedSecret {
  readonly path: (name: string) => string;
  /** Replaces all files. */
  put(files: Readonly<Record<string, string>>): Promise<void>;
  remove(): Promise<void>;
}

/** Mounts a Secret. */
export async function mountSecret(files: Readonly<Record<string, string>>): Promise<MountedSecret> {
  const folder = await mkdtemp(join(tmpdir(), 'bridge-secret-'));
  let version = 0;
  const put = async (next: Readonly<Record<string, string>>): Promise<void> => {
    const data = `..version_${(version += 1)}`;
    await mkdir(join(folder, data));
    for (const [name, text] of Object.entries(next))
      await writeFile(join(folder, data, name), text, { mode: 0o400 });
    await symlink(data, join(folder, '..data_tmp'));
    await rename(join(folder, '..data_tmp'), join(folder, '..data'));
  };
  await put(files);
  for (const name of Object.keys(files)) await symlink(join('..data', name), join(folder, name));
  return {
    path: (name) => join(folder, name),
    put,
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** A folder of files. */
export interface CredentialFolder {
  readonly path: (name: string) => string;
  /** Writes a file, private, in one step. */
  write(name: string, text: string): Promise<string>;
  remove(): Promise<void>;
}

/** Makes an empty folder. */
export async function credentialFolder(): Promise<CredentialFolder> {
  const folder = await mkdtemp(join(tmpdir(), 'bridge-credentials-'));
  const path = (name: string): string => join(folder, name);
  return {
    path,
    write: async (name, text) => {
      await writeFile(path(`${name}.new`), text, { mode: 0o600 });
      await rename(path(`${name}.new`), path(name));
      return path(name);
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
