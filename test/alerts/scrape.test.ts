/** What is found missing in a scrape; `test/e2e/alert-metrics.test.ts` has the real one. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Scrape } from '../support/prometheus.js';
import { namedSeries } from './deployed-files.js';
import { BRIDGE_METRICS, SDK_METRICS } from './metric-contract.js';
import { metricNamesIn } from './promql.js';
import { lackingIn } from './scrape.js';

/** All that the contract promises, in the least words. */
const WHOLE = [...BRIDGE_METRICS, ...SDK_METRICS]
  .map(({ name, type, labels: names }) => {
    const labels = names.map((label) => `${label}="x"`).join(',');
    if (type !== 'histogram') return `# TYPE ${name} ${type}\n${name}{${labels}} 1\n`;
    const buckets = ['10000', '60000', '300000', '+Inf'].map(
      (le) => `${name}_bucket{${labels},le="${le}"} 1\n`,
    );
    return `# TYPE ${name} histogram\n${buckets.join('')}${name}_sum{${labels}} 1\n${name}_count{${labels}} 1\n`;
  })
  .join('');
const lacking = (text: string): string[] => lackingIn(new Scrape(text), namedSeries(metricNamesIn));
const without = (pattern: RegExp): string => WHOLE.replaceAll(pattern, '');

describe('a scrape', () => {
  it('that has all of the contract lacks nothing', () => assert.deepEqual(lacking(WHOLE), []));

  it('may have no series yet of a counter of the bridge that it declares', () => {
    assert.deepEqual(lacking(without(/^bridge_completions_dropped\{.*$/gm)), []);
  });

  it('lacks a metric that is not declared, the SDK’s too', () => {
    assert.deepEqual(lacking(without(/^.*\bbridge_lease_checks\b.*$/gm)), [
      'bridge_lease_checks is not exposed',
    ]);
    assert.deepEqual(lacking(without(/^.*\btemporal_num_pollers\b.*$/gm)), [
      'temporal_num_pollers is not exposed',
    ]);
  });

  it('lacks a counter that goes by another name there', () => {
    const text = WHOLE.replaceAll('bridge_calls_completed', 'bridge_calls_completed_total');
    assert.deepEqual(lacking(text), ['bridge_calls_completed is not exposed']);
  });

  it('lacks a metric of another type', () => {
    const text = WHOLE.replace('bridge_queue_depth gauge', 'bridge_queue_depth counter');
    assert.deepEqual(lacking(text), ['bridge_queue_depth is a counter, not a gauge']);
  });

  it('lacks a label', () => {
    const text = WHOLE.replaceAll('task_type="x"', 'kind="x"');
    assert.deepEqual(lacking(text), ['bridge_queue_depth has no label task_type']);
  });

  it('lacks the bound at a threshold, and one beyond it', () => {
    const latency = 'BridgeCrossClusterLatencyHigh: bridge_cross_cluster_latency_ms_bucket';
    const bound = (le: string): RegExp =>
      new RegExp(`^bridge_cross_cluster_latency_ms_bucket\\{.*le="${le}".*$`, 'gm');
    assert.deepEqual(lacking(without(bound('60000'))), [`${latency} has no bound 60000`]);
    assert.deepEqual(lacking(without(bound('300000'))), [`${latency} has no bound beyond 60000`]);
  });
});
