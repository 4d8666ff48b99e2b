import { access, chmod, constants, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheDir } from './paths.js';
import { runCommand } from './run-command.js';

/** The Temporal CLI release that is built from source where there is no other: it holds server 1.29.1. */
export const TEMPORAL_CLI_VERSION = 'v1.5.1';

const CLI_MODULE = 'github.com/temporalio/cli/cmd/temporal';
const SDK_DOWNLOAD_TIMEOUT_MS = 60_000;
const GO_INSTALL_TIMEOUT_MS = 20 * 60_000;

/** Options of {@link findTemporalCli}. */
export interface FindTemporalCliOptions {
  /** Gets one line for each step taken. */
  readonly log: (line: string) => void;
  /** The environment that is looked at for `TEMPORAL_CLI`, `PATH` and Go's settings. Default: `process.env`. */
  readonly env?: NodeJS.ProcessEnv;
  /** Where a CLI that had to be fetched is kept. Default: `.cache/temporal-cli` in the repository. */
  readonly cacheFolder?: string;
}

/**
 * Finds a Temporal CLI that can run a dev server, and fetches one if the machine has none. In this order:
 * the file named by the environment variable `TEMPORAL_CLI`; `temporal` on the `PATH`; the cache folder; Go's
 * own folder of programs; the SDK's download (at most 60 s); `go install` (about 3 minutes).
 *
 * Safe to run several times at once: what is fetched appears in the cache in one step.
 *
 * @returns the path of a program whose `--version` answered
 * @throws {Error} if `TEMPORAL_CLI` is set but cannot be run, or if every step failed
 */
export async function findTemporalCli(options: FindTemporalCliOptions): Promise<string> {
  const { log } = options;
  const env = options.env ?? process.env;
  const folder = options.cacheFolder ?? join(cacheDir, 'temporal-cli');
  const cached = join(folder, 'temporal');

  const named = env['TEMPORAL_CLI'];
  if (named !== undefined && named !== '') return await useNamed(named, log);

  const onPath = (env['PATH'] ?? '').split(delimiter).filter((entry) => entry !== '');
  for (const candidate of onPath.map((entry) => join(entry, 'temporal'))) {
    if (await isUsable(candidate, 'on the PATH', log)) return candidate;
  }
  if (await isUsable(cached, 'in the cache', log)) return cached;
  for (const entry of goFolders(env)) {
    const candidate = join(entry, 'temporal');
    if (await isUsable(candidate, "in Go's folder of programs", log)) return candidate;
  }
  await mkdir(folder, { recursive: true });
  if (await downloadWithSdk(folder, cached, log)) return cached;
  if (await installWithGo(folder, cached, env, log)) return cached;
  throw new Error(
    [
      'No Temporal CLI found, and none could be fetched.',
      'Install one: see https://docs.temporal.io/cli (macOS: brew install temporal), then run this again;',
      'or set TEMPORAL_CLI=/path/to/temporal if it is not on the PATH.',
    ].join('\n'),
  );
}

async function useNamed(path: string, log: (line: string) => void): Promise<string> {
  const version = await runCommand(path, ['--version']);
  if (!version.ok) {
    throw new Error(
      `TEMPORAL_CLI is set to ${JSON.stringify(path)}, which cannot be run: ${version.problem}. ` +
        'Set it to the path of a Temporal CLI, or unset it.',
    );
  }
  log(`Temporal CLI named by TEMPORAL_CLI: ${path} (${version.stdout.trim()})`);
  return path;
}

async function isUsable(path: string, where: string, log: (line: string) => void): Promise<boolean> {
  if (!(await isExecutable(path))) return false;
  const version = await runCommand(path, ['--version']);
  if (!version.ok || !version.stdout.includes('Server')) {
    log(`Temporal CLI ${where}: ${path} is passed over: ${version.problem || version.stdout.trim()}`);
    return false;
  }
  log(`Temporal CLI ${where}: ${path} (${version.stdout.trim()})`);
  return true;
}

async function isExecutable(path: string): Promise<boolean> {
  return await access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

function goFolders(env: NodeJS.ProcessEnv): string[] {
  const paths = (env['GOPATH'] ?? '').split(delimiter).filter((entry) => entry !== '');
  const folders = [...paths, join(env['HOME'] ?? homedir(), 'go')].map((entry) => join(entry, 'bin'));
  return env['GOBIN'] ? [env['GOBIN'], ...folders] : folders;
}

async function downloadWithSdk(
  folder: string,
  target: string,
  log: (line: string) => void,
): Promise<boolean> {
  log(
    `No Temporal CLI yet: asking the Temporal SDK to download one (at most ${SDK_DOWNLOAD_TIMEOUT_MS / 1000} s)`,
  );
  const scratch = await mkdtemp(join(folder, 'download-'));
  try {
    const script = fileURLToPath(new URL('sdk-download.ts', import.meta.url));
    const args = ['--import', import.meta.resolve('tsx'), script, scratch];
    const run = await runCommand(process.execPath, args, { timeoutMs: SDK_DOWNLOAD_TIMEOUT_MS });
    // The download may be complete even if the server that the SDK then starts was not: look at the file.
    for (const name of await readdir(scratch)) {
      if (await installInCache(join(scratch, name), target, 'downloaded by the SDK', log)) return true;
    }
    log(`The SDK's download failed: ${run.problem || 'it left no program'}`);
    return false;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/**
 * A certain release of the Temporal CLI, built by Go (about 3 minutes) and kept in `.cache`.
 *
 * @param release its tag, e.g. `v1.3.0`
 * @returns the path of the program
 * @throws {Error} if it cannot be built
 */
export async function builtTemporalCli(release: string, log: (line: string) => void): Promise<string> {
  const folder = join(cacheDir, `temporal-cli-${release}`);
  const target = join(folder, 'temporal');
  await mkdir(folder, { recursive: true });
  if (await isUsable(target, 'in the cache', log)) return target;
  if (await installWithGo(folder, target, process.env, log, release)) return target;
  throw new Error(`Temporal CLI ${release} cannot be built`);
}

async function installWithGo(
  folder: string,
  target: string,
  env: NodeJS.ProcessEnv,
  log: (line: string) => void,
  release = TEMPORAL_CLI_VERSION,
): Promise<boolean> {
  if (!(await runCommand('go', ['version'], { env })).ok) {
    log('Building the Temporal CLI from source is not possible: there is no Go (https://go.dev/dl)');
    return false;
  }
  log(`Building the Temporal CLI from source: go install ${CLI_MODULE}@${release} (about 3 minutes)`);
  const scratch = await mkdtemp(join(folder, 'build-'));
  try {
    const run = await runCommand('go', ['install', `${CLI_MODULE}@${release}`], {
      env: { ...env, GOBIN: scratch, GOFLAGS: '-mod=mod' },
      timeoutMs: GO_INSTALL_TIMEOUT_MS,
    });
    if (run.ok && (await installInCache(join(scratch, 'temporal'), target, 'built from source', log)))
      return true;
    log(`go install failed: ${run.problem || 'it left no program'}`);
    return false;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Moves a fetched program into the cache, in one step, if it can be run. */
async function installInCache(
  program: string,
  target: string,
  how: string,
  log: (line: string) => void,
): Promise<boolean> {
  await chmod(program, 0o755).catch(() => undefined);
  if (!(await isUsable(program, how, () => undefined))) return false;
  await rename(program, target);
  return await isUsable(target, how, log);
}
