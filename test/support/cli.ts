/** The command line in a test's process, against the test's clusters. */
import { runCli } from '../../src/cli/program.js';
import type { CliIo } from '../../src/cli/io.js';
import { surroundings } from './cli-surroundings.js';
import { bridgeEnv, type TwoClusters } from './harness.js';

/** What a command has written, and how it ended. */
export interface CliRun {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
}

/** A command that runs. */
export interface RunningCli {
  readonly ended: Promise<CliRun>;
  /** What it has written so far. */
  out(): string;
  err(): string;
  interrupt(): void;
}

/** Settings of a test's clusters, for commands. */
export function cliEnv(
  clusters: Pick<TwoClusters, 'a' | 'b'>,
  more: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return { ...bridgeEnv(clusters), ...more };
}

/** Starts a command. */
export function startCli(args: readonly string[], env: Readonly<Record<string, string>>): RunningCli {
  const { io: around, signals, ...texts } = surroundings({ ...env });
  const io: CliIo = { ...around, runBridge: () => Promise.reject(new Error('no bridge is run here')) };
  return {
    out: texts.out,
    err: texts.err,
    ended: runCli(args, io).then((exitCode) => ({ exitCode, out: texts.out(), err: texts.err() })),
    interrupt: () => signals.emit('SIGINT'),
  };
}

/** Runs a command to its end. */
export function cli(args: readonly string[], env: Readonly<Record<string, string>>): Promise<CliRun> {
  return startCli(args, env).ended;
}
