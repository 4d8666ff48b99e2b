import { FIRST_HOLD_MS, MAX_HOLD_MS } from '../../shared/limits.js';
import { backOffMs } from '../fallback-schedule.js';

/** Share of a hold that is left to chance: calls that were held back together come back apart. */
const HOLD_JITTER = 0.5;

const jittered = (longestMs: number, random: () => number): number =>
  longestMs * (1 - HOLD_JITTER * random());

/** Wait before a held call is tried again: 1 s doubling to 30 s, half of it left to chance. */
export function holdMs(holds: number, random: () => number = Math.random): number {
  return jittered(
    backOffMs({ firstMs: FIRST_HOLD_MS, maxMs: MAX_HOLD_MS }, holds, () => 0),
    random,
  );
}

/** Wait of a call that found no place in line: 15 to 30 s. */
export function longestHoldMs(random: () => number = Math.random): number {
  return jittered(MAX_HOLD_MS, random);
}
