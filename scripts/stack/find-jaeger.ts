import { access, chmod, constants, cp, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { arch, homedir, platform } from 'node:os';
import { delimiter, join } from 'node:path';
import { cacheDir } from './paths.js';
import { runCommand } from './run-command.js';

/** The Jaeger release that is fetched where there is none. */
export const JAEGER_VERSION = '2.13.0';
/** The same release as a Go module. */
const GO_MODULE = 'github.com/jaegertracing/jaeger@v1.76.0';
const DOWNLOAD_TIMEOUT_MS = 120_000;
const BUILD_TIMEOUT_MS = 20 * 60_000;

/** Options of {@link findJaeger}. */
export interface FindJaegerOptions {
  /** Gets one line for each step taken. */
  readonly log: (line: string) => void;
  /** The environment that is looked at for `JAEGER_PATH`, `PATH` and Go's settings. Default: `process.env`. */
  readonly env?: NodeJS.ProcessEnv;
  /** Where a Jaeger that had to be fetched is kept. Default: `.cache/jaeger` in the repository. */
  readonly cacheFolder?: string;
}

/**
 * Finds Jaeger 2 (one program: OTLP receiver, storage in memory, query API), and fetches it if the machine has none. In
 * this order: the file named by `JAEGER_PATH`; `jaeger` on the `PATH`; Go's folder of programs; the cache folder; the
 * released program from GitHub; a build by Go (about 5 minutes, without the web page).
 *
 * @returns the path of the program
 * @throws {Error} that says how to get one, if every step failed
 */
export async function findJaeger(options: FindJaegerOptions): Promise<string> {
  const env = options.env ?? process.env;
  const { log } = options;
  const folder = options.cacheFolder ?? join(cacheDir, 'jaeger');
  const cached = join(folder, 'jaeger');
  const named = env['JAEGER_PATH'];
  if (named !== undefined && named !== '') {
    if (await isJaeger(named)) return named;
    throw new Error(`JAEGER_PATH is set to ${JSON.stringify(named)}, which is no Jaeger 2 that can be run`);
  }
  const folders = [...(env['PATH'] ?? '').split(delimiter), env['GOBIN'] ?? '', ...goFolders(env)];
  for (const entry of folders.filter((found) => found !== ''))
    if (await isJaeger(join(entry, 'jaeger'))) return join(entry, 'jaeger');
  if (await isJaeger(cached)) return cached;
  await mkdir(folder, { recursive: true });
  for (const fetchIt of [download, build]) {
    const scratch = await mkdtemp(join(folder, 'draft-'));
    try {
      const program = await fetchIt(scratch, env, log);
      if (program === undefined || !(await isJaeger(program))) continue;
      await rename(program, cached);
      return cached;
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  }
  throw new Error(
    [
      'No Jaeger found, and none could be fetched.',
      'Put the program `jaeger` of a Jaeger 2 release (https://github.com/jaegertracing/jaeger/releases) on the PATH,',
      'or name it: JAEGER_PATH=/path/to/jaeger',
    ].join('\n'),
  );
}

function goFolders(env: NodeJS.ProcessEnv): string[] {
  const paths = (env['GOPATH'] ?? '').split(delimiter).filter((entry) => entry !== '');
  return [...paths, join(env['HOME'] ?? homedir(), 'go')].map((entry) => join(entry, 'bin'));
}

async function isJaeger(path: string): Promise<boolean> {
  const isExecutable = await access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
  if (!isExecutable) return false;
  const version = await runCommand(path, ['version']);
  // Version 1 has no `components`, and another configuration.
  return version.ok && (await runCommand(path, ['components'])).ok;
}

async function download(
  scratch: string,
  _env: NodeJS.ProcessEnv,
  log: (line: string) => void,
): Promise<string | undefined> {
  const cpu = arch() === 'x64' ? 'amd64' : arch();
  const name = `jaeger-${JAEGER_VERSION}-${platform()}-${cpu}`;
  const url = `https://github.com/jaegertracing/jaeger/releases/download/v${JAEGER_VERSION}/${name}.tar.gz`;
  log(`No Jaeger yet: downloading ${url}`);
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(DOWNLOAD_TIMEOUT_MS) });
    if (!response.ok) throw new Error(`HTTP status ${response.status}`);
    const archive = join(scratch, 'jaeger.tar.gz');
    await writeFile(archive, new Uint8Array(await response.arrayBuffer()));
    const unpacked = await runCommand('tar', ['-xzf', archive, '-C', scratch]);
    if (!unpacked.ok) throw new Error(unpacked.problem);
    const program = join(scratch, name, 'jaeger');
    await chmod(program, 0o755);
    return program;
  } catch (error) {
    log(`The download failed: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

async function build(
  scratch: string,
  env: NodeJS.ProcessEnv,
  log: (line: string) => void,
): Promise<string | undefined> {
  log(`Building Jaeger by Go from ${GO_MODULE} (about 5 minutes)`);
  const fetched = await runCommand('go', ['mod', 'download', '-json', GO_MODULE], {
    env,
    timeoutMs: BUILD_TIMEOUT_MS,
  });
  if (!fetched.ok) {
    log(`Go cannot fetch the module: ${fetched.problem}`);
    return undefined;
  }
  const { Dir } = JSON.parse(fetched.stdout) as { Dir: string };
  // `go install` refuses a module with replacements; in a copy of its own it is the main module, where they hold.
  const source = join(scratch, 'source');
  await cp(Dir, source, { recursive: true });
  await runCommand('chmod', ['-R', 'u+w', source]);
  const program = join(scratch, 'jaeger');
  const built = await runCommand('go', ['build', '-C', source, '-o', program, './cmd/jaeger'], {
    env,
    timeoutMs: BUILD_TIMEOUT_MS,
  });
  if (!built.ok) log(`The build failed: ${built.problem}`);
  return built.ok ? program : undefined;
}
