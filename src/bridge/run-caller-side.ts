import type { Client } from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';
import { callerActivities } from './caller/activities.js';
import type { CallerSide, CallerSides } from './caller/caller-side.js';
import { CallCaps } from './caps/call-caps.js';
import type { ClusterClient } from './cluster-client.js';
import { clientOn, createClusterClient } from './cluster-client.js';
import type { ResolvedConfig } from './config/resolve.js';
import { CROSS_CLUSTER_WORKFLOW } from '../shared/names.js';
import type { BridgeLogger } from './logger.js';
import type { SupervisedWorker } from './supervised-worker.js';
import { superviseWorker } from './supervised-worker.js';
import type { SideTracing, TracedSide, Tracing } from './tracing/tracing.js';
import type { Trust } from './trust.js';
import type { Watched } from './watched.js';
import type { BundleLoader, CodecsByCluster, Side } from './run-side.js';
import { workerOptions } from './run-side.js';

/** How the caller side is placed among the workers of its process. */
interface ConnectOptions {
  /** Its worker has payload codecs. Default: as the caller cluster's are given. */
  readonly workerHasCodec?: boolean;
  /** The handler side's worker, if it runs in this process, too. */
  readonly handlerWorker?: Pick<SupervisedWorker, 'connection'> | undefined;
  readonly traced?: SideTracing | undefined;
  readonly watched: Watched;
  readonly trust: Trust;
  /** Caps by the name of the handler cluster, which other workers of this process count by, too. Default: its own. */
  readonly caps?: Map<string, CallCaps>;
}

/** The caps on calls to a cluster: those that there are, else new ones. */
function capsOf(caps: Map<string, CallCaps>, remote: ClusterClient, make: () => CallCaps): CallCaps {
  const { name } = remote.cluster;
  const shared = caps.get(name) ?? make();
  caps.set(name, shared);
  return shared;
}

/** A client on whichever connection a worker has. */
function clientOfWorker(
  worker: Pick<SupervisedWorker, 'connection'>,
  clientOf: (connection: NativeConnection) => Client,
): () => Client | undefined {
  let on: { readonly connection: NativeConnection; readonly client: Client } | undefined;
  return () => {
    const connection = worker.connection();
    if (connection && connection !== on?.connection) on = { connection, client: clientOf(connection) };
    return connection && on?.client;
  };
}

/** What the caller side's activities need, and the clients behind it. */
export function connectCallerSides(
  config: ResolvedConfig,
  log: BridgeLogger,
  codecs: CodecsByCluster,
  {
    workerHasCodec = (codecs[config.callerCluster.name] ?? []).length > 0,
    handlerWorker,
    traced,
    watched: { metrics, heartbeats, rotation },
    trust,
    caps = new Map<string, CallCaps>(),
  }: ConnectOptions,
): { sides: CallerSides; clients: readonly ClusterClient[] } {
  const clientInterceptors = traced ? [traced.clientInterceptor] : [];
  const made = config.handlerClusters.map((cluster): CallerSide => {
    const { handlerTaskQueue } = cluster;
    const remote = heartbeats.watch(
      createClusterClient(cluster, config.rpcTimeoutMs, codecs[cluster.name], clientInterceptors, rotation),
    );
    return {
      sourceCluster: config.callerCluster.name,
      remote,
      handlerTaskQueue,
      ...(cluster.name === config.handlerCluster.name && handlerWorker
        ? {
            handlerHere: clientOfWorker(handlerWorker, (connection) =>
              clientOn(connection, cluster.namespace, codecs[cluster.name] ?? [], clientInterceptors),
            ),
          }
        : {}),
      sealer: trust.sealer,
      allow: trust.allow,
      caps: capsOf(caps, remote, () => new CallCaps(config.caps, remote, log)),
      fallback: config.fallback,
      startRetry: config.startRetry,
      clockSkewMs: config.clockSkewMs,
      workerHasCodec,
      log: traced?.logger(log) ?? log,
      metrics: metrics.declareCallerSide(config.callerCluster.name, cluster.name),
    };
  });
  const byCluster = new Map(made.map((side) => [side.remote.cluster.name, side]));
  const [byDefault] = made;
  if (!byDefault) throw new TypeError('no handler cluster is configured');
  return { sides: { byDefault, byCluster }, clients: made.map(({ remote }) => remote) };
}

/** The caller side as traces name it. */
export function callerSideOf({ callerCluster, handlerCluster }: ResolvedConfig): TracedSide {
  return { side: 'caller', cluster: callerCluster, defaultTargetCluster: handlerCluster.name };
}

/** The caller side: polls the caller cluster, and holds a client of each handler cluster. */
export function runCallerSide(
  config: ResolvedConfig,
  log: BridgeLogger,
  bundle: BundleLoader,
  codecs: CodecsByCluster,
  tracing: Tracing | undefined,
  handlerWorker: SupervisedWorker | undefined,
  watched: Watched,
  trust: Trust,
): Side {
  const traced = tracing?.side(callerSideOf(config));
  const connect = { handlerWorker, traced, watched, trust };
  const { sides, clients } = connectCallerSides(config, log, codecs, connect);
  // Calls need no client of their own cluster: this one only asks how it is there.
  const { heartbeats, rotation } = watched;
  const own = heartbeats.watch(
    createClusterClient(config.callerCluster, config.rpcTimeoutMs, [], [], rotation),
  );
  watched.metrics.declareInputs(
    config.callerCluster.namespace,
    config.callerTaskQueue,
    CROSS_CLUSTER_WORKFLOW,
  );
  const activities = callerActivities(sides);
  const worker = superviseWorker({
    name: 'caller-side',
    cluster: config.callerCluster,
    log,
    rotation,
    worker: async () => ({
      ...workerOptions(config, codecs[config.callerCluster.name] ?? [], traced),
      namespace: config.callerCluster.namespace,
      taskQueue: config.callerTaskQueue,
      workflowBundle: await bundle('caller'),
      activities,
    }),
  });
  const queue = { client: own, taskQueue: config.callerTaskQueue, worker, countsCalls: false };
  return { worker, clients: [...clients, own], queue };
}
