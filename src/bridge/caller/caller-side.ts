import type { BridgeLogger } from '../logger.js';
import type { ClusterClient } from '../cluster-client.js';
import type { Sealer } from '../seal.js';
import type { FallbackSettings } from './fallback-schedule.js';

/** All that the activities of the caller-side worker need. */
export interface CallerSide {
  /** Name of the caller cluster. */
  readonly sourceCluster: string;
  /** Client of the handler cluster. */
  readonly remote: ClusterClient;
  /** Task queue of the handler-side worker. */
  readonly handlerTaskQueue: string;
  readonly sealer: Sealer;
  readonly fallback: FallbackSettings;
  /** Tries at a handler cluster that cannot be reached; `maxAttempts` 0 = until the call expires. */
  readonly startRetry: { readonly firstMs: number; readonly maxMs: number; readonly maxAttempts: number };
  /** Allowed difference of clocks, in milliseconds, where `startBy` is checked. */
  readonly clockSkewMs: number;
  readonly log: BridgeLogger;
}
