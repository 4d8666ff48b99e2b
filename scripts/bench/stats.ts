/** What the tables say of a series of samples, in the samples' unit. */
export interface Summary {
  readonly count: number;
  readonly p50: number;
  readonly p90: number;
  /** Absent where the samples are too few to know it. */
  readonly p99: number | undefined;
  readonly max: number;
}

/** With fewer samples, three or less lie beyond the 99th percentile. */
const MIN_SAMPLES_FOR_P99 = 300;

/** The smallest sample that so many percent of the samples do not exceed (nearest rank). */
export function percentile(samples: readonly number[], percent: number): number {
  if (samples.length === 0) throw new RangeError('no samples');
  const sorted = samples.toSorted((a, b) => a - b);
  const rank = Math.max(1, Math.ceil((percent / 100) * sorted.length));
  return sorted[rank - 1] ?? NaN;
}

/** The middle sample; of an even number, the lower of the two. */
export function median(samples: readonly number[]): number {
  return percentile(samples, 50);
}

/** Sums up a series. */
export function summaryOf(samples: readonly number[]): Summary {
  return {
    count: samples.length,
    p50: percentile(samples, 50),
    p90: percentile(samples, 90),
    p99: samples.length >= MIN_SAMPLES_FOR_P99 ? percentile(samples, 99) : undefined,
    max: percentile(samples, 100),
  };
}
