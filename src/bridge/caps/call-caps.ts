import { HOLD_TOLD_EVERY_MS, MAX_NOTED_CANCELLATIONS, MAX_RATE_PAIRS } from '../../shared/limits.js';
import type { ClusterClient } from '../cluster-client.js';
import type { BridgeLogger } from '../logger.js';
import { BoundedMap } from './bounded-map.js';
import type { CallPair } from './call-pair.js';
import { pairKey, pairText } from './call-pair.js';
import { OpenCalls } from './open-calls.js';
import { StartRate } from './start-rate.js';

/** Caps of each pair of caller namespace and type of target; 0 = none. */
export interface CapSettings {
  /** Open calls. */
  readonly inFlight: number;
  /** Starts a second. */
  readonly perSecond: number;
}

/** Which cap, as metrics name it. */
export type CapReason = 'in-flight' | 'rate';

/** A call over a cap. */
export interface OverCap {
  readonly reason: CapReason;
  /** What is over which cap, for people. */
  readonly why: string;
  readonly limit: number;
  /** When the next try is due, in milliseconds; absent: as its number says, see `holdMs`. */
  readonly retryMs?: number;
}

/**
 * The caps of one side of the bridge on the calls to one handler cluster. Nothing is kept for each call that is held back;
 * without a cap nothing is counted, and nobody asked.
 */
export class CallCaps {
  readonly #settings: CapSettings;
  readonly #open: OpenCalls;
  readonly #rate: StartRate | undefined;
  readonly #told = new BoundedMap<string, number>(MAX_RATE_PAIRS);
  readonly #cancelled = new BoundedMap<string, true>(MAX_NOTED_CANCELLATIONS);

  /** @param cluster - the handler cluster, whose visibility is asked */
  constructor(settings: CapSettings, cluster: ClusterClient, log: BridgeLogger) {
    this.#settings = settings;
    this.#open = new OpenCalls(cluster, log);
    this.#rate = settings.perSecond > 0 ? new StartRate(settings.perSecond) : undefined;
  }

  /** Whether there is any cap. */
  get isSet(): boolean {
    return this.#settings.inFlight > 0 || this.#rate !== undefined;
  }

  /**
   * Whether too many calls of a pair are open for this one; if not, it counts as open from now on.
   *
   * @throws the client's error if the cluster cannot be asked
   */
  async tooManyOpen(
    pair: CallPair,
    wrapperId: string,
    options: { readonly isFresh?: boolean } = {},
  ): Promise<OverCap | undefined> {
    const { inFlight: limit } = this.#settings;
    if (limit === 0) return undefined;
    const others = await this.#open.claim(pairKey(pair), wrapperId, limit, options);
    if (others === undefined) return undefined;
    const why = `${pairText(pair)}: ${others} open; the cap is ${limit}`;
    return { reason: 'in-flight', why, limit };
  }

  /** Whether calls of a pair start too fast for this one; if not, it counts as started. */
  tooFast(
    pair: CallPair,
    options: { readonly isQueued?: boolean; readonly wasHeld?: boolean } = {},
  ): OverCap | undefined {
    const retryMs = this.#rate?.take(pairKey(pair), options) ?? 0;
    if (retryMs === 0) return undefined;
    const { perSecond: limit } = this.#settings;
    return { reason: 'rate', why: `${pairText(pair)}: the cap is ${limit} a second`, limit, retryMs };
  }

  /** Whether a wrapper is open, as far as this is known without a request. */
  isOpen(wrapperId: string): boolean {
    return this.#open.knows(wrapperId);
  }

  /** A call that was let go on has not been started. */
  release(wrapperId: string): void {
    this.#open.release(wrapperId);
  }

  /** A call is refused: its wrapper does not count, however long it takes to say so. */
  refuse(pair: CallPair, wrapperId: string): void {
    this.#open.refuse(pairKey(pair), wrapperId);
  }

  /** A call was cancelled that no cluster knows: if it is held back here, it is not to start. */
  noteCancelled(call: CancellableCall): void {
    if (this.isSet) this.#cancelled.set(cancelKey(call), true);
  }

  wasCancelled(call: CancellableCall): boolean {
    return this.#cancelled.get(cancelKey(call)) !== undefined;
  }

  /** Whether it is to be logged that calls of a pair are held back: once a minute. */
  isToBeTold(pair: CallPair, nowMs = performance.now()): boolean {
    const key = pairKey(pair);
    if (nowMs - (this.#told.get(key) ?? Number.NEGATIVE_INFINITY) < HOLD_TOLD_EVERY_MS) return false;
    this.#told.set(key, nowMs);
    return true;
  }
}

/** A call as its caller's run makes it: after a reset the same call is another run's, and not cancelled. */
interface CancellableCall {
  readonly callId: string;
  readonly caller: { readonly runId: string };
}

const cancelKey = ({ callId, caller }: CancellableCall): string => `${callId}/${caller.runId}`;
