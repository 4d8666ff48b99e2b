import type { BothHoldings } from './parked-holdings.js';
import type { Release } from './parked-release.js';
import type { ParkedSettings, Surroundings } from './parked-settings.js';
import type { Connections, Window } from './parked-window.js';

/** What the bridge holds with so many calls waiting; `undefined` where the system does not tell. */
export interface BridgeStep {
  readonly calls: number;
  /** Resident memory in MiB, right after the calls were made: with the garbage of making them. */
  readonly madeMiB: number | undefined;
  /** The same at the end of the stretch of rest, as long for each step. */
  readonly restedMiB: number | undefined;
  readonly connections: Connections | undefined;
}

/** All that `make bench-parked` has measured. */
export interface ParkedFigures {
  readonly at: string;
  readonly settings: ParkedSettings;
  readonly bridge: Readonly<Record<string, string>>;
  readonly surroundings: Surroundings;
  /** How long the calls took to make, until all targets ran, in seconds. */
  readonly madeInSeconds: number;
  /** Before any call. */
  readonly idle: Window;
  /** While all calls wait. */
  readonly parked: Window;
  /** Before any call, with half of the calls, with all. */
  readonly steps: { readonly none: BridgeStep; readonly half: BridgeStep; readonly all: BridgeStep };
  /** The bridge's resident memory when all are answered, in MiB. */
  readonly answeredMiB: number | undefined;
  /** Before and after the stretch in which all wait. */
  readonly holdings: { readonly before: BothHoldings; readonly after: BothHoldings };
  readonly release: Release;
  /** What was lost, doubled or wrong; empty if all is well. */
  readonly wrong: readonly string[];
}
