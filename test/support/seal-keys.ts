import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCli } from './bridge-process.js';

/** A new pair of seal keys in files, and what each role is told of it: the settings, by environment name. */
export interface SealKeyFiles {
  readonly caller: Readonly<Record<string, string>>;
  readonly handler: Readonly<Record<string, string>>;
  readonly both: Readonly<Record<string, string>>;
  remove(): Promise<void>;
}

/** Makes a pair with `temporal-bridge keys new`; the settings end what `bridgeEnv` says of a development run, and
 * allow every call. */
export async function createSealKeyFiles(): Promise<SealKeyFiles> {
  const folder = await mkdtemp(join(tmpdir(), 'seal-keys-'));
  const { exit, output } = await runCli(['keys', 'new', '--out', folder]);
  assert.deepEqual(exit, { code: 0, signal: null }, output);
  const signing = { BRIDGE_SEAL_SIGNING_KEY_FILE: join(folder, 'seal-signing-key.pem') };
  const verify = { BRIDGE_SEAL_VERIFY_KEYS_FILE: join(folder, 'seal-verify-keys.pem') };
  const targets = { BRIDGE_DEV: '', BRIDGE_ALLOW_TARGETS: '*@*' };
  const callers = { ...targets, BRIDGE_ALLOW_CALLERS: '*@*' };
  return {
    caller: { ...callers, ...signing },
    handler: { ...targets, ...verify },
    both: { ...callers, ...signing, ...verify },
    remove: () => rm(folder, { recursive: true }),
  };
}
