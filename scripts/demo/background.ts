import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { cacheDir, repoRoot } from '../stack/paths.js';
import { runCommand } from '../stack/run-command.js';
import { portVariables, type DemoPorts } from './ports.js';
import type { Scope } from '../stack/scope.js';

/** Where the stack's process ids and logs are kept. */
export const STACK_FOLDER: string = join(cacheDir, 'stack');

const START_TIMEOUT_MS = 90_000;
const STOP_TIMEOUT_MS = 25_000;
const LOOK_EVERY_MS = 100;

/** A part of the stack that runs in the background. */
export type Part = 'clusters' | 'bridge';

/** What is known of a part that runs. */
export interface PartState {
  /** The process that keeps the part running, and ends it when it ends. */
  readonly pid: number;
  readonly ports: DemoPorts;
  /** The log to look into. */
  readonly log: string;
}

function stateFile(part: Part): string {
  return join(STACK_FOLDER, `${part}.json`);
}

/** A part's state, if it runs. */
export async function readPart(part: Part): Promise<PartState | undefined> {
  let state: PartState;
  try {
    state = JSON.parse(await readFile(stateFile(part), 'utf8')) as PartState;
  } catch {
    return undefined;
  }
  return (await isOurs(state.pid)) ? state : undefined;
}

/** What to do about taken ports, if it is the background's clusters that hold them. */
export async function hintForTakenPorts(): Promise<string> {
  const running = await readPart('clusters');
  return running
    ? `Clusters of this folder are up (process ${running.pid}): "make clusters-down" stops them.`
    : '';
}

/** Tells the other commands that this process keeps a part running, until the end of the scope. */
export async function announcePart(scope: Scope, part: Part, state: Omit<PartState, 'pid'>): Promise<void> {
  await mkdir(STACK_FOLDER, { recursive: true });
  const scratch = `${stateFile(part)}.${process.pid}`;
  await writeFile(scratch, `${JSON.stringify({ pid: process.pid, ...state })}\n`);
  await rename(scratch, stateFile(part));
  scope.defer(async () => {
    if ((await readPart(part))?.pid === process.pid) await rm(stateFile(part), { force: true });
  });
}

/**
 * Starts the keeper of a part, detached from this process and its terminal, and waits until the part runs.
 *
 * @throws {Error} with the end of its log, if it does not
 */
export async function startPart(
  scope: Scope,
  part: Part,
  ports: DemoPorts,
  args: readonly string[] = [],
): Promise<PartState> {
  await mkdir(STACK_FOLDER, { recursive: true });
  const log = join(STACK_FOLDER, `${part}-keeper.log`);
  const output = openSync(log, 'w');
  const keeper = fileURLToPath(new URL('keeper.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), keeper, part, ...args], {
    cwd: repoRoot,
    env: { ...process.env, ...portVariables(ports) },
    detached: true,
    stdio: ['ignore', output, output],
  });
  closeSync(output);
  let hasEnded = false;
  child.once('exit', () => (hasEnded = true));
  child.once('error', () => (hasEnded = true));
  child.unref();
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    const state = await readPart(part);
    if (state !== undefined && state.pid === child.pid) return state;
    if (hasEnded || scope.signal.aborted || Date.now() > deadline) break;
    await sleep(LOOK_EVERY_MS);
  }
  if (!hasEnded) {
    child.kill('SIGTERM');
    while (!hasEnded) await sleep(LOOK_EVERY_MS);
  }
  scope.signal.throwIfAborted();
  throw new Error(`the ${part} did not start (log: ${log}):\n${(await readFile(log, 'utf8')).trim()}`);
}

/** Ends a part that runs. */
export async function stopPart({ pid }: PartState): Promise<void> {
  process.kill(pid, 'SIGTERM');
  const deadline = Date.now() + STOP_TIMEOUT_MS;
  while (await isOurs(pid)) {
    // Whatever it keeps dies with it.
    if (Date.now() > deadline) process.kill(pid, 'SIGKILL');
    await sleep(LOOK_EVERY_MS);
  }
}

/** True if the process runs and is one of this folder's: ids are reused. */
async function isOurs(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(
    async () => (await runCommand('ps', ['-o', 'command=', '-p', String(pid)])).stdout,
  );
  return command.includes('scripts/demo/');
}
