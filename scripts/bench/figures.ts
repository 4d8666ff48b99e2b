/** The figures that tables, goals and chart have in common, made of the raw results. */
import { variantOf, type VariantName } from './names.js';
import type { Census, Results, Series, ThroughputBlock } from './results.js';
import { SLOW_TARGET_MS } from './slow-target.js';
import { median, summaryOf, type Summary } from './stats.js';

/** Latencies of a variant, with the caller's own part and without it. */
export interface Latency {
  readonly variant: VariantName;
  /** From before the caller's start to its result. */
  readonly whole: Summary;
  /** Less the median of the caller that makes no call. Absent for that one. */
  readonly call: { readonly p50: number; readonly p90: number } | undefined;
}

/** Sums up series of one stand. */
export function latenciesOf(series: readonly Series[]): Latency[] {
  const alone = series.find(({ variant }) => variant === 'no-call');
  const aloneMs = alone ? median(alone.samples) : NaN;
  return series.map(({ variant, samples }) => {
    const whole = summaryOf(samples);
    const call = variant === 'no-call' ? undefined : { p50: whole.p50 - aloneMs, p90: whole.p90 - aloneMs };
    return { variant, whole, call };
  });
}

/** Calls a second of a variant on a stand; all passes together. */
export function callsPerSecond(
  blocks: readonly ThroughputBlock[],
  stand: string,
  variant: VariantName,
  inFlight: number,
): number | undefined {
  const passes = blocks.filter(
    (one) => one.stand === stand && one.variant === variant && one.inFlight === inFlight,
  );
  if (passes.length === 0) return undefined;
  return (
    passes.reduce((sum, { calls }) => sum + calls, 0) / passes.reduce((sum, { seconds }) => sum + seconds, 0)
  );
}

/** What a call adds to the caller's own time and the target's second, in milliseconds. */
export function addedLatencies(series: readonly Series[]): Map<VariantName, number[]> {
  const alone = series.find(({ variant }) => variant === 'no-call');
  const aloneMs = alone ? median(alone.samples) : NaN;
  return new Map(
    series
      .filter(({ variant }) => variant !== 'no-call')
      .map(({ variant, samples }) => [variant, samples.map((ms) => ms - aloneMs - SLOW_TARGET_MS)]),
  );
}

/** How often a call's critical path crosses between the clusters. */
export function crossingsOf({ crossings }: Results): Map<VariantName, number> {
  return new Map(
    crossings.map(({ variant, longDelayMs, undelayed, longDelayed }) => [
      variant,
      (median(longDelayed) - median(undelayed)) / longDelayMs,
    ]),
  );
}

/** Billable actions a call on each cluster, less those of the caller that makes no call. */
export function actionsPerCall(row: Census, alone: Census): { readonly a: number; readonly b: number } {
  const { a, b } = actionsOf(row);
  const ofAlone = actionsOf(alone);
  return { a: a - ofAlone.a, b: b - ofAlone.b };
}

/** All actions a call: what histories show, heartbeats and queries. */
function actionsOf({ calls, callers, othersOnA, onB, requestsOnA, requestsOnB }: Census): {
  readonly a: number;
  readonly b: number;
} {
  const unseen = (requests: Readonly<Record<string, number>>): number =>
    (requests['RecordActivityTaskHeartbeat'] ?? 0) + (requests['QueryWorkflow'] ?? 0);
  return {
    a: (callers.actions + othersOnA.actions + unseen(requestsOnA)) / calls,
    b: (onB.actions + unseen(requestsOnB)) / calls,
  };
}

/** As the tables call a variant. */
export function labelOf(variant: VariantName): string {
  return variantOf(variant).label;
}
