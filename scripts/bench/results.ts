import type { CpuByPart } from './cpu.js';
import type { VariantName } from './names.js';
import type { RequestCounts } from '../stack/server-metrics.js';
import type { Settings } from './settings.js';

/** How long calls took, in milliseconds. */
export interface Series {
  readonly stand: string;
  readonly variant: VariantName;
  readonly samples: readonly number[];
}

/** Calls that were started at a fixed rate. */
export interface RateSeries extends Series {
  readonly perSecond: number;
}

/** A stretch of calls with a fixed number in flight. */
export interface ThroughputBlock {
  readonly stand: string;
  readonly variant: VariantName;
  readonly inFlight: number;
  readonly calls: number;
  readonly seconds: number;
  /** CPU seconds that each process used meanwhile. */
  readonly cpu: CpuByPart;
}

/** What a block of calls left behind, in all. */
export interface Census {
  readonly stand: string;
  readonly variant: VariantName;
  readonly calls: number;
  /** The callers on A, whatever else was run on A, and everything that was run on B. */
  readonly callers: HistoryTotals;
  readonly othersOnA: HistoryTotals;
  readonly onB: HistoryTotals;
  /** Requests by operation; the long polls that wait for tasks are left out. */
  readonly requestsOnA: RequestCounts;
  readonly requestsOnB: RequestCounts;
}

/** Histories summed up. */
export interface HistoryTotals {
  readonly executions: number;
  readonly events: number;
  readonly bytes: number;
  /** Billable actions, heartbeats not included. */
  readonly actions: number;
  /** Events by type. */
  readonly eventsByType: Readonly<Record<string, number>>;
}

/** How long calls took without and with a delay between the clusters. */
export interface CrossingSeries {
  readonly variant: VariantName;
  readonly delayMs: number;
  readonly undelayed: readonly number[];
  readonly delayed: readonly number[];
  /** With a delay so long that the machine's own noise does not count: the crossings are counted by it. */
  readonly longDelayMs: number;
  readonly longDelayed: readonly number[];
}

/** All that a run has measured. */
export interface Results {
  readonly settings: Settings;
  readonly oneAtATime: readonly Series[];
  readonly rates: readonly RateSeries[];
  readonly throughput: readonly ThroughputBlock[];
  readonly census: readonly Census[];
  readonly slowTarget: readonly Series[];
  readonly crossings: readonly CrossingSeries[];
}

/** The stands that all variants run on. */
export const EAGER_OFF = 'eager off';
export const EAGER_ON = 'eager on';
