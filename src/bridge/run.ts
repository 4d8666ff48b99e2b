import type { Client } from '@temporalio/client';
import type { NativeConnection, WorkerOptions } from '@temporalio/worker';
import type { PayloadCodec } from '@temporalio/common';
import { activityCallInterceptor } from './activity-call.js';
import { callerActivities } from './caller/activities.js';
import type { CallerSide, CallerSides } from './caller/caller-side.js';
import { CallCaps } from './caps/call-caps.js';
import type { ClusterClient } from './cluster-client.js';
import { clientOn, createClusterClient } from './cluster-client.js';
import type { ResolvedConfig } from './config/resolve.js';
import { handlerActivities } from './handler/activities.js';
import type { HealthReport } from './health/bridge-health.js';
import { watchHealth } from './health/bridge-health.js';
import type { WatchedQueue } from './health/queue-watch.js';
import { CROSS_CLUSTER_WORKFLOW, REMOTE_CALL_WORKFLOW } from '../shared/names.js';
import type { BridgeLogger } from './logger.js';
import { createLogger } from './logger.js';
import { modulePath } from './module-path.js';
import { PASS_REFERENCES } from './payload-references.js';
import type { SupervisedWorker } from './supervised-worker.js';
import { superviseWorker } from './supervised-worker.js';
import type { SideTracing, TracedSide, Tracing } from './tracing/tracing.js';
import type { Trust } from './trust.js';
import { createTrust } from './trust.js';
import type { Watched } from './watched.js';
import { createWatched } from './watched.js';
import type { BundleName } from './workflow-bundles.js';
import { loadBundle } from './workflow-bundles.js';

/** A running bridge. */
export interface RunningBridge {
  /** Resolves when every worker of this process polls its cluster; waits for clusters that are down. */
  readonly ready: Promise<void>;
  /** Resolves when the bridge has stopped. */
  readonly closed: Promise<void>;
  /** Whether the bridge can do its work now, and what is wrong if it cannot. Asks nobody: it is what was last seen. */
  health(): HealthReport;
  /** Reads the files of keys and allow-list now; they are looked at every 5 s anyway. */
  reload(): void;
  /** Drains: polls no more, lets running tasks end within the grace time, closes connections. */
  shutdown(reason: string): Promise<void>;
}

/** Payload codecs by the name of the cluster whose payloads they write, in the SDK's order. */
export type CodecsByCluster = Readonly<Record<string, readonly PayloadCodec[]>>;

/** What a caller of {@link runBridge} may set beyond the configuration. */
export interface RunBridgeOptions {
  /**
   * Payload codecs, for clusters that do not encode alike: the bridge translates between them, and reads the payloads for
   * it. Default none: payloads cross as they are, and the bridge needs no key.
   */
  readonly codecs?: CodecsByCluster;
  /** Folder of prebuilt workflow bundles; by default those of the build. */
  readonly bundleFolder?: string;
  /** Traces calls, see `startTracing`; the bridge does not end it. Default: calls are not traced. */
  readonly tracing?: Tracing | undefined;
}

function workerOptions(
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

/** How the caller side is placed among the workers of its process. */
interface ConnectOptions {
  /** Its worker has payload codecs. Default: as the caller cluster's are given. */
  readonly workerHasCodec?: boolean;
  /** The handler side's worker, if it runs in this process, too. */
  readonly handlerWorker?: Pick<SupervisedWorker, 'connection'> | undefined;
  readonly traced?: SideTracing | undefined;
  readonly watched: Watched;
  readonly trust: Trust;
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
      caps: new CallCaps(config.caps, remote, log),
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
function runCallerSide(
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

type BundleLoader = (name: BundleName) => ReturnType<typeof loadBundle>;

/** A side of the bridge that runs in this process. */
export interface Side {
  readonly worker: SupervisedWorker;
  readonly clients: readonly ClusterClient[];
  readonly queue: Omit<WatchedQueue, 'metrics'>;
}

/**
 * Runs the bridge: one or both sides, until it is shut down. It starts whether or not the clusters are up.
 *
 * @param config - checked configuration, see `resolveConfig`
 * @param log - default: lines on the standard output, as the configuration says
 */
export function runBridge(
  config: ResolvedConfig,
  log: BridgeLogger = createLogger(config.log),
  options: RunBridgeOptions = {},
): Promise<RunningBridge> {
  const bundles = new Map<BundleName, ReturnType<typeof loadBundle>>();
  const bundle: BundleLoader = (name) => {
    const loading =
      bundles.get(name) ?? loadBundle(name, options.bundleFolder, options.tracing !== undefined);
    bundles.set(name, loading);
    return loading;
  };
  const sides: Side[] = [];
  const { codecs = {}, tracing } = options;
  const watched = createWatched(config.role, log, config);
  const trust = createTrust(config, log, watched.metrics);
  const handler =
    config.role === 'caller'
      ? undefined
      : runHandlerSide(config, log, codecs, tracing, watched, trust, bundle);
  if (handler) sides.push(handler);
  if (config.role !== 'handler')
    sides.push(runCallerSide(config, log, bundle, codecs, tracing, handler?.worker, watched, trust));
  const queues = sides.map(({ queue }) => queue);
  const watch = watchHealth(watched.heartbeats, queues, watched.metrics);
  const closed = Promise.all(sides.map(({ worker }) => worker.closed))
    .finally(() => {
      watch.stop();
      trust.stop();
      return Promise.allSettled(sides.flatMap(({ clients }) => clients.map((client) => client.close())));
    })
    .then(() => undefined);
  const ready = Promise.all(sides.map(({ worker }) => worker.ready)).then(() => undefined);
  // Who does not wait for it need not hear that the bridge was shut down before.
  ready.catch(() => undefined);
  return Promise.resolve({
    ready,
    closed,
    health: () => watch.health(),
    reload: () => trust.reload(),
    shutdown: (reason) => {
      watch.drain();
      log.info('Draining', { reason, graceMs: config.shutdownGraceMs });
      for (const { worker } of sides) worker.shutdown();
      return closed;
    },
  });
}
