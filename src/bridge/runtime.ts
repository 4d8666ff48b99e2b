import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { Runtime, makeTelemetryFilterString } from '@temporalio/worker';
import type { BridgeLogger } from './logger.js';
import { sdkLogger } from './logger.js';
import { LATENCY_BUCKETS_MS } from './metrics/metric-table.js';

/**
 * Buckets of the bridge's histograms in milliseconds, 5 ms to 1 h, as the SDK's runtime takes them
 * (`histogramBucketOverrides`). Without them its own are used, which end at 10 s.
 */
export const HISTOGRAM_BUCKETS: Readonly<Record<string, number[]>> = {
  bridge_cross_cluster_latency_ms: [...LATENCY_BUCKETS_MS],
  bridge_completion_delivery_ms: [...LATENCY_BUCKETS_MS],
};

/** What {@link installRuntime} may set. */
export interface InstallRuntimeOptions {
  /**
   * `host:port` at which the SDK's own exporter serves `/metrics` in Prometheus' format, the SDK's metrics and the bridge's.
   * Default: none, and nothing is measured.
   */
  readonly metricsAddress?: string;
}

/**
 * Sends the SDK's own logs into the bridge's stream, and serves metrics if told where. Once a process: the SDK's runtime is
 * a singleton.
 *
 * @throws the SDK's error if the address cannot be listened on
 */
export function installRuntime(log: BridgeLogger, { metricsAddress }: InstallRuntimeOptions = {}): void {
  Runtime.install({
    logger: sdkLogger(log),
    telemetryOptions: {
      logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }) },
      ...(metricsAddress === undefined
        ? {}
        : {
            metrics: {
              attachServiceName: false,
              prometheus: { bindAddress: metricsAddress, histogramBucketOverrides: { ...HISTOGRAM_BUCKETS } },
            },
          }),
    },
    shutdownSignals: [],
  });
}

/** The runtime of a bridge's own process, with its exporter on a port of the loopback interface. */
export interface MeasuredRuntime {
  /** Where the exporter answers. */
  readonly metricsUrl: string;
  /** Lets the runtime end with its last connection. */
  readonly release: () => Promise<void>;
}

/** How often a port that was free is tried before it counts as trouble of another kind: somebody may take it in between. */
const PORT_TRIES = 5;

/** Installs the runtime with an exporter on a free port, for a server that passes its answers on. */
export async function installMeasuredRuntime(log: BridgeLogger): Promise<MeasuredRuntime> {
  for (let tries = 1; ; tries += 1) {
    const metricsAddress = `127.0.0.1:${await freePort()}`;
    try {
      installRuntime(log, { metricsAddress });
      return { metricsUrl: `http://${metricsAddress}/metrics`, release: hold(Runtime.instance(), log) };
    } catch (error) {
      if (tries >= PORT_TRIES) throw error;
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** What the SDK counts to know whether somebody still needs its runtime. */
interface Counted {
  readonly backRefs?: unknown;
  readonly shutdownIfIdle?: unknown;
}

/**
 * Keeps the runtime while there is no connection. The SDK ends it with its last one, also with one that failed: while a
 * cluster is down at the start, the exporter would go at each attempt, and everything counted with it. There is no public
 * way to say so; with an SDK that counts otherwise, this does nothing but say so.
 */
function hold(runtime: Runtime, log: BridgeLogger): () => Promise<void> {
  const counted = runtime as unknown as Counted;
  const { backRefs } = counted;
  const holder = {};
  if (backRefs instanceof Set) backRefs.add(holder);
  else log.warn('With this version of the SDK metrics begin anew when no cluster can be reached');
  return async () => {
    if (!(backRefs instanceof Set) || !backRefs.delete(holder)) return;
    if (typeof counted.shutdownIfIdle === 'function') await counted.shutdownIfIdle.call(runtime);
  };
}
