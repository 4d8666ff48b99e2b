import { createRequire } from 'node:module';
import type { MetricMeter } from '@temporalio/common';
import { Runtime } from '@temporalio/worker';
import { faultOf } from '../grpc-errors.js';
import type { BridgeLogger } from '../logger.js';
import { packageVersion } from '../package-version.js';
import { Instruments } from './instruments.js';
import type { LabelsOf, MetricOf } from './metric-table.js';
import { LABEL_VALUES } from './metric-table.js';

/** What a look at the other side of a call found. */
export type CheckResult = (typeof LABEL_VALUES.result)[number];
/** Why a completion is not signalled. */
export type DropReason = (typeof LABEL_VALUES.dropped)[number];

/** Why a request was not acted upon. */
export type Refusal = (typeof LABEL_VALUES.refusal)[number];

/** A cap, and the side that it is set on. */
export interface HeldBy {
  readonly side: (typeof LABEL_VALUES.side)[number];
  readonly reason: (typeof LABEL_VALUES.cap)[number];
}

const CALLER_REFUSALS: readonly Refusal[] = ['caller-not-allowed', 'target-not-allowed', 'request-invalid'];
const HANDLER_REFUSALS = LABEL_VALUES.refusal.filter(
  (reason) => reason !== 'caller-not-allowed' && reason !== 'request-invalid',
);

/** How a call ended, for its metrics. */
export interface CompletedCall {
  readonly outcome: (typeof LABEL_VALUES.outcome)[number];
  readonly way: (typeof LABEL_VALUES.way)[number];
  /** Milliseconds since the call was recorded on the caller cluster; absent: not known. */
  readonly tookMs?: number | undefined;
}

/** Whether the SDK's class tells if there is a runtime; the field goes with the runtime, so it is looked for at the start. */
const TELLS_OF_RUNTIME = '_instance' in Runtime;

/**
 * The meter of the SDK's runtime. Asking for the runtime would make one, with its exporter, that nobody ends: where none
 * is, nothing is recorded, until the next connection has made one.
 */
function meterOfRuntime(): MetricMeter | undefined {
  const made = Runtime as unknown as { readonly _instance?: Runtime };
  return TELLS_OF_RUNTIME ? made._instance?.metricMeter : Runtime.instance().metricMeter;
}

/** What is counted of the calls from one cluster to another; each method at one place in the code. */
export class CallMetrics {
  readonly #instruments: Instruments;
  readonly #path: { readonly source_cluster: string; readonly destination_cluster: string };

  constructor(instruments: Instruments, source: string, destination: string) {
    this.#instruments = instruments;
    this.#path = { source_cluster: source, destination_cluster: destination };
  }

  /** The wrapper was started. */
  started(): void {
    this.#instruments.record('bridge_calls_started', 1, this.#path);
  }

  /** A try to start the wrapper failed. */
  startFailed(error: unknown): void {
    const labels = { ...this.#path, reason: faultOf(error) };
    this.#instruments.record('bridge_remote_start_errors', 1, labels);
  }

  /** The anchor activity looked at the call. */
  looked(result: Exclude<CheckResult, 'unreachable'>): void {
    this.#instruments.record('bridge_fallback_checks', 1, { ...this.#path, result });
  }

  /** The anchor activity wanted to look at the call, and could not. */
  lookFailed(error: unknown): void {
    this.#instruments.record('bridge_fallback_checks', 1, { ...this.#path, result: 'unreachable' });
    this.#instruments.record('bridge_remote_poll_errors', 1, { ...this.#path, reason: faultOf(error) });
  }

  /** The outcome was handed to the caller cluster. */
  completed({ outcome, way, tookMs }: CompletedCall): void {
    this.#instruments.record('bridge_calls_completed', 1, { ...this.#path, outcome, way });
    if (tookMs !== undefined)
      this.#instruments.record('bridge_cross_cluster_latency_ms', tookMs, { ...this.#path, outcome });
  }

  /** The handler side looked whether the caller lives. */
  leaseChecked(result: CheckResult): void {
    this.#instruments.record('bridge_lease_checks', 1, { ...this.#path, result });
  }

  /** The caller cluster took a completion signal this long after the outcome was there. */
  delivered(tookMs: number): void {
    this.#instruments.record('bridge_completion_delivery_ms', tookMs, this.#path);
  }

  /** A completion signal is tried again. */
  deliveryRetried(): void {
    this.#instruments.record('bridge_completion_delivery_retries', 1, this.#path);
  }

  /** A completion is not signalled. */
  dropped(reason: DropReason): void {
    this.#instruments.record('bridge_completions_dropped', 1, { ...this.#path, reason });
  }

  /** A request was not acted upon. */
  refused(reason: Refusal): void {
    this.#instruments.record('bridge_calls_refused', 1, { ...this.#path, reason });
  }

  /** A start was held back. */
  held({ side, reason }: HeldBy): void {
    this.#instruments.record('bridge_calls_held', 1, { ...this.#path, side, reason });
  }

  /** Shows what the caller side counts, as 0: a rate needs a value from before the first event. */
  declareCallerSide(): void {
    const path = this.#path;
    this.#show('bridge_calls_started', path);
    for (const outcome of LABEL_VALUES.outcome)
      this.#show('bridge_calls_completed', { ...path, outcome, way: 'fallback' });
    for (const result of LABEL_VALUES.result) this.#show('bridge_fallback_checks', { ...path, result });
    for (const reason of CALLER_REFUSALS) this.#show('bridge_calls_refused', { ...path, reason });
    for (const reason of LABEL_VALUES.cap)
      this.#show('bridge_calls_held', { ...path, side: 'caller', reason });
    for (const reason of LABEL_VALUES.fault) {
      this.#show('bridge_remote_start_errors', { ...path, reason });
      this.#show('bridge_remote_poll_errors', { ...path, reason });
    }
  }

  /** Shows what the handler side counts, as 0. */
  declareHandlerSide(): void {
    const path = this.#path;
    for (const outcome of LABEL_VALUES.outcome)
      this.#show('bridge_calls_completed', { ...path, outcome, way: 'signal' });
    for (const result of LABEL_VALUES.result) this.#show('bridge_lease_checks', { ...path, result });
    for (const reason of LABEL_VALUES.dropped) this.#show('bridge_completions_dropped', { ...path, reason });
    for (const reason of HANDLER_REFUSALS) this.#show('bridge_calls_refused', { ...path, reason });
    this.#show('bridge_calls_held', { ...path, side: 'handler', reason: 'rate' });
    this.#show('bridge_completion_delivery_retries', path);
  }

  #show<N extends MetricOf<'counter'>>(name: N, labels: LabelsOf<N>): void {
    this.#instruments.record(name, 0, labels);
  }
}

