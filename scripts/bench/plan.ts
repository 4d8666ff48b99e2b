/** How much is measured. */
export interface Plan {
  readonly name: 'quick' | 'full';
  /** Rounds of one call at a time, and how many calls of the published bridge are spread over them. */
  readonly rounds: number;
  readonly publishedSamples: number;
  /** Whether all but the calls one at a time run on the stand with eager dispatch only. */
  readonly othersOnEagerOnly: boolean;
  /** Calls a second that are started whatever becomes of them, and for how long. */
  readonly rates: readonly number[];
  readonly rateSeconds: number;
  /** Calls in flight, for how long at least, and how often. */
  readonly inFlight: readonly number[];
  readonly throughputMs: number;
  readonly throughputPasses: number;
  /** Whether the published bridge is part of it: a call takes it 5 s, so a block takes 15 s. */
  readonly throughputOfPublished: boolean;
  /** Calls whose histories and requests are counted. */
  readonly censusCalls: number;
  /** Calls of a target that takes a second. */
  readonly slowTargetSamples: number;
  /** Rounds at each delay between the clusters. */
  readonly crossingRounds: number;
}

/** Rounds before the counted ones. */
export const WARM_UP_ROUNDS = 5;
/** In flight where CPU time is read and the goal is set. */
export const CPU_IN_FLIGHT = 50;

export const QUICK_PLAN: Plan = {
  name: 'quick',
  rounds: 40,
  publishedSamples: 5,
  othersOnEagerOnly: true,
  rates: [2, 5],
  rateSeconds: 3,
  inFlight: [CPU_IN_FLIGHT],
  throughputMs: 1_500,
  throughputPasses: 1,
  throughputOfPublished: false,
  censusCalls: 5,
  slowTargetSamples: 5,
  crossingRounds: 6,
};

export const FULL_PLAN: Plan = {
  name: 'full',
  rounds: 300,
  publishedSamples: 30,
  othersOnEagerOnly: true,
  rates: [2, 5, 10],
  rateSeconds: 5,
  inFlight: [1, 10, CPU_IN_FLIGHT, 200],
  throughputMs: 3_000,
  throughputPasses: 1,
  throughputOfPublished: true,
  censusCalls: 20,
  slowTargetSamples: 20,
  crossingRounds: 20,
};
