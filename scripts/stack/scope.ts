import { constants } from 'node:os';

/** A signal that comes this soon after the first is the same wish, passed on by two parents. */
const SAME_WISH_MS = 1_000;

/** Thrown where work is broken off because the user, or the system, asked for the end. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  readonly signal: NodeJS.Signals;

  constructor(signal: NodeJS.Signals) {
    super(`stopped by ${signal}`);
    this.signal = signal;
  }
}

/** What a program has started and must end again, however it ends. */
export interface Scope {
  /** Aborted by Ctrl-C, SIGTERM or a closed terminal. */
  readonly signal: AbortSignal;
  /** Runs at the end; the last one first. */
  defer(cleanup: () => Promise<unknown>): void;
  /** The promise's result, unless the end is asked for first. */
  orInterrupted<T>(promise: Promise<T>): Promise<T>;
}

/** Waits for Ctrl-C where that is the ordinary end, or for the failure of what goes on until then. */
export async function untilCtrlC(scope: Scope, work: Promise<unknown>): Promise<void> {
  await scope.orInterrupted(work).catch((error: unknown) => {
    if (!(error instanceof Interrupted) || error.signal !== 'SIGINT') throw error;
  });
}

/**
 * Runs a program, ends what it has started, and ends the process: with the program's own exit code, with 1 if it
 * throws, with 128 + the signal's number if it was interrupted. A second signal ends the process at once (everything
 * that was started dies with it).
 */
export async function runInScope(program: (scope: Scope) => Promise<number>): Promise<never> {
  const controller = new AbortController();
  const cleanups: (() => Promise<unknown>)[] = [];
  let interruptedAt = 0;
  const interrupt = (signal: NodeJS.Signals): void => {
    if (!controller.signal.aborted) {
      interruptedAt = Date.now();
      controller.abort(new Interrupted(signal));
    } else if (Date.now() - interruptedAt > SAME_WISH_MS) {
      process.exit(exitCodeOf(signal));
    }
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interrupt(signal));
  // A reader that goes away (`make demo | head`) ends the program like a closed terminal.
  process.stdout.on('error', () => interrupt('SIGPIPE'));
  process.stderr.on('error', () => interrupt('SIGPIPE'));

  const interrupted = new Promise<never>((_, reject) => {
    controller.signal.addEventListener('abort', () => reject(controller.signal.reason as Interrupted));
  });
  interrupted.catch(() => undefined);
  const scope: Scope = {
    signal: controller.signal,
    defer: (cleanup) => void cleanups.push(cleanup),
    orInterrupted: (promise) => {
      promise.catch(() => undefined);
      return Promise.race([promise, interrupted]);
    },
  };

  let exitCode: number;
  try {
    exitCode = await program(scope);
  } catch (error) {
    exitCode = controller.signal.aborted ? exitCodeOf((controller.signal.reason as Interrupted).signal) : 1;
    if (!controller.signal.aborted) console.error(`\n${textOf(error)}`);
  }
  for (const cleanup of cleanups.reverse()) {
    await cleanup().catch((error: unknown) => console.error('while stopping:', error));
  }
  process.exit(exitCode);
}

function exitCodeOf(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}

/** The messages of an error and its causes, each once. */
function textOf(error: unknown): string {
  const messages = new Set<string>();
  let link = error;
  for (; link instanceof Error; link = link.cause) messages.add(link.message);
  if (typeof link === 'string') messages.add(link);
  return [...messages].join('\n  ');
}
