import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { actionsPerCall, addedLatencies, crossingsOf, latenciesOf } from '../../scripts/bench/figures.js';
import { goalsOf } from '../../scripts/bench/goals.js';
import type { Census, HistoryTotals, Results, Series } from '../../scripts/bench/results.js';
import type { VariantName } from '../../scripts/bench/names.js';

const ON = 'eager on';
const series = (variant: VariantName, ...samples: number[]): Series => ({ stand: ON, variant, samples });
const totals = (executions: number, events: number, actions: number): HistoryTotals => ({
  executions,
  events,
  actions,
  bytes: 0,
  eventsByType: {},
});
const census = (variant: VariantName, more: Partial<Census>): Census => ({
  stand: ON,
  variant,
  calls: 10,
  callers: totals(10, 100, 10),
  othersOnA: totals(0, 0, 0),
  onB: totals(0, 0, 0),
  requestsOnA: {},
  requestsOnB: {},
  ...more,
});
const block = (variant: VariantName, calls: number) => ({
  stand: ON,
  variant,
  inFlight: 50,
  calls,
  seconds: 2,
  cpu: {},
});
const crossing = (variant: VariantName, longDelayed: number) => ({
  variant,
  delayMs: 30,
  undelayed: [10],
  delayed: [70],
  longDelayMs: 300,
  longDelayed: [longDelayed],
});

const RESULTS: Results = {
  settings: {},
  oneAtATime: [series('no-call', 4), series('nexus', 20), series('plugin', 25)],
  rates: [],
  throughput: [block('nexus', 100), block('plugin', 80)],
  census: [census('library', {}), census('plugin', { callers: totals(10, 101, 10) })],
  slowTarget: [series('no-call', 5), series('published', 2_005), series('plugin', 1_025)],
  crossings: [crossing('library', 650), crossing('plugin', 770)],
};

describe('the figures of the benchmark', () => {
  it('take the median of the caller alone from the call, and nothing from the whole', () => {
    const plugin = latenciesOf(RESULTS.oneAtATime).find(({ variant }) => variant === 'plugin');
    assert.equal(plugin?.whole.p50, 25);
    assert.equal(plugin.call?.p50, 21);
  });

  it('take the target’s second and the caller alone from the added latency', () => {
    assert.deepEqual(addedLatencies(RESULTS.slowTarget).get('plugin'), [20]);
  });

  it('count crossings by what a delay adds', () => {
    assert.deepEqual(
      [...crossingsOf(RESULTS)].map(([name, count]) => [name, count.toFixed(1)]),
      [
        ['library', '2.1'],
        ['plugin', '2.5'],
      ],
    );
  });

  it('count heartbeats and queries as actions, and take away the caller’s own', () => {
    const alone = census('no-call', {});
    const row = census('published', {
      callers: totals(10, 0, 40),
      onB: totals(10, 0, 10),
      requestsOnA: { RecordActivityTaskHeartbeat: 20, PollActivityTaskQueue: 99 },
      requestsOnB: { QueryWorkflow: 10 },
    });
    assert.deepEqual(actionsPerCall(row, alone), { a: 5, b: 2 });
  });
});

describe('the goals of the benchmark', () => {
  it('are met at their limits, and missed beyond', () => {
    assert.deepEqual(
      goalsOf(RESULTS).map(({ isMet, measured }) => [isMet, measured]),
      [
        [true, '1.25 × Nexus (1.31 for the call only)'],
        [true, '0.80 × Nexus'],
        [true, '2 (2.1)'],
        [false, '3 (2.5)'],
        [true, '10.0'],
        [false, '10.1'],
        [true, '50.0 × (1000 ms and 20.0 ms)'],
      ],
    );
  });

  it('are missed where nothing was measured', () => {
    const empty = { ...RESULTS, oneAtATime: [], throughput: [], census: [], slowTarget: [], crossings: [] };
    assert.ok(goalsOf(empty).every(({ isMet }) => !isMet));
  });
});
