/** What the bridge's endpoint exposes, as rules and panels may rely on it. */

import { METRICS } from '../../src/bridge/metrics/metric-table.js';

/** A metric as the endpoint declares it. */
export interface MetricContract {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** Its labels, without those that Prometheus adds. */
  readonly labels: readonly string[];
}

const of = (type: MetricContract['type'], names: Readonly<Record<string, string>>): MetricContract[] =>
  Object.entries(names).map(([name, labels]) => ({ name, type, labels: labels.split(' ') }));

const QUEUE = 'namespace task_queue';

/** The bridge's own. */
export const BRIDGE_METRICS: readonly MetricContract[] = Object.entries(METRICS).map(
  ([name, { type, labels }]) => ({
    name,
    type,
    labels,
  }),
);

/** Those of the SDK's that a bridge exposes which has run a call and has failed a workflow task. */
export const SDK_METRICS: readonly MetricContract[] = [
  ...of('histogram', {
    temporal_activity_schedule_to_start_latency: QUEUE,
    temporal_workflow_task_schedule_to_start_latency: QUEUE,
    temporal_request_latency: 'operation namespace',
  }),
  ...of('gauge', {
    temporal_num_pollers: `${QUEUE} poller_type`,
    temporal_sticky_cache_size: QUEUE,
    temporal_worker_task_slots_available: `${QUEUE} worker_type`,
    temporal_worker_task_slots_used: `${QUEUE} worker_type`,
  }),
  ...of('counter', {
    temporal_request: 'operation namespace',
    // There from the first failure on: an unknown workflow type on the bridge's queue makes one.
    temporal_workflow_task_execution_failed: `${QUEUE} workflow_type failure_reason`,
  }),
];

/** What Prometheus itself adds to each scrape, and makes of alerts. */
export const PROMETHEUS_METRICS: readonly string[] = ['up', 'scrape_samples_scraped', 'ALERTS'];

/** The labels that Prometheus adds, and that of a histogram's buckets. */
export const PROMETHEUS_LABELS: readonly string[] = ['job', 'instance', 'le'];

/** The metric that a series belongs to: a histogram's series have a suffix. `undefined`: none of the contract. */
export function metricOfSeries(series: string): MetricContract | undefined {
  return [...BRIDGE_METRICS, ...SDK_METRICS].find(({ name, type }) =>
    type === 'histogram'
      ? ['_bucket', '_sum', '_count'].some((suffix) => series === `${name}${suffix}`)
      : series === name,
  );
}
