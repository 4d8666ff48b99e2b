import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { repoRoot } from '../stack/paths.js';
import { createLeafCollector, type LeafResult, type TestEventRecord } from './test-events.js';

/** What came of one test file. */
export interface FileResult {
  readonly file: string;
  readonly leaves: readonly LeafResult[];
  readonly durationMs: number;
  /** What the file's process wrote to stdout and stderr, in the order of arrival. */
  readonly output: string;
}

/** Options of {@link runTestFile}. */
export interface RunTestFileOptions {
  readonly env: NodeJS.ProcessEnv;
  /** The file is killed and counts as failed after this time. */
  readonly timeoutMs: number;
  /** How long the file's process may live on after its last test. */
  readonly exitGraceMs: number;
  readonly onLeaf: (leaf: LeafResult) => void;
  /** Aborts the run: the file's process is killed. */
  readonly signal: AbortSignal;
}

const REPORTER = new URL('event-reporter.ts', import.meta.url).href;

/** What a process that does not end has to say what keeps it, in milliseconds. */
const LAST_WORDS_MS = 1_000;

/**
 * Runs one test file in a process and a process group of its own. Never rejects: a file that crashes, overruns its
 * time or does not end by itself has a failed leaf without a name. What the file's process has left running in its
 * group is killed.
 */
export async function runTestFile(file: string, options: RunTestFileOptions): Promise<FileResult> {
  const begun = performance.now();
  const leaves: LeafResult[] = [];
  const addLeaf = (leaf: LeafResult): void => {
    leaves.push(leaf);
    options.onLeaf(leaf);
  };
  const child = spawn(
    process.execPath,
    ['--import', import.meta.resolve('tsx'), '--test-reporter', REPORTER, '--enable-source-maps', file],
    { cwd: repoRoot, env: options.env, stdio: ['ignore', 'pipe', 'pipe', 'pipe'], detached: true },
  );
  const killGroup = (): void => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // Nothing is left.
    }
  };
  options.signal.addEventListener('abort', killGroup);

  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  let verdict = '';
  let leakTimer: NodeJS.Timeout | undefined;
  /**
   * Its tests and hooks had ended and nothing was left to wait for, which is when the last event comes; Node was tearing
   * itself down, where threads of native modules are waited for. Seen about once in 1,000 files, of the SDK's core.
   */
  let isHungAtExit = false;
  const kill = (why: string): void => {
    verdict ||= why;
    killGroup();
  };
  const collector = createLeafCollector();
  const allEvents = readEvents(child.stdio[3] as Readable, (event) => {
    collector.take(event).forEach(addLeaf);
    clearTimeout(leakTimer);
    if (collector.isBusy()) return;
    const why = `leaked handle: the process still ran ${options.exitGraceMs / 1000} s after its last test`;
    leakTimer = setTimeout(() => {
      if (collector.isFinished()) {
        isHungAtExit = true;
        killGroup();
        return;
      }
      // What keeps it is told by the reporter, if the process still listens; then it has to go.
      child.kill('SIGUSR2');
      leakTimer = setTimeout(() => kill(why), LAST_WORDS_MS);
    }, options.exitGraceMs);
  });
  const timer = setTimeout(() => kill(`timed out after ${options.timeoutMs / 1000} s`), options.timeoutMs);

  const ending = await new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal ?? (code === 0 ? '' : `exit code ${code}`)));
  });
  clearTimeout(timer);
  clearTimeout(leakTimer);
  // What the file has left running holds its pipes open.
  await Promise.race([allEvents, sleep(2_000, undefined, { ref: false })]);
  killGroup();
  await allEvents;
  options.signal.removeEventListener('abort', killGroup);

  clearTimeout(leakTimer);
  collector.flush().forEach(addLeaf);
  const hasFailure = leaves.some((leaf) => leaf.outcome === 'failed');
  const durationMs = performance.now() - begun;
  if (isHungAtExit) output += `note: ${file} ended, but its process hung in Node's teardown and was killed\n`;
  const isWhole = (ending === '' || isHungAtExit) && collector.isFinished();
  if (verdict !== '' || (!isWhole && !hasFailure)) {
    const error = verdict || `the file's process ended early: ${ending || 'tests were left over'}`;
    addLeaf({ name: '', outcome: 'failed', durationMs, error });
  }
  return { file, leaves, durationMs, output };
}

async function readEvents(pipe: Readable, take: (event: TestEventRecord) => void): Promise<void> {
  let rest = '';
  try {
    for await (const chunk of pipe.setEncoding('utf8')) {
      const lines = (rest + String(chunk)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) take(JSON.parse(line) as TestEventRecord);
    }
  } catch {
    // The process was killed in the middle of a line: its end says so.
  }
}
