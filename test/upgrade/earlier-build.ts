/** The build of an earlier commit, beside today's. */
import { mkdir, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleWorkflowCode } from '@temporalio/worker';
import { cacheDir, repoRoot } from '../../scripts/stack/paths.js';
import { runCommand } from '../../scripts/stack/run-command.js';
import { SILENT } from '../support/silent-logger.js';

/** Worktrees, each named by its commit and the process that works with it. */
const FOLDER = join(cacheDir, 'upgrade');
const BUILD_TIMEOUT_MS = 5 * 60_000;

/** What `earlier-build.json` says. */
export interface NamedCommit {
  /** A commit of this repository, as git takes it. */
  readonly commit: string;
  /** Why this one, in one sentence. */
  readonly why: string;
}

/** The commit with whose build today's is tested. */
export async function namedCommit(): Promise<NamedCommit> {
  const text = await readFile(new URL('./earlier-build.json', import.meta.url), 'utf8');
  return JSON.parse(text) as NamedCommit;
}

/** A build of the earlier commit in a worktree of its own. */
export interface EarlierBuild {
  /** Path of its command line. */
  readonly cli: string;
  /** Bundle of its library callers: workflow code with the library as it was. */
  readonly callersBundle: string;
  /** Leaves out the settings that its table does not have, as it refuses to start with them. */
  knownSettings(env: Readonly<Record<string, string>>): Record<string, string>;
  /** Removes the worktree. */
  remove(): Promise<void>;
}

/** Git refuses a repository that is another user's, as a checkout in a container may be; this one is read alone. */
const GIT_ENV: NodeJS.ProcessEnv = {
  ...process.env,
  GIT_CONFIG_COUNT: '1',
  GIT_CONFIG_KEY_0: 'safe.directory',
  GIT_CONFIG_VALUE_0: '*',
};

async function run(command: string, args: readonly string[], cwd: string): Promise<string> {
  const limits = { cwd, env: GIT_ENV, timeoutMs: BUILD_TIMEOUT_MS };
  const { ok, stdout, problem } = await runCommand(command, args, limits);
  if (!ok) throw new Error(`${command} ${args.join(' ')}: ${problem}`);
  return stdout;
}

/**
 * Makes sure that a clone has a commit.
 *
 * @throws {Error} if it has not, with what to do
 */
export async function assertCommitIsThere(commit: string, clone: string): Promise<void> {
  const { ok, problem } = await runCommand('git', ['cat-file', '-e', `${commit}^{commit}`], {
    cwd: clone,
    env: GIT_ENV,
  });
  if (ok) return;
  const { stdout } = await runCommand('git', ['rev-parse', '--is-shallow-repository'], {
    cwd: clone,
    env: GIT_ENV,
  });
  const todo =
    stdout.trim() === 'true'
      ? 'the clone is shallow: fetch the rest by `git fetch --unshallow`'
      : 'fetch it by `git fetch origin`; a copy of the files without their history cannot have it';
  throw new Error(`commit ${commit}, with whose build today's is tested, is not here (${problem}); ${todo}`);
}

interface Lock {
  readonly packages: Readonly<Record<string, { readonly version?: string }>>;
}
interface Package {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

async function readJson<T>(...path: string[]): Promise<T> {
  return JSON.parse(await readFile(join(...path), 'utf8')) as T;
}

/** Whether each package that the earlier `package.json` names is here today in the version of its lock file. */
export async function canShareModules(earlier: string, today: string): Promise<boolean> {
  const [{ dependencies, devDependencies }, then, now] = await Promise.all([
    readJson<Package>(earlier, 'package.json'),
    readJson<Lock>(earlier, 'package-lock.json'),
    readJson<Lock>(today, 'package-lock.json'),
  ]);
  return Object.keys({ ...dependencies, ...devDependencies }).every((name) => {
    const place = `node_modules/${name}`;
    return then.packages[place]?.version === now.packages[place]?.version;
  });
}

/** The names in the table of settings of a build's own document. */
async function settingsOf(folder: string): Promise<ReadonlySet<string>> {
  const document = await readFile(join(folder, 'docs', 'configuration.md'), 'utf8');
  return new Set([...document.matchAll(/^\| `([A-Z_]+)`/gm)].map(([, name = '']) => name));
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Removes what tests that were killed have left. */
async function removeLeftOvers(): Promise<void> {
  await mkdir(FOLDER, { recursive: true });
  for (const name of await readdir(FOLDER)) {
    if (!isAlive(Number(name.split('-').at(-1)))) await rm(join(FOLDER, name), { recursive: true });
  }
  await run('git', ['worktree', 'prune'], repoRoot);
}

/** Checks out the commit into `.cache/upgrade`, and builds it there. */
export async function buildEarlier({ commit }: NamedCommit): Promise<EarlierBuild> {
  await assertCommitIsThere(commit, repoRoot);
  const folder = join(FOLDER, `${commit}-${process.pid}`);
  const remove = async (): Promise<void> => {
    await run('git', ['worktree', 'remove', '--force', folder], repoRoot);
  };
  await removeLeftOvers();
  await run('git', ['worktree', 'add', '--detach', '--force', folder, commit], repoRoot);
  try {
    if (await canShareModules(folder, repoRoot))
      await symlink(join(repoRoot, 'node_modules'), join(folder, 'node_modules'));
    else await run('npm', ['ci', '--prefer-offline', '--no-audit', '--no-fund'], folder);
    await run('npm', ['run', '--silent', 'build'], folder);
    const callersBundle = join(folder, 'dist', 'bundles', 'library-callers.js');
    const { code } = await bundleWorkflowCode({
      workflowsPath: join(folder, 'test', 'support', 'workflows', 'library-callers.ts'),
      logger: SILENT,
    });
    await writeFile(callersBundle, code);
    const settings = await settingsOf(folder);
    return {
      cli: join(folder, 'dist', 'src', 'cli', 'main.js'),
      callersBundle,
      knownSettings: (env) => Object.fromEntries(Object.entries(env).filter(([name]) => settings.has(name))),
      remove,
    };
  } catch (error) {
    await remove();
    throw error;
  }
}