/** What the bridge counts, on the meter of the SDK's runtime: without an exporter there, nothing is. */
export class BridgeMetrics {
  readonly #instruments: Instruments;
  readonly #calls = new Map<string, CallMetrics>();

  /** @param meter - asked at each record; default: that of the SDK's runtime */
  constructor(log: BridgeLogger, meter: () => MetricMeter | undefined = meterOfRuntime) {
    let isTold = false;
    this.#instruments = new Instruments(meter, (error) => {
      if (!isTold) log.warn('Metrics cannot be recorded', { why: String(error) });
      isTold = true;
    });
  }

  /** What is counted of the calls between two clusters. */
  between(source: string, destination: string): CallMetrics {
    const key = JSON.stringify([source, destination]);
    const calls = this.#calls.get(key) ?? new CallMetrics(this.#instruments, source, destination);
    this.#calls.set(key, calls);
    return calls;
  }

  /** Shows what the caller side counts of calls between two clusters, from the start. */
  declareCallerSide(source: string, destination: string): CallMetrics {
    const calls = this.between(source, destination);
    this.#instruments.declare(() => calls.declareCallerSide());
    return calls;
  }

  /** Shows what the handler side counts of calls between two clusters, from the start. */
  declareHandlerSide(source: string, destination: string): CallMetrics {
    const calls = this.between(source, destination);
    this.#instruments.declare(() => calls.declareHandlerSide());
    return calls;
  }

  /** Shows what a workflow of this process counts of its inputs, as 0. */
  declareInputs(namespace: string, taskQueue: string, workflowType: string): void {
    const labels = { namespace, task_queue: taskQueue, workflow_type: workflowType };
    this.#instruments.declare(() => {
      for (const reason of LABEL_VALUES.input)
        this.#instruments.record('bridge_inputs_refused', 0, { ...labels, reason });
    });
  }

  /** Says which versions run. */
  declareBuild(role: (typeof LABEL_VALUES.role)[number]): void {
    const labels = {
      version: packageVersion(),
      sdk_version: sdkVersion(),
      node_version: process.versions.node,
      role,
    };
    this.#instruments.declare(() => this.#instruments.record('bridge_build_info', 1, labels));
  }

  /** Sets when a cluster last answered. */
  heartbeat(cluster: string, ageMs: number, isReachable: boolean): void {
    this.#instruments.record('bridge_heartbeat_age_ms', ageMs, { cluster });
    this.#instruments.record('bridge_cluster_reachable', isReachable ? 1 : 0, { cluster });
  }

  /** Shows from the start that no changed file is refused. */
  declareReload(role: (typeof LABEL_VALUES.role)[number]): void {
    this.#instruments.declare(() => this.reloadFailed(role, false));
  }

  /** Sets whether changed files cannot be used. */
  reloadFailed(role: (typeof LABEL_VALUES.role)[number], hasFailed: boolean): void {
    this.#instruments.record('bridge_reload_failed', hasFailed ? 1 : 0, { role });
  }

  /** Sets how many wrappers are open. */
  callsInFlight(cluster: string, calls: number): void {
    this.#instruments.record('bridge_calls_in_flight', calls, { cluster });
  }

  /** Sets how many tasks wait in a queue. */
  queueDepth(
    cluster: string,
    taskQueue: string,
    taskType: (typeof LABEL_VALUES.task_type)[number],
    tasks: number,
  ): void {
    const labels = { cluster, task_queue: taskQueue, task_type: taskType };
    this.#instruments.record('bridge_queue_depth', tasks, labels);
  }
}

/** The version of the SDK's worker that is installed. */
function sdkVersion(): string {
  try {
    const { version } = createRequire(import.meta.url)('@temporalio/worker/package.json') as {
      version?: unknown;
    };
    return typeof version === 'string' ? version : 'unknown';
  } catch {
    return 'unknown';
  }
}
