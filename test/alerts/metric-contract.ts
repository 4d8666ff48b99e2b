/** What the bridge's endpoint exposes, as rules and panels may rely on it. */

/** A metric as the endpoint declares it. */
export interface MetricContract {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
}

const of = (type: MetricContract['type'], ...names: string[]): MetricContract[] =>
  names.map((name) => ({ name, type }));

/** The bridge's own. */
export const BRIDGE_METRICS: readonly MetricContract[] = [
  ...of('histogram', 'bridge_cross_cluster_latency_ms', 'bridge_completion_delivery_ms'),
  ...of(
    'gauge',
    'bridge_queue_depth',
    'bridge_heartbeat_age_ms',
    'bridge_calls_in_flight',
    'bridge_cluster_reachable',
    'bridge_build_info',
  ),
  ...of(
    'counter',
    'bridge_remote_start_errors',
    'bridge_remote_poll_errors',
    'bridge_calls_started',
    'bridge_calls_completed',
    'bridge_completion_delivery_retries',
    'bridge_completions_dropped',
    'bridge_lease_checks',
    'bridge_fallback_checks',
  ),
];

/** Those of the SDK's that a bridge exposes which has run a call and has failed a workflow task. */
export const SDK_METRICS: readonly MetricContract[] = [
  ...of(
    'histogram',
    'temporal_activity_schedule_to_start_latency',
    'temporal_workflow_task_schedule_to_start_latency',
    'temporal_request_latency',
  ),
  ...of(
    'gauge',
    'temporal_num_pollers',
    'temporal_sticky_cache_size',
    'temporal_worker_task_slots_available',
    'temporal_worker_task_slots_used',
  ),
  // The last one is there from the first failure on: an unknown workflow type on the bridge's queue makes one.
  ...of('counter', 'temporal_request', 'temporal_workflow_task_execution_failed'),
];

/** What Prometheus itself adds to each scrape, and makes of alerts. */
export const PROMETHEUS_METRICS: readonly string[] = ['up', 'scrape_samples_scraped', 'ALERTS'];

/** The metric that a series belongs to: a histogram's series have a suffix. `undefined`: none of the contract. */
export function metricOfSeries(series: string): MetricContract | undefined {
  return [...BRIDGE_METRICS, ...SDK_METRICS].find(({ name, type }) =>
    type === 'histogram'
      ? ['_bucket', '_sum', '_count'].some((suffix) => series === `${name}${suffix}`)
      : series === name,
  );
}
