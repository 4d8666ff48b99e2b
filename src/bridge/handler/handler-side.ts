import type { AllowGate } from '../allow/allow-gate.js';
import type { CallCaps } from '../caps/call-caps.js';
import type { ClusterClient } from '../cluster-client.js';
import type { BridgeLogger } from '../logger.js';
import type { BridgeMetrics } from '../metrics/bridge-metrics.js';
import type { SealVerifier } from '../seal.js';

/** All that the activities of the handler-side worker need. */
export interface HandlerSide {
  /** Clients of the caller clusters that this side answers, one for each namespace. */
  readonly callers: readonly ClusterClient[];
  /** Client of the handler cluster itself, for following a target after a reset of its wrapper. */
  readonly own: ClusterClient;
  readonly verifier: SealVerifier;
  readonly allow: AllowGate;
  /** Over the rate a call waits, over the cap on calls in flight it is refused. */
  readonly caps: CallCaps;
  /** `false`: no completion signal is sent, and calls end by the fallback poll. */
  readonly completionSignals: boolean;
  /** Allowed difference of clocks, in milliseconds, where `startBy` is checked. */
  readonly clockSkewMs: number;
  /** When it is looked whether a caller still lives. */
  readonly lease: { readonly firstMs: number; readonly maxMs: number };
  readonly log: BridgeLogger;
  readonly metrics: BridgeMetrics;
}
