import { RULES } from './deployed-files.js';
import { BRIDGE_METRICS, PROMETHEUS_METRICS, metricOfSeries } from './metric-contract.js';
import { metricNamesIn } from './promql.js';

/** A text in Prometheus' exposition format, as far as the checks here look at it. */
interface Scrape {
  /** Declared types by metric. */
  readonly types: ReadonlyMap<string, string>;
  /** The labels of the series that have a sample, by name. */
  readonly series: ReadonlyMap<string, ReadonlySet<string>>;
  /** Upper bounds of the buckets by metric. */
  readonly bounds: ReadonlyMap<string, ReadonlySet<number>>;
}

function parseScrape(text: string): Scrape {
  const types = new Map<string, string>();
  const series = new Map<string, Set<string>>();
  const bounds = new Map<string, Set<number>>();
  for (const line of text.split('\n')) {
    const declared = /^# TYPE (\S+) (\S+)/.exec(line);
    if (declared?.[1] !== undefined) types.set(declared[1], declared[2] ?? '');
    const [, name] = /^([a-zA-Z_:][\w:]*)(?:\{| )/.exec(line) ?? [];
    if (name === undefined) continue;
    const labels = series.get(name) ?? new Set();
    for (const [, label = ''] of line.matchAll(/[{,](\w+)="/g)) labels.add(label);
    series.set(name, labels);
    const bound = /[{,]le="([^"]+)"/.exec(line)?.[1];
    if (bound === undefined) continue;
    const metric = name.replace(/_bucket$/, '');
    bounds.set(metric, (bounds.get(metric) ?? new Set()).add(bound === '+Inf' ? Infinity : Number(bound)));
  }
  return { types, series, bounds };
}

/**
 * What a real scrape of the bridge lacks of what rules and panels rely on, in words; empty: nothing.
 *
 * - Each series named is there, or its metric is declared (a counter with labels has no series before its first event),
 *   with the type of the contract, and its labels.
 * - Each threshold of a quantile is a bound of its histogram, and not the last: else the quantile is a guess, or can
 *   never exceed it.
 *
 * @param text the scrape of a process that has both sides, has run a call and has failed a workflow task
 * @param named the series that rules and panels name
 */
export function lackingIn(text: string, named: readonly string[]): string[] {
  const { types, series, bounds } = parseScrape(text);
  const lacking: string[] = [];
  for (const name of named.filter((one) => !PROMETHEUS_METRICS.includes(one))) {
    const metric = metricOfSeries(name);
    const type = types.get(metric?.name ?? name);
    if (type === undefined) lacking.push(`${name} is not exposed`);
    else if (type !== metric?.type)
      lacking.push(`${name} is a ${type}, not a ${metric?.type ?? '(nothing)'}`);
    else if (!series.has(name) && !BRIDGE_METRICS.includes(metric)) lacking.push(`${name} has no sample`);
    else
      for (const label of metric.labels)
        if (series.get(name)?.has(label) === false) lacking.push(`${name} has no label ${label}`);
  }
  for (const { alert, expr } of RULES) {
    const [, threshold] = /^histogram_quantile\([^]*\) > (\d+)$/.exec(expr.trim()) ?? [];
    if (threshold === undefined) continue;
    for (const name of metricNamesIn(expr)) {
      const own = bounds.get(metricOfSeries(name)?.name ?? name) ?? new Set();
      if (!own.has(Number(threshold))) lacking.push(`${alert}: ${name} has no bound ${threshold}`);
      if (![...own].some((bound) => bound > Number(threshold) && bound !== Infinity))
        lacking.push(`${alert}: ${name} has no bound beyond ${threshold}`);
    }
  }
  return lacking;
}
