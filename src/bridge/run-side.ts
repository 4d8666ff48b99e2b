/** What both sides of the bridge are run by. */
import type { WorkerOptions } from '@temporalio/worker';
import type { PayloadCodec } from '@temporalio/common';
import { activityCallInterceptor } from './activity-call.js';
import type { ClusterClient } from './cluster-client.js';
import type { ResolvedConfig } from './config/resolve.js';
import type { WatchedQueue } from './health/queue-watch.js';
import { modulePath } from './module-path.js';
import { PASS_REFERENCES } from './payload-references.js';
import type { SupervisedWorker } from './supervised-worker.js';
import type { SideTracing } from './tracing/tracing.js';
import type { BundleName } from './workflow-bundles.js';
import { type loadBundle } from './workflow-bundles.js';

/** Payload codecs by the name of the cluster whose payloads they write, in the SDK's order. */
export type CodecsByCluster = Readonly<Record<string, readonly PayloadCodec[]>>;

/** A side of the bridge that runs in this process. */
export interface Side {
  readonly worker: SupervisedWorker;
  readonly clients: readonly ClusterClient[];
  readonly queue: Omit<WatchedQueue, 'metrics'>;
}

/** Loads a workflow bundle, each once. */
export type BundleLoader = (name: BundleName) => ReturnType<typeof loadBundle>;

/** Options of a side’s worker, but those that tell what it works for. */
export function workerOptions(
  config: ResolvedConfig,
  payloadCodecs: readonly PayloadCodec[],
  tracing: SideTracing | undefined,
): Omit<WorkerOptions, 'connection' | 'taskQueue'> {
  const { maxConcurrentActivities, maxConcurrentWorkflowTasks, maxCachedWorkflows } = config.worker;
  return {
    maxConcurrentActivityTaskExecutions: maxConcurrentActivities,
    maxConcurrentLocalActivityExecutions: maxConcurrentActivities,
    maxConcurrentWorkflowTaskExecutions: maxConcurrentWorkflowTasks,
    maxCachedWorkflows,
    shutdownGraceTime: config.shutdownGraceMs,
    shutdownForceTime: config.shutdownGraceMs + 5_000,
    interceptors: { activity: [...(tracing ? [tracing.activityInterceptor] : []), activityCallInterceptor] },
    ...(tracing ? { sinks: tracing.sinks } : {}),
    dataConverter: {
      payloadConverterPath: modulePath('src/bridge/host-payload-converter'),
      payloadCodecs: [...payloadCodecs],
      externalStorage: PASS_REFERENCES,
    },
    reuseV8Context: true,
  };
}
