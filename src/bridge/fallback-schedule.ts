import { DEFAULT_FALLBACK_FIRST_MS, MAX_FALLBACK_MS } from '../shared/limits.js';

/**
 * Delays of what is looked at, or tried, again: by the safety net, the lease, the follower of a target, and at a cluster
 * that cannot be reached.
 */

/** When a call that got no completion signal is looked at. */
export interface FallbackSettings {
  /** First look, in milliseconds after the start. Default 1 minute; never later than the call's time-out. */
  readonly firstMs: number;
  /** Longest wait between two looks, in milliseconds. Default 1 hour. */
  readonly maxMs: number;
}

export const DEFAULT_FALLBACK: FallbackSettings = {
  firstMs: DEFAULT_FALLBACK_FIRST_MS,
  maxMs: MAX_FALLBACK_MS,
};

/** Share of a delay that is left to chance, so that many waiting calls do not look at the same time. */
const JITTER = 0.1;

/** The first interval of a call: the smaller of its time-out and the configured one. */
export function firstFallbackMs(settings: FallbackSettings, timeoutMs: number | undefined): number {
  return Math.min(settings.firstMs, timeoutMs ?? Number.POSITIVE_INFINITY);
}

/**
 * When the caller gives up on a cluster that cannot be reached: the time-out plus one fallback interval after the call
 * was made (at most 1 minute more, which is what the activity's own time-out leaves room for).
 */
export function giveUpAfterMs(settings: FallbackSettings, timeoutMs: number | undefined): number {
  if (timeoutMs === undefined) return Number.POSITIVE_INFINITY;
  return timeoutMs + Math.min(firstFallbackMs(settings, timeoutMs), DEFAULT_FALLBACK_FIRST_MS);
}

/**
 * Delay before look number `looks` (0 = the first): doubled each time up to the longest wait, with jitter, and never
 * beyond the moment at which the caller gives up, because an attempt that would begin after the activity's
 * schedule-to-close time is not waited for.
 */
export function fallbackDelayMs(
  settings: FallbackSettings,
  call: { readonly timeoutMs: number | undefined; readonly ageMs: number; readonly looks: number },
  random: () => number = Math.random,
): number {
  const first = firstFallbackMs(settings, call.timeoutMs);
  const doubled = Math.min(first * 2 ** Math.min(call.looks, 40), Math.max(settings.maxMs, first));
  const jittered = call.looks === 0 ? doubled * (1 + JITTER * random()) : doubled * (1 - JITTER * random());
  const leftMs = giveUpAfterMs(settings, call.timeoutMs) - call.ageMs;
  return Math.max(1, Math.min(jittered, leftMs));
}

/** Delay before retry number `failures` (1 = the first), doubled each time up to the longest, with jitter. */
export function backOffMs(
  settings: { readonly firstMs: number; readonly maxMs: number },
  failures: number,
  random: () => number = Math.random,
): number {
  const doubled = Math.min(settings.firstMs * 2 ** Math.min(failures - 1, 40), settings.maxMs);
  return doubled * (1 - JITTER * random());
}
