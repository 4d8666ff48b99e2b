/** The alert rules load, fire and stay silent as their unit tests say, and each has such tests. */
import assert from 'node:assert/strict';
import { basename } from 'node:path';
import { describe, it } from 'node:test';
import {
  DASHBOARD_QUERIES,
  EXPECTATIONS,
  RULES,
  RULE_FILE,
  RULE_TEST_FILES,
  namedSeries,
} from './deployed-files.js';
import { PROMETHEUS_LABELS, PROMETHEUS_METRICS, metricOfSeries } from './metric-contract.js';
import { labelNamesIn, metricNamesIn } from './promql.js';
import { promtool } from './promtool.js';

/** What the issue that asked for the rules gives: the part of the expression that holds the threshold. */
const PUBLISHED_THRESHOLDS: readonly (readonly [series: string, condition: RegExp])[] = [
  ['bridge_cross_cluster_latency_ms_bucket', /^histogram_quantile\(0\.99,[^]*\) > 60000$/],
  ['bridge_queue_depth', /> 100$/],
  ['bridge_remote_start_errors', /\[5m\]\)\) \/ 5 > 5$/],
  ['bridge_remote_poll_errors', /\[5m\]\)\) \/ 5 > 10$/],
  ['bridge_heartbeat_age_ms', /> 25000$/],
];

describe('the alert rules', () => {
  it('are rules that Prometheus takes', async () => {
    const { ok, stdout, stderr } = await promtool('check', 'rules', RULE_FILE);
    assert.ok(ok, stdout + stderr);
    assert.match(stdout, new RegExp(`SUCCESS: ${RULES.length} rules found`));
  });

  for (const file of RULE_TEST_FILES)
    it(`fire and stay silent as ${basename(file)} says`, async () => {
      const { ok, stdout, stderr } = await promtool('test', 'rules', file);
      assert.ok(ok, stdout + stderr);
    });

  it('are each tested to fire, and not to', () => {
    const names = new Set(RULES.map(({ alert }) => alert));
    assert.equal(names.size, RULES.length);
    for (const { alert } of EXPECTATIONS)
      assert.ok(names.has(alert), `a test of ${alert}, which is no alert`);
    for (const alert of names) {
      const expected = EXPECTATIONS.filter((one) => one.alert === alert);
      assert.ok(
        expected.some(({ firing }) => firing.length > 0),
        `${alert} is never tested to fire`,
      );
      assert.ok(
        expected.some(({ firing }) => firing.length === 0),
        `${alert} is never tested to stay silent`,
      );
    }
  });

  it('have the published thresholds', () => {
    for (const [series, condition] of PUBLISHED_THRESHOLDS) {
      const rules = RULES.filter(({ expr }) => metricNamesIn(expr).includes(series));
      assert.ok(
        rules.some(({ expr }) => condition.test(expr.trim())),
        `no rule on ${series} matches ${String(condition)}`,
      );
    }
  });

  it('each say how bad it is, since when, what it is and what to do', () => {
    for (const { alert, labels, annotations, for: since } of RULES) {
      assert.match(labels['severity'] ?? '', /^(?:critical|warning)$/, alert);
      assert.match(since, /^\d+[mh]$/, alert);
      assert.ok((annotations['description'] ?? '').length > 40, alert);
      assert.ok((annotations['summary'] ?? '').length > 10, alert);
    }
  });

  it('name in their summaries only labels that they fire with', () => {
    for (const { alert, annotations } of RULES) {
      const text = Object.values(annotations).join(' ');
      const fired = EXPECTATIONS.filter((one) => one.alert === alert).flatMap(({ firing }) => firing);
      for (const [, label = ''] of text.matchAll(/\$labels\.(\w+)/g))
        for (const labels of fired)
          assert.ok(labels.includes(`${label}="`), `${alert}: ${label} in ${labels}`);
    }
  });

  it('scope the SDK’s metrics to the bridge’s own job, since every worker has them', () => {
    for (const { alert, expr } of RULES)
      for (const [, after = ''] of expr.matchAll(/\btemporal_\w+(\{[^}]*\})?/g))
        assert.match(after, /job="temporal-bridge"/, alert);
  });

  it('and the dashboard name only metrics that are there', () => {
    const series = namedSeries(metricNamesIn);
    assert.ok(series.length > 20, series.join());
    const unknown = series.filter((name) => !metricOfSeries(name) && !PROMETHEUS_METRICS.includes(name));
    assert.deepEqual(unknown, []);
  });

  it('and the dashboard go by labels that the metrics have', () => {
    const queries = [...RULES.map(({ alert, expr }) => ({ title: alert, expr })), ...DASHBOARD_QUERIES];
    for (const { title, expr } of queries) {
      const metrics = metricNamesIn(expr).flatMap((name) => metricOfSeries(name) ?? []);
      if (metrics.length === 0) continue; // of Prometheus itself
      const known = new Set([...PROMETHEUS_LABELS, ...metrics.flatMap(({ labels }) => labels)]);
      // BridgeCallsStuck names a label after another one.
      if (expr.includes('label_replace')) known.add('cluster');
      for (const label of labelNamesIn(expr)) assert.ok(known.has(label), `${title}: ${label}`);
    }
  });
});
