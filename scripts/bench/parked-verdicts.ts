/** What is claimed of waiting calls, beside what was measured. */
import type { RequestCounts } from '../stack/server-metrics.js';
import type { BridgeStep, ParkedFigures } from './parked-figures.js';
import type { BothHoldings } from './parked-holdings.js';
import { slotsHeld } from './parked-holdings.js';
import type { Window } from './parked-window.js';

/** The bridge's memory may grow this much between half the calls and all: what a heap varies by itself. */
export const MEMORY_CEILING_MIB = 32;

/** One claim. */
export interface Verdict {
  readonly claim: string;
  /** `undefined` where the system does not tell. */
  readonly isMet: boolean | undefined;
  readonly found: string;
}

/** Judges the figures. None is about time. */
export function judge({ settings, idle, parked, steps, holdings, wrong }: ParkedFigures): Verdict[] {
  const { calls, cache } = settings;
  const held = [holdings.before, holdings.after].map(slotsHeld);
  const waiting = [holdings.before, holdings.after].flatMap(({ callers, wrappers }) => [
    callers.inBackOff,
    wrappers.inBackOff,
  ]);
  const isOpen = sumOf(parked.a.openOthers) + sumOf(parked.b.openOthers);
  const asked = [parked.a.others, parked.b.others] as const;
  const { none, half, all } = steps;
  const growth = minus(all.restedMiB, half.restedMiB);
  const opened = minus(connections(all), connections(half));
  const pollsOf = ({ a, b }: Window): string => `${a.openPolls} on A, ${b.openPolls} on B`;
  return [
    {
      claim: '0 worker slots held',
      isMet: held.every((slots) => slots === 0) && waiting.every((count) => count === calls),
      found: `${held.join(' and ')} held by ${calls} callers and their wrappers; in back-off: at least ${Math.min(...waiting)} of ${calls}`,
    },
    {
      claim: "0 open requests beyond the workers' polls",
      isMet: isOpen === 0 && openPolls(parked) <= openPolls(idle),
      found: `${isOpen} open; polls open: ${pollsOf(parked)}; before any call: ${pollsOf(idle)}`,
    },
    {
      claim: '0 requests before the first fallback interval',
      isMet: asked.every((counts) => sumOf(counts) === 0),
      found: `A: ${countsInWords(asked[0])}; B: ${countsInWords(asked[1])}, in ${parked.seconds} s`,
    },
    {
      claim: `no connection more of the bridge from ${half.calls} to ${all.calls} calls`,
      isMet: opened === undefined ? undefined : opened <= 0,
      found:
        opened === undefined
          ? 'not known on this system'
          : `${connections(all)}; with ${half.calls} calls: ${connections(half)}; before any call: ${connections(none)} (its clients connect with the first one)`,
    },
    {
      claim: 'history unchanged',
      isMet: lengthsOf(holdings.before) === lengthsOf(holdings.after),
      found: `${lengthsOf(holdings.before)}; after ${parked.seconds} s: ${lengthsOf(holdings.after)}`,
    },
    {
      claim: `memory bounded by the cache of ${cache}: at most ${MEMORY_CEILING_MIB} MiB more from ${half.calls} to ${all.calls} calls`,
      isMet: growth === undefined ? undefined : growth <= MEMORY_CEILING_MIB,
      found:
        growth === undefined
          ? 'not known on this system'
          : `${signed(growth)} MiB${half.calls < cache ? ', the cache not yet full at half' : ''}`,
    },
    {
      claim: 'every call answered once, with its own answer',
      isMet: wrong.length === 0,
      found: wrong.length === 0 ? `${calls} of ${calls}` : `${wrong.length} wrong`,
    },
  ];
}

/** Counts in words: `none`, or `12 SignalWorkflowExecution, 3 QueryWorkflow`. */
export function countsInWords(counts: RequestCounts): string {
  const entries = Object.entries(counts).sort(([, one], [, other]) => other - one);
  return entries.map(([name, count]) => `${count} ${name}`).join(', ') || 'none';
}

/** Lengths of histories in words: `5 events (2000 callers), 12 events (2000 wrappers)`. */
export function lengthsOf({ callers, wrappers }: BothHoldings): string {
  const side = (what: string, lengths: Readonly<Record<number, number>>): string =>
    Object.entries(lengths)
      .map(([length, count]) => `${length} events (${count} ${what})`)
      .join(', ');
  return `${side('callers', callers.historyLengths)}, ${side('wrappers', wrappers.historyLengths)}`;
}

/** A number with its sign. */
export function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(1)}`;
}

function sumOf(counts: RequestCounts): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

function openPolls({ a, b }: Window): number {
  return a.openPolls + b.openPolls;
}

function connections({ connections: found }: BridgeStep): number | undefined {
  return found && found.a + found.b;
}

function minus(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? undefined : one - other;
}
