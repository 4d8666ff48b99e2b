import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnGuarded } from '../../scripts/stack/guarded-process.js';
import type { ProcessExit } from '../../scripts/stack/guarded-process.js';
import { repoRoot } from '../../scripts/stack/paths.js';
import type { LogLine } from './harness.js';
import { eventually } from './inspect.js';

/** The bridge as its users run it: the built command line in a process of its own. */
export const CLI = join(repoRoot, 'dist', 'src', 'cli', 'main.js');

export type Role = 'caller' | 'handler' | 'both';

/** A bridge in a process of its own. */
export interface BridgeProcess {
  readonly pid: number;
  /** What it has logged so far; a line that is not JSON has the level `raw`. */
  readonly logs: readonly LogLine[];
  /** Resolves when it has ended. */
  readonly exited: Promise<ProcessExit>;
  readonly signal: (name: NodeJS.Signals) => void;
  /** Waits until it has logged such a line. */
  logged(message: RegExp, withinMs?: number): Promise<LogLine>;
  /** Waits until all its workers poll. */
  ready(): Promise<void>;
  /** SIGTERM; resolves when it has ended. */
  stop(): Promise<ProcessExit>;
}

function logLine(text: string): LogLine {
  try {
    return JSON.parse(text) as LogLine;
  } catch {
    return { level: 'raw', msg: text };
  }
}

/** Runs the built command line to its end and gives what it printed. */
export async function runCli(args: readonly string[]): Promise<{ exit: ProcessExit; output: string }> {
  const lines: string[] = [];
  const child = await spawnCli(args, {}, (line) => lines.push(line));
  return { exit: await child.exited, output: lines.join('\n') };
}

async function spawnCli(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  onLine: (line: string) => void,
  cli = CLI,
) {
  const scratchFolder = await mkdtemp(join(tmpdir(), 'bridge-process-'));
  const child = await spawnGuarded(process.execPath, [cli, ...args], {
    env: { PATH: process.env['PATH'], ...env },
    scratchFolder,
    onLine,
  });
  void child.exited.then(() => rm(scratchFolder, { recursive: true, force: true }));
  return child;
}

/**
 * Starts `temporal-bridge run --role ROLE` with these settings and nothing else of this process's environment.
 *
 * @param cli - the command line's path; default: today's build
 */
export async function spawnBridge(
  role: Role,
  env: Readonly<Record<string, string>>,
  onLine: (line: LogLine) => void = () => undefined,
  cli = CLI,
): Promise<BridgeProcess> {
  const logs: LogLine[] = [];
  const child = await spawnCli(
    ['run', '--role', role],
    env,
    (text) => {
      const line = logLine(text);
      logs.push(line);
      onLine(line);
    },
    cli,
  );
  const logged = (message: RegExp, withinMs = 30_000): Promise<LogLine> =>
    eventually(
      `the ${role} process logs ${message}`,
      () => {
        const found = logs.find(({ msg }) => message.test(msg));
        if (!found && child.hasExited()) throw new Error(`the ${role} process ended:\n${child.lastLines()}`);
        return found;
      },
      withinMs,
    );
  return {
    pid: child.pid,
    logs,
    exited: child.exited,
    signal: (name) => child.signal(name),
    logged,
    ready: async () => void (await logged(/^bridge ready$/)),
    stop: () => {
      child.signal('SIGTERM');
      return child.exited;
    },
  };
}

/** A bridge process that is started again whenever it ends, as an init system does. */
export interface KeptBridge {
  /** What all its processes have logged so far. */
  readonly logs: readonly LogLine[];
  /** How often it was killed by {@link kill9}. */
  readonly kills: number;
  /** How the processes ended that ended by themselves. */
  readonly ownExits: readonly ProcessExit[];
  ready(): Promise<void>;
  /** Kills it as a crash would; resolves when the next process has been started. */
  kill9(): Promise<void>;
  stop(): Promise<ProcessExit>;
}

/** Keeps a bridge running. */
export async function keepBridgeRunning(
  role: Role,
  env: Readonly<Record<string, string>>,
): Promise<KeptBridge> {
  const logs: LogLine[] = [];
  const ownExits: ProcessExit[] = [];
  let kills = 0;
  let isStopped = false;
  let isKilled = false;
  let restarted: Promise<unknown> = Promise.resolve();
  let current: BridgeProcess;
  const start = async (): Promise<void> => {
    isKilled = false;
    current = await spawnBridge(role, env, (line) => logs.push(line));
    restarted = current.exited.then((exit) => {
      if (isStopped) return undefined;
      if (!isKilled) ownExits.push(exit);
      return start();
    });
  };
  await start();
  return {
    logs,
    get kills() {
      return kills;
    },
    ownExits,
    ready: () => current.ready(),
    async kill9() {
      kills += 1;
      isKilled = true;
      current.signal('SIGKILL');
      await restarted;
    },
    async stop() {
      isStopped = true;
      return current.stop();
    },
  };
}
