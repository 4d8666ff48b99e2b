import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { spawnGuarded, type ProcessExit } from './guarded-process.js';

const STOP_GRACE_MS = 8_000;

/** Options of {@link startService}. */
export interface ServiceOptions {
  /** Names the process in messages, e.g. `bridge`. */
  readonly name: string;
  /** Arguments of `node`. */
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Gets every line that the process writes; made anew. */
  readonly logFile: string;
  /** A folder of the process's own, removed if this process is killed before it could do so. */
  readonly scratchFolder: string;
  /** True for the line that says that the process is ready. */
  readonly isReadyLine: (line: string) => boolean;
  readonly readyTimeoutMs: number;
  /** Gives up the start when aborted; a process that is ready by then is left to its handle. */
  readonly startSignal?: AbortSignal | undefined;
}

/** A running Node process that ends when this process ends. */
export interface Service {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  /** Resolves when the process has ended. */
  readonly exited: Promise<ProcessExit>;
  /** Asks the process to end, and kills it after 8 s. Safe to call again. */
  stop(): Promise<void>;
}

/**
 * Starts `node` with the given arguments and waits for its ready line.
 *
 * @throws {Error} with the last lines of the process, if it ends or is not ready in time
 */
export async function startService(options: ServiceOptions): Promise<Service> {
  const { name, logFile, startSignal } = options;
  startSignal?.throwIfAborted();
  await mkdir(dirname(logFile), { recursive: true });
  const log = createWriteStream(logFile, { flags: 'w' });
  let becomeReady = (): void => undefined;
  const ready = new Promise<'ready'>((resolve) => (becomeReady = () => resolve('ready')));
  const child = await spawnGuarded(process.execPath, options.args, {
    env: options.env,
    scratchFolder: options.scratchFolder,
    onLine: (line) => {
      if (log.writable) log.write(`${line}\n`);
      if (options.isReadyLine(line)) becomeReady();
    },
  });
  const closeLog = child.exited.then(
    // What the pipes still hold arrives a moment after the end.
    () => new Promise<void>((resolve) => setImmediate(() => log.end(resolve))),
  );
  const stop = async (): Promise<void> => {
    child.signal('SIGTERM');
    const timer = new AbortController();
    const overdue = sleep(STOP_GRACE_MS, undefined, { signal: timer.signal }).then(
      () => child.signal('SIGKILL'),
      () => undefined,
    );
    await child.exited;
    timer.abort();
    await overdue;
    await closeLog;
  };

  const waiting = new AbortController();
  const givenUp = AbortSignal.any([waiting.signal, ...(startSignal ? [startSignal] : [])]);
  const late = sleep(options.readyTimeoutMs, 'late' as const, { signal: givenUp }).catch(
    () => 'aborted' as const,
  );
  const state = await Promise.race([ready, child.exited.then(() => 'ended' as const), late]);
  waiting.abort();
  if (state === 'ready') return { name, pid: child.pid, logFile, exited: child.exited, stop };
  const said = child.lastLines() || '(nothing)';
  child.signal('SIGKILL');
  await child.exited;
  await closeLog;
  startSignal?.throwIfAborted();
  const what =
    state === 'ended'
      ? 'ended before it was ready'
      : `was not ready after ${options.readyTimeoutMs / 1000} s`;
  throw new Error(`the ${name} ${what}. Its log is ${logFile}; it said last:\n${said}`);
}
