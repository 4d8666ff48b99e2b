import { CPU_IN_FLIGHT } from './plan.js';
import { DELAY_MS, LONG_DELAY_MS } from './crossings.js';
import {
  addedLatencies,
  callsPerSecond,
  crossingsOf,
  labelOf,
  latenciesOf,
  type Latency,
} from './figures.js';
import { VARIANTS, type VariantName } from './names.js';
import type { Results, Series } from './results.js';
import { SLOW_TARGET_MS } from './slow-target.js';
import { median, summaryOf } from './stats.js';
import { number, type Table } from './table.js';

const WHOLE_AND_CALL =
  'Milliseconds from before the caller’s start to its result. "call": less the median of the caller that makes no call.';
const RATIOS = '×Nexus, ×child: the median’s ratio to theirs on this stand.';

/** Latencies of one call at a time, a table a stand. */
export function oneAtATimeTables({ oneAtATime }: Results): Table[] {
  return standsOf(oneAtATime).map((stand) => ({
    title: `One call at a time, ${stand}`,
    notes: [WHOLE_AND_CALL, RATIOS],
    head: [
      '',
      'n',
      'p50',
      'p90',
      'p99',
      'max',
      '×Nexus',
      '×child',
      'call p50',
      'call p90',
      '×Nexus',
      '×child',
    ],
    rows: rowsOf(latenciesOf(oneAtATime.filter((one) => one.stand === stand))),
  }));
}

function rowsOf(latencies: readonly Latency[]): string[][] {
  const of = (name: VariantName): Latency | undefined => latencies.find(({ variant }) => variant === name);
  const [nexus, child] = [of('nexus'), of('child')];
  return inOrder(latencies).map(({ variant, whole, call }) => [
    labelOf(variant),
    String(whole.count),
    number(whole.p50, 1),
    number(whole.p90, 1),
    number(whole.p99, 1),
    number(whole.max, 1),
    ratio(whole.p50, nexus?.whole.p50),
    ratio(whole.p50, child?.whole.p50),
    number(call?.p50, 1),
    number(call?.p90, 1),
    ratio(call?.p50, nexus?.call?.p50),
    ratio(call?.p50, child?.call?.p50),
  ]);
}

/** Latencies at fixed rates, a table a stand. */
export function rateTables({ rates }: Results): Table[] {
  const perSecond = [...new Set(rates.map((one) => one.perSecond))].toSorted((a, b) => a - b);
  return standsOf(rates).map((stand) => ({
    title: `Calls at fixed rates, ${stand}`,
    notes: [
      'Milliseconds of the whole caller, counted from the time at which it was due. Calls are started whether or not',
      'earlier ones have ended. The published bridge is left out: its 5 s poll decides.',
    ],
    head: ['', 'calls/s', 'n', 'p50', 'p90', 'p99', 'max', '×Nexus', '×child'],
    rows: perSecond.flatMap((rate) => {
      const series = rates.filter((one) => one.stand === stand && one.perSecond === rate);
      return rowsOf(latenciesOf(series)).map(([label = '', ...cells]) => [
        label,
        String(rate),
        ...cells.slice(0, 7),
      ]);
    }),
  }));
}

/** Calls a second, a table a stand. */
export function throughputTables({ throughput }: Results): Table[] {
  const levels = [...new Set(throughput.map((one) => one.inFlight))].toSorted((a, b) => a - b);
  return standsOf(throughput).map((stand) => ({
    title: `Calls a second with a fixed number in flight, ${stand}`,
    notes: [
      'Clients, servers, bridge and workers share one machine: compare the variants, not with other machines.',
    ],
    head: ['', 'in flight', 'calls/s', '×Nexus', '×child', 'each pass'],
    rows: levels.flatMap((inFlight) =>
      VARIANTS.flatMap(({ name, label }) => {
        const rate = (variant: VariantName): number | undefined =>
          callsPerSecond(throughput, stand, variant, inFlight);
        const own = rate(name);
        if (own === undefined) return [];
        const passes = throughput
          .filter((one) => one.stand === stand && one.variant === name && one.inFlight === inFlight)
          .map(({ calls, seconds }) => number(calls / seconds, 1));
        return [
          [
            label,
            String(inFlight),
            number(own, 1),
            ratio(own, rate('nexus')),
            ratio(own, rate('child')),
            passes.join(', '),
          ],
        ];
      }),
    ),
  }));
}

