import type { Client } from '@temporalio/client';
import type { AllowGate } from '../allow/allow-gate.js';
import type { CallCaps } from '../caps/call-caps.js';
import type { BridgeLogger } from '../logger.js';
import type { ClusterClient } from '../cluster-client.js';
import type { CallMetrics } from '../metrics/bridge-metrics.js';
import type { Sealer } from '../seal.js';
import type { FallbackSettings } from '../fallback-schedule.js';

/** All that the activities of the caller-side worker need for calls to one handler cluster. */
export interface CallerSide {
  /** Name of the caller cluster. */
  readonly sourceCluster: string;
  /** Client of the handler cluster. */
  readonly remote: ClusterClient;
  /** Task queue of the handler-side worker. */
  readonly handlerTaskQueue: string;
  /** A client on the connection of the handler side's worker, while that polls in this same process. */
  readonly handlerHere?: () => Client | undefined;
  readonly sealer: Sealer;
  readonly allow: AllowGate;
  /** Over a cap a call waits in back-off. */
  readonly caps: CallCaps;
  readonly fallback: FallbackSettings;
  /** Tries at a handler cluster that cannot be reached; `maxAttempts` 0 = until the call expires. */
  readonly startRetry: { readonly firstMs: number; readonly maxMs: number; readonly maxAttempts: number };
  /** Allowed difference of clocks, in milliseconds, where `startBy` is checked. */
  readonly clockSkewMs: number;
  /** The worker on the caller cluster has payload codecs: what it writes is encoded, and needs no token to hang on. */
  readonly workerHasCodec: boolean;
  readonly log: BridgeLogger;
  /** Of the calls to this handler cluster. */
  readonly metrics: CallMetrics;
}

/** The handler clusters that one caller-side worker reaches. */
export interface CallerSides {
  /** For calls that name no cluster. */
  readonly byDefault: CallerSide;
  /** By the name of the handler cluster, the default one included. */
  readonly byCluster: ReadonlyMap<string, CallerSide>;
}
