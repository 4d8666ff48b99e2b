import type { ResolvedConfig } from './config/resolve.js';
import type { BridgeRole } from './config/settings.js';
import { CredentialRotation } from './connection/credential-rotation.js';
import { Heartbeats } from './health/heartbeats.js';
import type { BridgeLogger } from './logger.js';
import { BridgeMetrics } from './metrics/bridge-metrics.js';

/** What is measured in a process, which of its clusters answer, and the credentials for them, kept up to date. */
export interface Watched {
  readonly metrics: BridgeMetrics;
  readonly heartbeats: Heartbeats;
  readonly rotation: CredentialRotation;
}

/** Begins to measure. */
export function createWatched(
  role: BridgeRole,
  log: BridgeLogger,
  { credentialsRefreshMs }: Pick<ResolvedConfig, 'credentialsRefreshMs'>,
): Watched {
  const metrics = new BridgeMetrics(log);
  metrics.declareBuild(role);
  const rotation = new CredentialRotation(log, credentialsRefreshMs);
  return { metrics, heartbeats: new Heartbeats(metrics, log), rotation };
}
