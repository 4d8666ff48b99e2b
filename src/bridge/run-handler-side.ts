import { CallCaps } from './caps/call-caps.js';
import { createClusterClient } from './cluster-client.js';
import type { ResolvedConfig } from './config/resolve.js';
import { handlerActivities } from './handler/activities.js';
import { REMOTE_CALL_WORKFLOW } from '../shared/names.js';
import type { BridgeLogger } from './logger.js';
import { superviseWorker } from './supervised-worker.js';
import type { Tracing } from './tracing/tracing.js';
import type { Trust } from './trust.js';
import type { Watched } from './watched.js';
import { loadBundle } from './workflow-bundles.js';
import type { BundleLoader, CodecsByCluster, Side } from './run-side.js';
import { workerOptions } from './run-side.js';

/** The handler side: polls the handler cluster, and holds a client of each caller cluster for completion signals. */
export function runHandlerSide(
  config: ResolvedConfig,
  log: BridgeLogger,
  codecs: CodecsByCluster,
  tracing: Tracing | undefined,
  { metrics, heartbeats, rotation }: Watched,
  { verifier, allow }: Trust,
  bundle: BundleLoader = (name) => loadBundle(name, undefined, tracing !== undefined),
): Side {
  const { name } = config.handlerCluster;
  const traced = tracing?.side({
    side: 'handler',
    cluster: config.handlerCluster,
    defaultTargetCluster: name,
  });
  const callers = config.callerClusters.map((cluster) =>
    heartbeats.watch(
      createClusterClient(
        cluster,
        config.rpcTimeoutMs,
        codecs[cluster.name],
        traced && [traced.clientInterceptor],
        rotation,
      ),
    ),
  );
  for (const { cluster } of callers) metrics.declareHandlerSide(cluster.name, name);
  metrics.declareInputs(config.handlerCluster.namespace, config.handlerTaskQueue, REMOTE_CALL_WORKFLOW);
  const ownCodecs = codecs[config.handlerCluster.name] ?? [];
  const own = heartbeats.watch(
    createClusterClient(config.handlerCluster, config.rpcTimeoutMs, ownCodecs, [], rotation),
  );
  const activities = handlerActivities({
    callers,
    own,
    verifier,
    allow,
    caps: new CallCaps(config.caps, own, log),
    completionSignals: config.completionSignals,
    clockSkewMs: config.clockSkewMs,
    lease: config.lease,
    log: traced?.logger(log) ?? log,
    metrics,
  });
  const worker = superviseWorker({
    name: 'handler-side',
    cluster: config.handlerCluster,
    log,
    rotation,
    worker: async () => ({
      ...workerOptions(config, ownCodecs, traced),
      namespace: config.handlerCluster.namespace,
      taskQueue: config.handlerTaskQueue,
      workflowBundle: await bundle('handler'),
      activities,
    }),
  });
  const queue = { client: own, taskQueue: config.handlerTaskQueue, worker, countsCalls: true };
  return { worker, clients: [...callers, own], queue };
}
