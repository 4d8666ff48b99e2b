import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';

/**
 * Runs the program given as arguments and kills it as soon as stdin ends: this process holds the other end of
 * that pipe, so it ends however this process ends. A shell is all it takes, on Linux and macOS alike.
 * Prints the program's process id on fd 3, and removes the scratch folder $1 when stdin ended early.
 */
const WATCHDOG = `
scratch=$1; shift
exec 4<&0
"$@" </dev/null 3>&- 4>&- &
program=$!
echo "$program" >&3
exec 3>&-
(
  while read -r _; do :; done <&4
  kill -KILL "$program" 2>/dev/null
  sleep 1
  rm -rf -- "$scratch"
) >/dev/null 2>&1 &
watcher=$!
exec 4<&-
wait "$program"
status=$?
kill -KILL "$watcher" 2>/dev/null
exit "$status"
`;

const STDERR_LINES_KEPT = 30;

/** How a process ended. */
export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A program that never outlives this process. */
export interface GuardedProcess {
  /** The process id of the program itself. */
  readonly pid: number;
  /** Resolves when the program has ended; never rejects. */
  readonly exited: Promise<ProcessExit>;
  /** True once the program has ended. */
  readonly hasExited: () => boolean;
  /** The last lines that the program wrote to stdout or stderr. */
  lastLines(): string;
  /** Sends a signal to the program; does nothing if it has ended. */
  signal(signal: NodeJS.Signals): void;
}

/** Options of {@link spawnGuarded}. */
export interface SpawnGuardedOptions {
  readonly env: NodeJS.ProcessEnv;
  /** A folder of the program's own, removed if this process is killed before it could do so. */
  readonly scratchFolder: string;
  /** Gets each line that the program writes. */
  readonly onLine?: ((line: string) => void) | undefined;
}

/**
 * Starts a program in a process group of its own (so a terminal's Ctrl-C does not reach it), under a watchdog
 * that kills it when this process ends, even by SIGKILL.
 *
 * @throws {Error} if there is no shell
 */
export async function spawnGuarded(
  command: string,
  args: readonly string[],
  options: SpawnGuardedOptions,
): Promise<GuardedProcess> {
  const child = spawn('/bin/sh', ['-c', WATCHDOG, 'watchdog', options.scratchFolder, command, ...args], {
    env: options.env,
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    detached: true,
  });
  await once(child, 'spawn');
  let ended = false;
  const exited = new Promise<ProcessExit>((resolve) => {
    child.once('exit', (code, signal) => {
      ended = true;
      child.stdin.destroy();
      resolve({ code, signal });
    });
  });
  child.stdin.on('error', () => undefined);
  const lines: string[] = [];
  const keep = (line: string): void => {
    lines.push(line);
    if (lines.length > STDERR_LINES_KEPT) lines.shift();
    options.onLine?.(line);
  };
  eachLine(child.stdout, keep);
  eachLine(child.stderr, keep);

  const pid = await readPid(child.stdio[3] as Readable);
  const signal = (name: NodeJS.Signals): void => {
    if (ended) return;
    try {
      process.kill(pid, name);
    } catch {
      // Ended a moment ago.
    }
  };
  return { pid, exited, hasExited: () => ended, lastLines: () => lines.join('\n'), signal };
}

async function readPid(pipe: Readable): Promise<number> {
  let text = '';
  for await (const chunk of pipe.setEncoding('utf8')) text += String(chunk);
  const pid = Number.parseInt(text, 10);
  if (!Number.isSafeInteger(pid))
    throw new Error(`the watchdog gave no process id, but ${JSON.stringify(text)}`);
  return pid;
}

function eachLine(stream: Readable, take: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    for (const line of parts) if (line.trim() !== '') take(line);
  });
  stream.on('end', () => {
    if (rest.trim() !== '') take(rest);
  });
}
