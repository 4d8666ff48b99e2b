import { findPromtool } from '../../scripts/stack/find-promtool.js';
import { runCommand, type CommandResult } from '../../scripts/stack/run-command.js';

const TIMEOUT_MS = 180_000;
let program: Promise<string> | undefined;

/** Runs promtool; the test runner names one to all files. */
export async function promtool(...args: string[]): Promise<CommandResult> {
  program ??= findPromtool({ log: (line) => console.log(line) });
  return await runCommand(await program, args, { timeoutMs: TIMEOUT_MS });
}
