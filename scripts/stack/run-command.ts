import { spawn } from 'node:child_process';

/** How {@link runCommand} runs a command. */
export interface RunCommandOptions {
  /** The command's environment. Default: this process's. */
  readonly env?: NodeJS.ProcessEnv;
  /** The folder that the command runs in. Default: this process's. */
  readonly cwd?: string;
  /** The command is killed after this many milliseconds. Default: 30,000. */
  readonly timeoutMs?: number;
}

/** What a command that has ended left behind. */
export interface CommandResult {
  /** True when the command ended by itself with exit code 0. */
  readonly ok: boolean;
  readonly stdout: string;
  readonly stderr: string;
  /** One line that says why the command is not `ok`; empty when it is. */
  readonly problem: string;
}

/**
 * Runs a command to its end, without a shell and without stdin, and never rejects: a command that cannot be
 * started, fails or overruns its time is an `ok: false` result. The command and what it started are killed
 * together at the time-out.
 */
export async function runCommand(
  command: string,
  args: readonly string[],
  options: RunCommandOptions = {},
): Promise<CommandResult> {
  const timeoutMs = options.timeoutMs ?? 30_000;
  return await new Promise((resolve) => {
    const child = spawn(command, args, {
      env: options.env ?? process.env,
      cwd: options.cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    let stdout = '';
    let stderr = '';
    let timedOut = false;
    const killGroup = (): void => {
      if (child.pid === undefined) return;
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        // Already gone.
      }
    };
    const timer = setTimeout(() => {
      timedOut = true;
      killGroup();
    }, timeoutMs);
    process.once('exit', killGroup);
    const end = (problem: string): void => {
      clearTimeout(timer);
      process.off('exit', killGroup);
      resolve({ ok: problem === '', stdout, stderr, problem });
    };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.once('error', (error) => end(error.message));
    child.once('close', (code, signal) => {
      if (timedOut) end(`gave no result within ${timeoutMs / 1000} s`);
      else if (code === 0) end('');
      else end(lastLine(stderr) || lastLine(stdout) || `ended with ${signal ?? `exit code ${code}`}`);
    });
  });
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.trim() ?? '';
}
