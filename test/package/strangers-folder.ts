import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { repoRoot } from '../../scripts/stack/paths.js';
import { runCommand } from '../../scripts/stack/run-command.js';
import type { CommandResult } from '../../scripts/stack/run-command.js';

const FIXTURE = fileURLToPath(new URL('./stranger/', import.meta.url));
const INSTALL_TIMEOUT_MS = 5 * 60_000;
const COMMAND_TIMEOUT_MS = 2 * 60_000;

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

interface Lock {
  readonly packages: Readonly<Record<string, { readonly version: string }>>;
}

/** A project of somebody else, outside this repository, with the packed package among its dependencies. */
export interface StrangersFolder {
  readonly path: string;
  /** Where npm has put each package, as paths from the folder: `node_modules/a/node_modules/b`. */
  installedPackages(): Promise<string[]>;
  /** Runs a command in the folder, as somebody else's shell would. */
  run(command: string, args: readonly string[], timeoutMs?: number): Promise<CommandResult>;
  remove(): Promise<void>;
}

/**
 * Packs the built package and installs it, with the peers it asks for, beside the fixture's sources.
 *
 * @throws {Error} if npm could not do it
 */
export async function createStrangersFolder(): Promise<StrangersFolder> {
  const path = await mkdtemp(join(tmpdir(), 'strangers-project-'));
  const folder: StrangersFolder = {
    path,
    installedPackages: async () =>
      Object.keys((await readJson<Lock>(join(path, 'package-lock.json'))).packages).filter(
        (name) => name !== '',
      ),
    run: (command, args, timeoutMs = COMMAND_TIMEOUT_MS) =>
      runCommand('/bin/sh', ['-c', 'cd "$0" && exec "$@"', path, command, ...args], {
        env: foreignEnv(),
        timeoutMs,
      }),
    remove: () => rm(path, { recursive: true, force: true }),
  };
  try {
    await cp(FIXTURE, path, { recursive: true });
    const tarball = await pack(folder);
    await writeFile(join(path, 'package.json'), JSON.stringify(await manifestFor(tarball), null, 2));
    const flags = ['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts'];
    succeed('npm install', await folder.run('npm', ['install', ...flags], INSTALL_TIMEOUT_MS));
    return folder;
  } catch (error) {
    await folder.remove();
    throw error;
  }
}

/** Gives a command's output, or fails with all that it has printed. */
export function succeed(what: string, result: CommandResult): string {
  if (!result.ok) throw new Error(`${what}: ${result.problem}\n${result.stdout}\n${result.stderr}`);
  return result.stdout;
}

/** The build is made by the test runner: packing must not make another one beside tests that use it. */
async function pack(folder: StrangersFolder): Promise<string> {
  const flags = ['--ignore-scripts', '--json', '--pack-destination', folder.path];
  const [packed] = JSON.parse(succeed('npm pack', await folder.run('npm', ['pack', repoRoot, ...flags]))) as [
    { filename: string },
  ];
  return packed.filename;
}

/**
 * A `package.json` with everything of Temporal in the versions that this repository is tested with: a new release of
 * the SDK must not break a test of an old commit.
 */
async function manifestFor(tarball: string): Promise<object> {
  const own = await readJson<Manifest>(join(repoRoot, 'package.json'));
  const lock = await readJson<Lock>(join(repoRoot, 'package-lock.json'));
  const required = Object.keys(own.peerDependencies).filter(
    (name) => own.peerDependenciesMeta?.[name]?.optional !== true,
  );
  const temporal = [...required, ...Object.keys(own.dependencies)].filter((name) =>
    name.startsWith('@temporalio/'),
  );
  const versions = [...temporal, 'typescript', '@types/node'].map((name) => [
    name,
    lock.packages[`node_modules/${name}`]?.version,
  ]);
  return {
    name: 'strangers-project',
    private: true,
    type: 'module',
    dependencies: { 'temporal-bridge': `file:./${tarball}`, ...(Object.fromEntries(versions) as object) },
  };
}

/** This process's environment without what npm and the test runner tell their children of this repository. */
function foreignEnv(): NodeJS.ProcessEnv {
  const isOwn = (name: string): boolean =>
    /^(?:npm_(?:package|lifecycle|command|config_local_prefix)|INIT_CWD$|TB_TEST_|NODE_OPTIONS$|NODE_TEST_)/.test(
      name,
    );
  const kept = Object.entries(process.env).filter(([name]) => !isOwn(name));
  const path = (process.env['PATH'] ?? '').split(delimiter).filter((part) => !part.includes('node_modules'));
  return { ...Object.fromEntries(kept), PATH: path.join(delimiter) };
}

async function readJson<T>(path: string): Promise<T> {
  return JSON.parse(await readFile(path, 'utf8')) as T;
}
