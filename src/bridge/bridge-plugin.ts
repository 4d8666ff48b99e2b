import type { PayloadCodec } from '@temporalio/common';
import { SimplePlugin } from '@temporalio/plugin';
import { Runtime } from '@temporalio/worker';
import type { BundleOptions, Worker, WorkerOptions } from '@temporalio/worker';
import { BridgeError } from '../shared/bridge-error.js';
import { activityCallInterceptor } from './activity-call.js';
import { callerActivities } from './caller/activities.js';
import type { CallCaps } from './caps/call-caps.js';
import type { ClusterClient } from './cluster-client.js';
import type { ResolvedConfig } from './config/resolve.js';
import type { HealthWatch } from './health/bridge-health.js';
import { watchHealth } from './health/bridge-health.js';
import type { BridgeLogger } from './logger.js';
import { loggerWriting } from './logger.js';
import { modulePath } from './module-path.js';
import { callerSideOf, connectCallerSides } from './run-caller-side.js';
import { runHandlerSide } from './run-handler-side.js';
import type { CodecsByCluster, Side } from './run-side.js';
import type { Tracing } from './tracing/tracing.js';
import type { Trust } from './trust.js';
import { createTrust } from './trust.js';
import type { Watched } from './watched.js';
import { createWatched } from './watched.js';
import { PRELOADED } from './workflow-bundles.js';

/** How the caller side, and perhaps the handler side, runs in the process of a user's own worker. */
export interface StartHere {
  /** As for the bridge: `resolveConfig(process.env, { BRIDGE_ROLE: 'caller' })`. Its task queue setting is not used. */
  readonly config: ResolvedConfig;
  /**
   * Runs the handler side in this process, too, for the handler cluster's owner only: it then holds the handler side's
   * credentials and keys. The wrapper of a call begins with its start, without a dispatch on the handler cluster. Needs a
   * configuration of role `both`. Default `false`.
   */
  readonly handlerSide?: boolean;
  /** Default: the SDK's logger. */
  readonly log?: BridgeLogger;
  /** Codecs of handler clusters by name. Default: this worker's own, for each of them. */
  readonly codecs?: CodecsByCluster;
  /**
   * Traces the calls that start here, see `startTracing`. If this worker has the SDK's OpenTelemetry plugin, name that
   * before this one: the bridge's activities then have the bridge's spans only.
   */
  readonly tracing?: Tracing | undefined;
}

/** Options of {@link BridgePlugin}. */
export interface BridgePluginOptions {
  /**
   * Runs the caller side's activities on this worker, so that its calls need no caller-side bridge: one hop less. It puts
   * into this worker's process what the bridge's would hold: the seal's private key, and the credentials of the handler
   * clusters. Default: calls go through the bridge's queue, and this worker holds neither.
   */
  readonly startHere?: StartHere;
}

/** A configuration without a signing key would make seals that every handler side refuses. */
function checkStartHere({ config, handlerSide = false }: Partial<StartHere>): void {
  const canStart = config && config.role !== 'handler' && (config.signingKey !== undefined || config.dev);
  if (canStart && (!handlerSide || config.role === 'both')) return;
  if (canStart) {
    throw new BridgeError(
      'CONFIG_INVALID',
      `startHere.handlerSide; expected a configuration of role both, got role ${config.role}; use resolveConfig(process.env)`,
    );
  }
  throw new BridgeError(
    'CONFIG_INVALID',
    'startHere.config; expected a configuration of role caller or both with a signing key, got ' +
      `${config ? `role ${config.role} without one` : 'none'}; use resolveConfig(process.env, { BRIDGE_ROLE: 'caller' })`,
  );
}

/** Codecs of the handler clusters: as given, else this worker's own. */
function codecsOfHandlers({ config, codecs = {} }: StartHere, own: readonly PayloadCodec[]): CodecsByCluster {
  return Object.fromEntries(config.handlerClusters.map(({ name }) => [name, codecs[name] ?? own]));
}

/** The SDK's logger as the bridge's. */
function runtimeLogger(): BridgeLogger {
  const { logger } = Runtime.instance();
  return loggerWriting((level, message, bound, fields) => {
    logger[level](message, { ...bound, ...fields });
  });
}

/**
 * Plugin of a user's own worker on the caller cluster. Adds the bridge's workflow interceptors by the SDK's public way, and
 * optionally runs the caller side here. Workflow code is the same with and without it, and so are its histories, but for
 * the task queue of the bridge's activities: it can be added and removed while workflows run.
 *
 * A worker with a `workflowBundle` of its own needs the plugin at bundling, too: `bundleWorkflowCode({ plugins })`.
 */
export class BridgePlugin extends SimplePlugin {
  readonly #startHere: BridgePluginOptions['startHere'];
  #clients: readonly ClusterClient[] = [];
  /** Workers that were made and have not ended, and those that run: one that was made may never run. */
  #made = 0;
  #running = 0;
  #handlerSide: Side | undefined;
  #counts: Watched | undefined;
  #watch: HealthWatch | undefined;
  #trust: Trust | undefined;
  /** By handler cluster: all workers that this plugin is on count together. */
  #caps = new Map<string, CallCaps>();
  /** This worker's codecs, which the caller cluster's payloads have. */
  #own: readonly PayloadCodec[] = [];

