/** Waiting that a signal cuts short. */
import type { CliIo } from './io.js';

/** The first SIGINT or SIGTERM. */
export interface Interrupt {
  /** Aborted by it. */
  readonly signal: AbortSignal;
  /** Lets go of the process's signals. */
  dispose(): void;
}

/** Listens for a signal until it is disposed. */
export function listenForInterrupt({ signals }: Pick<CliIo, 'signals'>): Interrupt {
  const controller = new AbortController();
  const listener = (): void => controller.abort();
  for (const name of ['SIGINT', 'SIGTERM']) signals.on(name, listener);
  return {
    signal: controller.signal,
    dispose: () => {
      for (const name of ['SIGINT', 'SIGTERM']) signals.off(name, listener);
    },
  };
}

/** Waits; resolves early if the signal is aborted. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
    if (signal.aborted) done();
  });
}
