import { addedLatencies, callsPerSecond, crossingsOf, labelOf, latenciesOf } from './figures.js';
import type { VariantName } from './names.js';
import { CPU_IN_FLIGHT } from './plan.js';
import { EAGER_ON, type Results } from './results.js';
import { median } from './stats.js';
import { NO_VALUE, number, type Table } from './table.js';

const MAX_LATENCY_TO_NEXUS = 1.25;
const MIN_THROUGHPUT_TO_NEXUS = 0.8;
const CROSSINGS = 2;
const MAX_EVENTS_ON_A = 10;
const MIN_PUBLISHED_TO_PLUGIN = 50;

/** A goal, and what was measured. */
export interface Goal {
  readonly goal: string;
  readonly measured: string;
  readonly isMet: boolean;
}

/** Holds the results against the goals. */
export function goalsOf(results: Results): Goal[] {
  return [
    latencyGoal(results),
    throughputGoal(results),
    ...(['library', 'plugin'] as const).map((variant) => crossingsGoal(results, variant)),
    ...(['library', 'plugin'] as const).map((variant) => eventsGoal(results, variant)),
    publishedGoal(results),
  ];
}

/** The goals as a table. */
export function goalsTable(results: Results): Table {
  return {
    title: 'Goals',
    head: ['goal', 'measured', ''],
    textColumns: [0, 1, 2],
    rows: goalsOf(results).map(({ goal, measured, isMet }) => [goal, measured, isMet ? 'met' : 'missed']),
  };
}

function latencyGoal({ oneAtATime }: Results): Goal {
  const latencies = latenciesOf(oneAtATime.filter(({ stand }) => stand === EAGER_ON));
  const of = (name: VariantName) => latencies.find(({ variant }) => variant === name);
  const [plugin, nexus] = [of('plugin'), of('nexus')];
  const whole = (plugin?.whole.p50 ?? NaN) / (nexus?.whole.p50 ?? NaN);
  const call = (plugin?.call?.p50 ?? NaN) / (nexus?.call?.p50 ?? NaN);
  return {
    goal: `${labelOf('plugin')}: p50 one at a time, ${EAGER_ON}, ≤ ${MAX_LATENCY_TO_NEXUS} × Nexus`,
    measured: `${number(whole, 2)} × Nexus (${number(call, 2)} for the call only)`,
    isMet: whole <= MAX_LATENCY_TO_NEXUS,
  };
}

function throughputGoal({ throughput }: Results): Goal {
  const rate = (variant: VariantName): number =>
    callsPerSecond(throughput, EAGER_ON, variant, CPU_IN_FLIGHT) ?? NaN;
  const ratio = rate('plugin') / rate('nexus');
  return {
    goal: `${labelOf('plugin')}: calls/s with ${CPU_IN_FLIGHT} in flight, ${EAGER_ON}, ≥ ${MIN_THROUGHPUT_TO_NEXUS} × Nexus`,
    measured: `${number(ratio, 2)} × Nexus`,
    isMet: ratio >= MIN_THROUGHPUT_TO_NEXUS,
  };
}

function crossingsGoal(results: Results, variant: VariantName): Goal {
  const crossings = crossingsOf(results).get(variant) ?? NaN;
  return {
    goal: `${labelOf(variant)}: crossings on the critical path = ${CROSSINGS}`,
    measured: `${number(crossings)} (${number(crossings, 1)})`,
    isMet: Math.round(crossings) === CROSSINGS,
  };
}

function eventsGoal({ census }: Results, variant: VariantName): Goal {
  const row = census.find((one) => one.stand === EAGER_ON && one.variant === variant);
  const events = row ? row.callers.events / row.calls : NaN;
  return {
    goal: `${labelOf(variant)}: events in the caller’s history on A ≤ ${MAX_EVENTS_ON_A}`,
    measured: row ? number(events, 1) : NO_VALUE,
    isMet: events <= MAX_EVENTS_ON_A,
  };
}

function publishedGoal({ slowTarget }: Results): Goal {
  const added = addedLatencies(slowTarget);
  const of = (variant: VariantName): number => median(added.get(variant) ?? [NaN]);
  const ratio = of('published') / of('plugin');
  return {
    goal: `added latency with a target of 1 s: ${labelOf('published')} ≥ ${MIN_PUBLISHED_TO_PLUGIN} × ${labelOf('plugin')}`,
    measured: `${number(ratio, 1)} × (${number(of('published'))} ms and ${number(of('plugin'), 1)} ms)`,
    isMet: ratio >= MIN_PUBLISHED_TO_PLUGIN,
  };
}
