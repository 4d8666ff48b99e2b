import type { BridgeRole } from './config/settings.js';
import { Heartbeats } from './health/heartbeats.js';
import type { BridgeLogger } from './logger.js';
import { BridgeMetrics } from './metrics/bridge-metrics.js';

/** What is measured in a process, and which of its clusters answer. */
export interface Watched {
  readonly metrics: BridgeMetrics;
  readonly heartbeats: Heartbeats;
}

/** Begins to measure. */
export function createWatched(role: BridgeRole, log: BridgeLogger): Watched {
  const metrics = new BridgeMetrics(log);
  metrics.declareBuild(role);
  return { metrics, heartbeats: new Heartbeats(metrics) };
}
