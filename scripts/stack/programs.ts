import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SIGNING_KEY_FILE, VERIFY_KEYS_FILE, newKeys } from '../../src/cli/keys-command.js';
import { repoRoot } from './paths.js';
import type { Scope } from './scope.js';
import { startService, type Service, type ServiceOptions } from './service.js';

/** The command line of the bridge, as `npm run build` makes it. */
const BRIDGE = join(repoRoot, 'dist', 'src', 'cli', 'main.js');
const READY_TIMEOUT_MS = 120_000;

/** A Node program and how it says that it is ready. */
export type Program = Pick<ServiceOptions, 'name' | 'args' | 'isReadyLine' | 'logFile'> & {
  readonly env: Readonly<Record<string, string>>;
};

/** `temporal-bridge run`, as built. */
export function bridgeProgram(): Pick<Program, 'args' | 'isReadyLine'> {
  if (!existsSync(BRIDGE)) throw new Error(`${BRIDGE} is not there: run "make build" first`);
  return { args: [BRIDGE, 'run'], isReadyLine: (line) => line.includes('"msg":"bridge ready"') };
}

/** A TypeScript file, beside the one that names it, which prints this line when it is ready. */
export function scriptProgram(
  file: URL,
  args: readonly string[],
  readyLine: string,
): Pick<Program, 'args' | 'isReadyLine'> {
  return {
    args: ['--import', import.meta.resolve('tsx'), fileURLToPath(file), ...args],
    isReadyLine: (line) => line === readyLine,
  };
}

/** Starts a program, with none of the user's settings for another bridge; it is stopped at the end of the scope. */
export async function startProgram(
  scope: Scope,
  { env, ...program }: Program,
  startSignal: AbortSignal = scope.signal,
): Promise<Service> {
  const service = await startService({
    ...program,
    env: { ...plainEnvironment(), ...env },
    scratchFolder: await scratchFolder(scope),
    readyTimeoutMs: READY_TIMEOUT_MS,
    startSignal,
  });
  scope.defer(() => service.stop());
  return service;
}

/** Throw-away seal keys, and an allow-list that allows all, as settings of each side; the files are removed at the end of the scope. */
export async function sealKeySettings(
  scope: Scope,
): Promise<Readonly<Record<'caller' | 'handler', Readonly<Record<string, string>>>>> {
  const folder = await scratchFolder(scope);
  newKeys({ stdout: { write: () => true } }, { out: folder });
  return {
    caller: {
      BRIDGE_SEAL_SIGNING_KEY_FILE: join(folder, SIGNING_KEY_FILE),
      BRIDGE_ALLOW_CALLERS: '*@*',
      BRIDGE_ALLOW_TARGETS: '*@*',
    },
    handler: {
      BRIDGE_SEAL_VERIFY_KEYS_FILE: join(folder, VERIFY_KEYS_FILE),
      BRIDGE_ALLOW_TARGETS: '*@*',
    },
  };
}

async function scratchFolder(scope: Scope): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'temporal-bridge-'));
  scope.defer(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** This process's environment without the settings that the user may have for another bridge or cluster. */
function plainEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(?:BRIDGE|CLUSTER_[AB]|TEMPORAL|OTEL)_/.test(name)),
  );
}
