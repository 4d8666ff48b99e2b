import { MAX_HOLD_MS, MAX_RATE_PAIRS } from '../../shared/limits.js';
import { BoundedMap } from './bounded-map.js';
import { longestHoldMs } from './hold-time.js';

/** What is kept of a pair, in milliseconds of the caller's clock. */
interface PairState {
  /** When the bucket would be full again. */
  readonly fullAt: number;
  /** When the last of those that were told to wait is to come back. */
  readonly queuedUntil: number;
}

/** Rounding of sums of fractions of a millisecond. */
const EPSILON_MS = 1e-6;

/**
 * Starts a second of each pair: a token bucket that holds one second's worth, so in no second more than twice the rate
 * starts, and in the long run the rate. Who is over it is told when to come back, one after the other at the rate's own
 * pace, so that those who wait do not all come at once; who comes for the first time goes behind them.
 */
export class StartRate {
  readonly #intervalMs: number;
  readonly #pairs: BoundedMap<string, PairState>;

  /** @param maxPairs - kept at a time; a pair that had no start for a second is as good as one that was never seen */
  constructor(perSecond: number, maxPairs = MAX_RATE_PAIRS) {
    this.#intervalMs = 1000 / perSecond;
    this.#pairs = new BoundedMap(maxPairs);
  }

  /** Pairs that are kept. */
  get pairs(): number {
    return this.#pairs.size;
  }

  /**
   * Takes a start of a pair.
   *
   * @param isQueued - who is over the rate gets a place of its own to come back at
   * @param wasHeld - it comes back: a start that is free is not kept for those who wait
   * @returns 0 if it may go on, else the milliseconds to wait before the next try, at most 30 s; places are handed out up
   * to then, and who finds none comes back after 15 to 30 s
   */
  take(
    pair: string,
    { nowMs = performance.now(), isQueued = true, wasHeld = false, random = Math.random } = {},
  ): number {
    const { fullAt = nowMs, queuedUntil = nowMs } = this.#pairs.get(pair) ?? {};
    const from = Math.max(fullAt, nowMs);
    const waitMs = from - nowMs - (1000 - this.#intervalMs);
    if (waitMs <= EPSILON_MS && (wasHeld || queuedUntil <= nowMs)) {
      this.#pairs.set(pair, { fullAt: from + this.#intervalMs, queuedUntil });
      return 0;
    }
    const next = Math.max(queuedUntil, nowMs + waitMs) + this.#intervalMs;
    if (next > nowMs + MAX_HOLD_MS) return longestHoldMs(random);
    if (isQueued) this.#pairs.set(pair, { fullAt, queuedUntil: next });
    return next - nowMs;
  }
}
