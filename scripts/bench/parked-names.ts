/** The names on which the processes of `make bench-parked` agree. */

/** Type and task queue of the callers on A: each makes one library call. */
export const PARKED_CALLER = 'ParkedCaller';
export const PARKED_CALLERS_QUEUE = 'parked-callers';
/** Type and task queue of the targets on B: each waits for the signal. */
export const PARKED_TARGET = 'ParkedTarget';
export const PARKED_TARGETS_QUEUE = 'parked-targets';
/** The signal that lets a target answer. */
export const RELEASE = 'release';

/** What a target answers: the number that it was called with, and its own id. */
export interface ParkedAnswer {
  readonly number: number;
  readonly targetId: string;
}

/** What a worker program is started with, as one JSON argument. */
export interface ParkedPlace {
  /** The cluster that it polls. */
  readonly address: string;
  /** Workflows that it keeps in memory. */
  readonly cache: number;
}

/** Workflow id of a caller; the clusters are new, so that it is free. */
export function callerIdOf(number: number): string {
  return `parked-caller-${number}`;
}

/** The place that this process was started with. */
export function parkedPlaceOfProcess(): ParkedPlace {
  const [text] = process.argv.slice(2);
  if (text === undefined) throw new TypeError('expected the place as JSON');
  return JSON.parse(text) as ParkedPlace;
}