/** CPU time a thousand calls, a table a stand. */
export function cpuTables({ throughput }: Results): Table[] {
  const blocks = throughput.filter(({ inFlight }) => inFlight === CPU_IN_FLIGHT);
  return standsOf(blocks).map((stand) => {
    const here = blocks.filter((block) => block.stand === stand);
    const parts = Object.keys(here[0]?.cpu ?? {});
    const perThousand = (variant: VariantName, part: string): number => {
      const own = here.filter((block) => block.variant === variant);
      const seconds = own.reduce((sum, { cpu }) => sum + (cpu[part] ?? NaN), 0);
      return (seconds / own.reduce((sum, { calls }) => sum + calls, 0)) * 1_000;
    };
    const sum = (variant: VariantName): number =>
      parts.reduce((total, part) => total + perThousand(variant, part), 0);
    return {
      title: `CPU seconds for 1,000 calls, ${CPU_IN_FLIGHT} in flight, ${stand}`,
      notes: [
        'User and system time of each process, idle polling included; this program, the client, is left out.',
      ],
      head: ['', ...parts, 'sum', '×Nexus'],
      rows: VARIANTS.filter(({ name }) => here.some(({ variant }) => variant === name)).map(
        ({ name, label }) => [
          label,
          ...parts.map((part) => number(perThousand(name, part), 1)),
          number(sum(name), 1),
          ratio(sum(name), sum('nexus')),
        ],
      ),
    };
  });
}

/** What calls of a slow target add. */
export function slowTargetTable({ slowTarget }: Results): Table {
  const added = addedLatencies(slowTarget);
  const plugin = added.get('plugin');
  return {
    title: `Added latency with a target of ${SLOW_TARGET_MS / 1_000} s, ${standsOf(slowTarget).join()}`,
    notes: [
      'Milliseconds of the whole caller, less the target’s second and the median of the caller that makes no call.',
    ],
    head: ['', 'n', 'p50', 'p90', 'max', '×plugin'],
    rows: VARIANTS.flatMap(({ name, label }) => {
      const samples = added.get(name);
      if (!samples) return [];
      const { count, p50, p90, max } = summaryOf(samples);
      const cells = [p50, p90, max].map((ms) => number(ms, 1));
      return [[label, String(count), ...cells, ratio(p50, plugin && median(plugin), 1)]];
    }),
  };
}

/** How often calls cross. */
export function crossingsTable(results: Results): Table {
  const crossings = crossingsOf(results);
  return {
    title: 'Crossings between the clusters on a call’s critical path',
    notes: [
      `(p50 with ${LONG_DELAY_MS} ms each way − p50 without) / ${LONG_DELAY_MS} ms; eager on, a bridge process on each side of the link.`,
    ],
    head: [
      '',
      'n',
      'p50 at 0 ms',
      `p50 at ${DELAY_MS} ms`,
      `p50 at ${LONG_DELAY_MS} ms`,
      'measured',
      'crossings',
    ],
    rows: results.crossings.map(({ variant, undelayed, delayed, longDelayed }) => [
      labelOf(variant),
      String(delayed.length),
      number(median(undelayed), 1),
      number(median(delayed), 1),
      number(median(longDelayed), 1),
      number(crossings.get(variant), 1),
      number(crossings.get(variant)),
    ]),
  };
}

function standsOf(series: readonly { readonly stand: string }[]): string[] {
  return [...new Set(series.map(({ stand }) => stand))];
}

/** In the order of the variants, whatever order they were measured in. */
function inOrder<T extends Pick<Series, 'variant'>>(items: readonly T[]): T[] {
  const names = VARIANTS.map(({ name }) => name);
  return items.toSorted((a, b) => names.indexOf(a.variant) - names.indexOf(b.variant));
}

function ratio(value: number | undefined, base: number | undefined, decimals = 2): string {
  return value === undefined || base === undefined || base <= 0
    ? number(undefined)
    : number(value / base, decimals);
}
