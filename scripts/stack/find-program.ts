import { access, constants, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { cacheDir } from './paths.js';

/** Where the ways of {@link SoughtProgram} work and what they tell. */
export interface FetchSurroundings {
  /** An empty folder, removed afterwards. */
  readonly scratch: string;
  readonly env: NodeJS.ProcessEnv;
  readonly log: (line: string) => void;
}

/** One way to come by a program: its path, or `undefined` after having logged why there is none. */
export type FetchProgram = (surroundings: FetchSurroundings) => Promise<string | undefined>;

/** A program that tests or scripts need, and that a machine may not have. */
export interface SoughtProgram {
  /** Its file name. */
  readonly name: string;
  /** What it must be, for messages: `a Jaeger 2`. */
  readonly what: string;
  /** The environment variable by which a user names one. */
  readonly variable: string;
  /** Whether the file at this path, which can be executed, is such a program. */
  readonly isUsable: (path: string) => Promise<boolean>;
  /** How one is fetched, tried in this order. */
  readonly ways: readonly FetchProgram[];
  /** How a user gets one, in lines. */
  readonly advice: readonly string[];
}

/** Options of {@link findProgram}. */
export interface FindProgramOptions {
  /** Gets one line for each step taken. */
  readonly log: (line: string) => void;
  /** The environment that is looked at for the program's variable, `PATH` and Go's settings. Default: `process.env`. */
  readonly env?: NodeJS.ProcessEnv;
  /** Where a program that had to be fetched is kept. Default: a folder of its name in `.cache` in the repository. */
  readonly cacheFolder?: string;
}

/**
 * Finds a program, and fetches it if the machine has none. In this order: the file that its variable names; the `PATH`;
 * Go's folder of programs; the cache folder; each way to fetch one. Safe to run several times at once: what is fetched
 * appears in the cache in one step.
 *
 * @returns the path of the program
 * @throws {Error} if the variable names something else, or that says how to get one, if every step failed
 */
export async function findProgram(sought: SoughtProgram, options: FindProgramOptions): Promise<string> {
  const { name, what, variable } = sought;
  const { log, env = process.env, cacheFolder: folder = join(cacheDir, name) } = options;
  const isUsable = async (path: string): Promise<boolean> =>
    (await isExecutable(path)) && (await sought.isUsable(path));

  const named = env[variable];
  if (named !== undefined && named !== '') {
    if (await isUsable(named)) return named;
    throw new Error(`${variable} is set to ${JSON.stringify(named)}, which is no ${what} that can be run`);
  }
  const onPath = [...(env['PATH'] ?? '').split(delimiter), env['GOBIN'] ?? '', ...goFolders(env)];
  for (const entry of onPath.filter((found) => found !== ''))
    if (await isUsable(join(entry, name))) return join(entry, name);
  const cached = join(folder, name);
  if (await isUsable(cached)) return cached;

  await mkdir(folder, { recursive: true });
  for (const fetchIt of sought.ways) {
    const scratch = await mkdtemp(join(folder, 'draft-'));
    try {
      const program = await fetchIt({ scratch, env, log });
      if (program === undefined || !(await isUsable(program))) continue;
      await rename(program, cached);
      return cached;
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  }
  throw new Error([`No ${what} found, and none could be fetched.`, ...sought.advice].join('\n'));
}

function goFolders(env: NodeJS.ProcessEnv): string[] {
  const paths = (env['GOPATH'] ?? '').split(delimiter).filter((entry) => entry !== '');
  return [...paths, join(env['HOME'] ?? homedir(), 'go')].map((entry) => join(entry, 'bin'));
}

async function isExecutable(path: string): Promise<boolean> {
  return await access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
