import type { ResolvedConfig } from './config/resolve.js';
import type { HealthReport } from './health/bridge-health.js';
import { watchHealth } from './health/bridge-health.js';
import type { BridgeLogger } from './logger.js';
import { createLogger } from './logger.js';
import type { Tracing } from './tracing/tracing.js';
import { createTrust } from './trust.js';
import { createWatched } from './watched.js';
import type { BundleName } from './workflow-bundles.js';
import { loadBundle } from './workflow-bundles.js';
import type { BundleLoader, CodecsByCluster, Side } from './run-side.js';
import { runCallerSide } from './run-caller-side.js';
import { runHandlerSide } from './run-handler-side.js';

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