  /** @throws {BridgeError} `CONFIG_INVALID` if `startHere` has a configuration that cannot start calls */
  constructor({ startHere }: BridgePluginOptions = {}) {
    super({
      name: 'temporal-bridge',
      workerInterceptors: {
        workflowModules: [
          modulePath(
            startHere ? 'src/workflow/caller-interceptors-own-queue' : 'src/workflow/caller-interceptors',
          ),
        ],
        ...(startHere ? { activity: [activityCallInterceptor] } : {}),
      },
    });
    if (startHere) checkStartHere(startHere);
    this.#startHere = startHere;
  }

  /** Shares what the package's workflow modules keep nothing in: less work for each workflow that this worker runs. */
  override configureBundler(options: BundleOptions): BundleOptions {
    const configured = super.configureBundler(options);
    return { ...configured, preloadModules: [...(configured.preloadModules ?? []), PRELOADED] };
  }

  override configureWorker(options: WorkerOptions): WorkerOptions {
    const configured = super.configureWorker(options);
    if (!this.#startHere) return configured;
    const { config, tracing } = this.#startHere;
    const traced = tracing?.side(callerSideOf(config));
    const own: readonly PayloadCodec[] = options.dataConverter?.payloadCodecs ?? [];
    this.#own = own;
    const { sides, clients } = connectCallerSides(
      config,
      this.#log(),
      codecsOfHandlers(this.#startHere, own),
      {
        // The caller's own worker writes what the caller's workflows read, codec or not: nothing has to hang on a token,
        // which this worker's converter would hand to the next attempt without the word on it.
        workerHasCodec: true,
        traced,
        watched: this.#watched(config),
        trust: this.#trusted(config),
        caps: this.#caps,
        handlerWorker: { connection: () => this.#handlerSide?.worker.connection() },
      },
    );
    this.#clients = [...this.#clients, ...clients];
    this.#made += 1;
    const activities = { ...configured.activities, ...callerActivities(sides) };
    if (!traced) return { ...configured, activities };
    const activity = [
      traced.activityInterceptor,
      ...traced.withoutSdkSpans(configured.interceptors?.activity),
    ];
    return { ...configured, activities, interceptors: { ...configured.interceptors, activity } };
  }

  override async runWorker(worker: Worker, next: (worker: Worker) => Promise<void>): Promise<void> {
    this.#running += 1;
    try {
      if (this.#startHere?.handlerSide) this.#handlerSide ??= this.#runHandlerSide(this.#startHere);
      if (this.#counts) this.#watch ??= this.#startWatch(this.#counts);
      await super.runWorker(worker, next);
    } finally {
      // The plugin may be on several workers: the last one that stops closes what they share.
      this.#running -= 1;
      this.#made -= 1;
      if (this.#running === 0) {
        this.#watch?.stop();
        this.#watch = undefined;
        await this.#stopHandlerSide();
      }
      if (this.#made === 0) await this.#closeClients();
    }
  }

  #log(): BridgeLogger {
    return this.#startHere?.log ?? runtimeLogger();
  }

  /** One for all workers that this plugin is on; the user's exporter shows what it counts. */
  #watched(config: ResolvedConfig): Watched {
    const { handlerSide = false } = this.#startHere ?? {};
    return (this.#counts ??= createWatched(handlerSide ? config.role : 'caller', this.#log(), config));
  }

  /** Payloads cross as they are, unless the handler cluster has codecs of its own: then both sides translate. */
  #runHandlerSide({ config, codecs = {}, tracing }: StartHere): Side {
    const translates = (codecs[config.handlerCluster.name] ?? []).length > 0;
    const ofClusters = translates ? { [config.callerCluster.name]: this.#own, ...codecs } : {};
    return runHandlerSide(
      config,
      this.#log(),
      ofClusters,
      tracing,
      this.#watched(config),
      this.#trusted(config),
    );
  }

  /** One for all workers that this plugin is on. */
  #trusted(config: ResolvedConfig): Trust {
    return (this.#trust ??= createTrust(config, this.#log(), this.#watched(config).metrics));
  }

  /** Keeps the gauges fresh: of the clusters, and of the handler side's queue. The user's own queue is his to watch. */
  #startWatch({ heartbeats, metrics }: Watched): HealthWatch {
    return watchHealth(heartbeats, this.#handlerSide ? [this.#handlerSide.queue] : [], metrics);
  }

  async #stopHandlerSide(): Promise<void> {
    const handlerSide = this.#handlerSide;
    this.#handlerSide = undefined;
    handlerSide?.worker.shutdown();
    await handlerSide?.worker.closed;
    await Promise.allSettled(handlerSide?.clients.map((client) => client.close()) ?? []);
  }

  async #closeClients(): Promise<void> {
    const clients = this.#clients;
    this.#clients = [];
    // What watched these clients would find them closed: the next worker has a watch of its own.
    this.#counts = undefined;
    // They ask by one of these clients.
    this.#caps = new Map();
    this.#trust?.stop();
    this.#trust = undefined;
    await Promise.allSettled(clients.map((client) => client.close()));
  }
}
