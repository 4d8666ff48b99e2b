import type { BridgeMetrics } from '../metrics/bridge-metrics.js';
import type { ClusterHealth, Heartbeats } from './heartbeats.js';
import { REACHABLE_MS } from './heartbeats.js';
import type { WatchedQueue, WorkerHealth } from './queue-watch.js';
import { QueueWatch } from './queue-watch.js';

/** Whether a bridge can do its work, and what is wrong if it cannot. */
export interface HealthReport {
  /** Its workers run and poll, every cluster that it talks to has answered lately, and it has not been told to stop. */
  readonly ready: boolean;
  /** One line for each thing that is wrong; empty if it is ready. */
  readonly problems: readonly string[];
  readonly workers: readonly WorkerHealth[];
  readonly clusters: readonly ClusterHealth[];
}

/** Watches a bridge's workers, queues and clusters. */
export interface HealthWatch {
  /** How the bridge stands; brings the gauges of the clusters up to date, too. */
  health(): HealthReport;
  /** From now on it is not ready: it drains. */
  drain(): void;
  stop(): void;
}

/** Starts to watch. */
export function watchHealth(
  heartbeats: Heartbeats,
  queues: readonly Omit<WatchedQueue, 'metrics'>[],
  metrics: BridgeMetrics,
): HealthWatch {
  const watches = queues.map((queue) => new QueueWatch({ ...queue, metrics }));
  const running = [heartbeats.start(), ...watches.map((watch) => watch.start())];
  let drains = false;
  return {
    health: () => {
      heartbeats.setGauges();
      const workers = watches.map((watch) => watch.health());
      const clusters = heartbeats.health();
      const problems = [
        ...(drains ? ['the bridge drains'] : []),
        ...workers.flatMap(workerProblems),
        ...clusters.flatMap(clusterProblems),
      ];
      return { ready: problems.length === 0, problems, workers, clusters };
    },
    drain: () => {
      drains = true;
    },
    stop: () => running.forEach((loop) => loop.stop()),
  };
}

function because(why: string | undefined): string {
  return why === undefined ? '' : `: ${why}`;
}

function workerProblems({ name, cluster, taskQueue, state, polls, why }: WorkerHealth): string[] {
  if (state !== 'RUNNING') return [`${name} worker on ${cluster} is ${state}${because(why)}`];
  if (polls !== 'no') return [];
  return [`${name} worker has not been seen to poll ${taskQueue} on ${cluster}${because(why)}`];
}

function clusterProblems({ name, address, reachable, lastAnswerMs, why }: ClusterHealth): string[] {
  if (reachable) return [];
  const last =
    lastAnswerMs === null
      ? 'has not answered yet'
      : `has not answered for ${Math.round(lastAnswerMs / 1000)} s`;
  return [`${name} at ${address} ${last} (${REACHABLE_MS / 1000} s are allowed)${because(why)}`];
}
