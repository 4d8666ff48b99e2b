/** `temporal-bridge keys new`: makes a pair of seal keys and writes it to two files. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createSealKeyPair } from '../bridge/config/seal-keys.js';
import { CliRefusal, EXIT, type CliIo } from './io.js';

/** Holds the private key; for the caller side. */
export const SIGNING_KEY_FILE = 'seal-signing-key.pem';
/** Holds the public key; for the handler side. Further keys may be appended. */
export const VERIFY_KEYS_FILE = 'seal-verify-keys.pem';

/**
 * Writes both files, or neither, and prints the settings that name them.
 * @returns the exit status
 * @throws {CliRefusal} if one of the files exists, or the folder cannot be written.
 */
export function newKeys(io: Pick<CliIo, 'stdout'>, options: { readonly out: string }): number {
  const folder = resolve(options.out);
  const signing = join(folder, SIGNING_KEY_FILE);
  const verify = join(folder, VERIFY_KEYS_FILE);
  const pair = createSealKeyPair();
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw refusal(folder, error);
  }
  create(verify, pair.verifyKeyPem, 0o644);
  try {
    create(signing, pair.signingKeyPem, 0o600);
  } catch (error) {
    rmSync(verify, { force: true });
    throw error;
  }
  io.stdout.write(
    [
      '# Caller side (polls cluster A). Private: keep this file away from the handler side and from version control.',
      `BRIDGE_SEAL_SIGNING_KEY_FILE=${shellQuoted(signing)}`,
      '# Handler side (polls cluster B). Public; append further keys to accept them too.',
      `BRIDGE_SEAL_VERIFY_KEYS_FILE=${shellQuoted(verify)}`,
      '',
    ].join('\n'),
  );
  return EXIT.ok;
}

function create(path: string, text: string, mode: number): void {
  try {
    writeFileSync(path, text, { flag: 'wx', mode });
  } catch (error) {
    throw refusal(path, error);
  }
}

function refusal(path: string, error: unknown): CliRefusal {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'an error';
  return code === 'EEXIST'
    ? new CliRefusal(
        `${path} exists; keys are never overwritten: choose another --out, or move the file away`,
      )
    : new CliRefusal(`${path} cannot be written; expected a folder that this user may write to, got ${code}`);
}

function shellQuoted(text: string): string {
  return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
