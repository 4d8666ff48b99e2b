import { RULES } from './deployed-files.js';
import { BRIDGE_METRICS, PROMETHEUS_METRICS, metricOfSeries } from './metric-contract.js';
import { metricNamesIn } from './promql.js';
import type { Scrape } from '../support/prometheus.js';

/**
 * What a real scrape of the bridge lacks of what rules and panels rely on, in words; empty: nothing.
 *
 * - Each series named is there, or its metric is declared (a counter with labels has no series before its first event),
 *   with the type of the contract, and its labels.
 * - Each threshold of a quantile is a bound of its histogram, and not the last: else the quantile is a guess, or can
 *   never exceed it.
 *
 * @param found the scrape of a process that has both sides, has run a call and has failed a workflow task
 * @param named the series that rules and panels name
 */
export function lackingIn(found: Scrape, named: readonly string[]): string[] {
  const lacking: string[] = [];
  for (const name of named.filter((one) => !PROMETHEUS_METRICS.includes(one))) {
    const metric = metricOfSeries(name);
    const type = found.types.get(metric?.name ?? name);
    const samples = found.all(name);
    if (type === undefined) lacking.push(`${name} is not exposed`);
    else if (type !== metric?.type)
      lacking.push(`${name} is a ${type}, not a ${metric?.type ?? '(nothing)'}`);
    else if (samples.length === 0 && !BRIDGE_METRICS.includes(metric)) lacking.push(`${name} has no sample`);
    else
      for (const label of metric.labels)
        // A request of the SDK's that concerns no namespace has no label of that name.
        if (samples.length > 0 && !samples.some(({ labels }) => label in labels))
          lacking.push(`${name} has no label ${label}`);
  }
  for (const { alert, expr } of RULES) {
    const [, threshold] = /^histogram_quantile\([^]*\) > (\d+)$/.exec(expr.trim()) ?? [];
    if (threshold === undefined) continue;
    for (const name of metricNamesIn(expr)) {
      const own = new Set(
        found.all(name).map(({ labels }) => Number(labels['le']?.replace('+Inf', 'Infinity'))),
      );
      if (!own.has(Number(threshold))) lacking.push(`${alert}: ${name} has no bound ${threshold}`);
      if (![...own].some((bound) => bound > Number(threshold) && bound !== Infinity))
        lacking.push(`${alert}: ${name} has no bound beyond ${threshold}`);
    }
  }
  return lacking;
}
