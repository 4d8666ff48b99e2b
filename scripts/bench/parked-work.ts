import { setTimeout as sleep } from 'node:timers/promises';

/** Does the work for each item, so many at a time. The first failure ends it: nothing more is begun. */
export async function inParallel<T>(
  items: Iterable<T>,
  atOnce: number,
  work: (item: T) => Promise<unknown>,
): Promise<void> {
  const rest = items[Symbol.iterator]();
  let hasFailed = false;
  const lane = async (): Promise<void> => {
    for (let next = rest.next(); !next.done && !hasFailed; next = rest.next()) {
      try {
        await work(next.value);
      } catch (error) {
        hasFailed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
}

/** The promise's result, or an error that says what took too long. */
export async function within<T>(what: () => string, limitMs: number, promise: Promise<T>): Promise<T> {
  const timer = new AbortController();
  promise.catch(() => undefined);
  const late = sleep(limitMs, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`${what()}: given up after ${Math.ceil(limitMs / 60_000)} min`);
  });
  late.catch(() => undefined);
  try {
    return await Promise.race([promise, late]);
  } finally {
    timer.abort();
  }
}

/** The value below which this share of the sorted values lies, e.g. 0.9; the last one for 1. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}
