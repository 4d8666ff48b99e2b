/** Every metric of the bridge, in one table: the recording code and the test of docs/observability.md read it. */
import { INPUT_REFUSALS, REFUSED_INPUTS_DOC } from '../../shared/refused-inputs.js';
import { REQUEST_FAULTS } from '../grpc-errors.js';

/** What Prometheus knows a metric as. */
export type MetricType = 'counter' | 'gauge' | 'histogram';

interface MetricSpec {
  readonly type: MetricType;
  readonly labels: readonly string[];
  /** One line: shown as the metric's help text, too. */
  readonly doc: string;
}

const PATH = ['source_cluster', 'destination_cluster'] as const;

/** The bridge's metrics by name. Names and labels are contract: dashboards and alerts are written against them. */
export const METRICS = {
  bridge_calls_started: {
    type: 'counter',
    labels: PATH,
    doc: 'Calls whose wrapper was started on the handler cluster',
  },
  bridge_calls_completed: {
    type: 'counter',
    labels: [...PATH, 'outcome', 'way'],
    doc: 'Calls whose outcome was handed to the caller cluster, by signal or by the anchor activity',
  },
  bridge_calls_in_flight: {
    type: 'gauge',
    labels: ['cluster'],
    doc: 'Open wrappers in the namespace of the handler cluster, counted every 15 s by the handler side',
  },
  bridge_cross_cluster_latency_ms: {
    type: 'histogram',
    labels: [...PATH, 'outcome'],
    doc: 'Milliseconds from the record of a call on the caller cluster until its outcome was handed there, the run of the target included',
  },
  bridge_completion_delivery_ms: {
    type: 'histogram',
    labels: PATH,
    doc: 'Milliseconds from an outcome being there on the handler cluster until the caller cluster took the signal',
  },
  bridge_completion_delivery_retries: {
    type: 'counter',
    labels: PATH,
    doc: 'Further tries of a completion signal whose first one did not get through',
  },
  bridge_completions_dropped: {
    type: 'counter',
    labels: [...PATH, 'reason'],
    doc: 'Completion signals that are not sent (any more)',
  },
  bridge_calls_refused: {
    type: 'counter',
    labels: [...PATH, 'reason'],
    doc: 'Requests that a side of the bridge did not act upon, by reason: not allowed, not well-formed, too many calls, or its seal is not good; each try',
  },
  bridge_calls_held: {
    type: 'counter',
    labels: [...PATH, 'side', 'reason'],
    doc: 'Tries at a start that a cap of this side held back; the call waits and is tried again',
  },
  bridge_inputs_refused: {
    type: 'counter',
    labels: ['namespace', 'task_queue', 'workflow_type', 'reason'],
    doc: REFUSED_INPUTS_DOC,
  },
  bridge_reload_failed: {
    type: 'gauge',
    labels: ['role'],
    doc: '1 while changed files of keys or of the allow-list cannot be used and the old ones hold, else 0',
  },
  bridge_remote_start_errors: {
    type: 'counter',
    labels: [...PATH, 'reason'],
    doc: 'Tries to start a wrapper on the handler cluster that failed',
  },
  bridge_remote_poll_errors: {
    type: 'counter',
    labels: [...PATH, 'reason'],
    doc: 'Fallback looks at the handler cluster that failed',
  },
  bridge_fallback_checks: {
    type: 'counter',
    labels: [...PATH, 'result'],
    doc: 'Looks of the anchor activity at a call on the handler cluster',
  },
  bridge_lease_checks: {
    type: 'counter',
    labels: [...PATH, 'result'],
    doc: 'Looks of the handler side whether a caller still lives',
  },
  bridge_queue_depth: {
    type: 'gauge',
    labels: ['cluster', 'task_queue', 'task_type'],
    doc: 'Approximate backlog of a task queue of the bridge, read every 15 s by the side that polls it',
  },
  bridge_heartbeat_age_ms: {
    type: 'gauge',
    labels: ['cluster'],
    doc: 'Milliseconds since the cluster last answered a request of this process',
  },
  bridge_cluster_reachable: {
    type: 'gauge',
    labels: ['cluster'],
    doc: '1 if the cluster answered this process within the last 30 s, else 0',
  },
  bridge_build_info: {
    type: 'gauge',
    labels: ['version', 'sdk_version', 'node_version', 'role'],
    doc: 'Always 1; what runs is in the labels',
  },
} as const satisfies Record<string, MetricSpec>;

/** Name of a metric of the bridge. */
export type MetricName = keyof typeof METRICS;
/** Names of the metrics of one type. */
export type MetricOf<T extends MetricType> = {
  [N in MetricName]: (typeof METRICS)[N]['type'] extends T ? N : never;
}[MetricName];
/** The labels of a metric with their values. */
export type LabelsOf<N extends MetricName> = Readonly<Record<(typeof METRICS)[N]['labels'][number], string>>;

/** Values of the labels that are words of the bridge's; the others are names out of the configuration, and versions. */
export const LABEL_VALUES = {
  outcome: ['completed', 'failed', 'canceled', 'timed_out', 'terminated', 'refused'],
  way: ['signal', 'fallback'],
  /** Of a fallback or lease check. */
  result: ['running', 'ended', 'absent', 'unreachable'],
  /** Of an error of a request: the classes of `faultOf`. */
  fault: REQUEST_FAULTS,
  /** Of a dropped completion: what the wrapper reports of it. */
  dropped: ['caller-gone', 'seal-refused', 'too-large', 'refused', 'signals-off'],
  /** Of a request that was not acted upon; `seal-key-unknown` and `caller-not-served` are tried again. */
  refusal: [
    'caller-not-allowed',
    'target-not-allowed',
    'seal-invalid',
    'seal-key-unknown',
    'caller-not-served',
    'envelope-invalid',
    'request-invalid',
    'too-many-calls',
  ],
  /** Of a start that was held back. */
  side: ['caller', 'handler'],
  cap: ['in-flight', 'rate'],
  /** Of what workflow code did not act upon. */
  input: INPUT_REFUSALS,
  task_type: ['workflow', 'activity'],
  role: ['caller', 'handler', 'both'],
} as const;

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** Upper bounds of the histograms' buckets in milliseconds: from a call on one machine, 5 ms, to the longest fallback, 1 h. */
export const LATENCY_BUCKETS_MS: readonly number[] = [
  ...[5, 10, 25, 50, 100, 250, 500],
  ...[1, 2.5, 5, 10, 30].map((s) => s * SECOND),
  ...[1, 2, 5, 10, 30, 60].map((m) => m * MINUTE),
];
