import { performance } from 'node:perf_hooks';
import type { ClusterAddress, ClusterClient } from '../cluster-client.js';
import type { ConnectionFault } from '../connection/connection-fault.js';
import { faultText, isAnswer } from '../grpc-errors.js';
import type { BridgeLogger } from '../logger.js';
import type { BridgeMetrics } from '../metrics/bridge-metrics.js';
import { startLoop } from './loop.js';

/** A cluster that has not answered for this long is not reachable, in milliseconds: three probes, and a half of one's time. */
export const REACHABLE_MS = 30_000;
/** Wait between two probes of a cluster, in milliseconds; a bridge that rests asks nothing else. */
const PROBE_MS = 10_000;
/** Wait before the next probe of a cluster that did not answer the last one, in milliseconds: it is noticed when it is back. */
const PROBE_AGAIN_MS = 2_000;
/** Deadline of a probe, in milliseconds. */
const PROBE_TIMEOUT_MS = 5_000;

/** How a cluster has answered this process. */
export interface ClusterHealth {
  /** As in the configuration. */
  readonly name: string;
  /** `host:port` of its frontend. */
  readonly address: string;
  /** It has answered within the last 30 s. An error such as a missing permission is an answer, too. */
  readonly reachable: boolean;
  /** Milliseconds since its last answer; null: none yet. */
  readonly lastAnswerMs: number | null;
  /** What the last request came to that it did not answer, if that was after its last answer. */
  readonly why?: string;
}

/** When one cluster, at one address, last answered. */
class Heartbeat {
  readonly cluster: ClusterAddress;
  readonly #since = performance.now();
  #answeredAt: number | undefined;
  #why: string | undefined;
  #fault: string | undefined;

  constructor(cluster: ClusterAddress) {
    this.cluster = cluster;
  }

  answered(): void {
    this.#answeredAt = performance.now();
    this.#why = undefined;
    this.#fault = undefined;
  }

  /** Whether this fault is another one than the last, since the last answer. */
  isNew({ message }: ConnectionFault): boolean {
    const isNew = message !== this.#fault;
    this.#fault = message;
    return isNew;
  }

  failed(error: unknown): void {
    this.#why = faultText(error);
  }

  /** Milliseconds since the last answer, or since the first probe of a cluster that has never answered. */
  ageMs(): number {
    return performance.now() - (this.#answeredAt ?? this.#since);
  }

  health(): ClusterHealth {
    const { name, address } = this.cluster;
    const hasAnswered = this.#answeredAt !== undefined;
    return {
      name,
      address,
      reachable: hasAnswered && this.ageMs() <= REACHABLE_MS,
      lastAnswerMs: hasAnswered ? Math.round(this.ageMs()) : null,
      ...(this.#why === undefined ? {} : { why: this.#why }),
    };
  }
}

/** When each cluster that a process talks to last answered: every request tells, and a light probe where there is none. */
export class Heartbeats {
  readonly #metrics: BridgeMetrics;
  readonly #log: BridgeLogger;
  readonly #byAddress = new Map<string, { readonly beat: Heartbeat; readonly client: ClusterClient }>();

  constructor(metrics: BridgeMetrics, log: BridgeLogger) {
    this.#metrics = metrics;
    this.#log = log;
  }

  /** The same client, whose answers are noticed. */
  watch(client: ClusterClient): ClusterClient {
    const { name, address } = client.cluster;
    const key = JSON.stringify([name, address]);
    const watched = this.#byAddress.get(key) ?? { beat: new Heartbeat(client.cluster), client };
    this.#byAddress.set(key, watched);
    const { beat } = watched;
    return {
      ...client,
      request: async (send, timeoutMs) => {
        try {
          const response = await client.request(send, timeoutMs);
          beat.answered();
          return response;
        } catch (error) {
          if (isAnswer(error)) beat.answered();
          else beat.failed(error);
          throw error;
        }
      },
    };
  }

  /** Probes the clusters and keeps their gauges fresh, until it is stopped. */
  start(): { stop(): void } {
    const loops = [...this.#byAddress.values()].map(({ beat, client }) =>
      startLoop(async () => {
        const isAnswered = await probe(beat, client, this.#log);
        this.setGauges();
        return isAnswered ? PROBE_MS : PROBE_AGAIN_MS;
      }),
    );
    return { stop: () => loops.forEach((loop) => loop.stop()) };
  }

  /** How the clusters have answered so far. */
  health(): ClusterHealth[] {
    return [...this.#byAddress.values()].map(({ beat }) => beat.health());
  }

  /** Brings the gauges up to date; of a cluster with several addresses, the one that has been silent the longest counts. */
  setGauges(): void {
    const worst = new Map<string, Heartbeat>();
    for (const { beat } of this.#byAddress.values()) {
      const { name } = beat.cluster;
      const other = worst.get(name);
      if (!other || other.ageMs() < beat.ageMs()) worst.set(name, beat);
    }
    for (const [name, beat] of worst) this.#metrics.heartbeat(name, beat.ageMs(), beat.health().reachable);
  }
}

/** Asks a server what it can do: the cheapest request that every client may make, and no namespace is concerned. */
async function probe(beat: Heartbeat, client: ClusterClient, log: BridgeLogger): Promise<boolean> {
  try {
    await client.request(() => client.client.workflowService.getSystemInfo({}), PROBE_TIMEOUT_MS);
  } catch (error) {
    if (!isAnswer(error)) {
      const { fault } = await client.diagnose();
      if (fault && beat.isNew(fault)) {
        const { name, address } = client.cluster;
        const { code, reason, message } = fault;
        log.error(`no connection to ${name}`, { address, code, reason, why: message });
      }
      beat.failed(fault ?? error);
      return false;
    }
  }
  beat.answered();
  return true;
}
