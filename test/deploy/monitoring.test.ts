/** The Prometheus operator scrapes what the rules are about, and has the same rules. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { PROMETHEUS_RULE_FILE, prometheusRule } from '../../scripts/build-prometheus-rule.js';
import { repoRoot } from '../../scripts/stack/paths.js';
import { MANIFESTS, OVERLAYS, build, buildOverlay, only, type Resource } from './kustomize.js';
import type { Deployment, PodMonitor } from './shapes.js';

const RULES = await readFile(join(repoRoot, 'deploy/prometheus/temporal-bridge.rules.yml'), 'utf8');
const monitoring = (): Promise<readonly Resource[]> => build(join(MANIFESTS, 'monitoring'));

describe('the PrometheusRule', () => {
  it('is made of the rules as they are now', async () => {
    const made = await readFile(PROMETHEUS_RULE_FILE, 'utf8');
    assert.equal(made, await prometheusRule(), 'run `npx tsx scripts/build-prometheus-rule.ts`');
  });

  it('arrives with every rule unchanged', async () => {
    const rule = only<Resource & { spec: unknown }>(await monitoring(), 'PrometheusRule');
    assert.deepEqual(rule.spec, parse(RULES));
  });
});

describe('the PodMonitor', () => {
  it('selects the pods of every role, and calls them by the job that the rules go by', async () => {
    const { selector, jobLabel } = only<PodMonitor>(await monitoring(), 'PodMonitor').spec;
    assert.ok(RULES.includes('job="temporal-bridge"'));
    for (const name of OVERLAYS) {
      const { labels } = only<Deployment>(await buildOverlay(name), 'Deployment').spec.template.metadata;
      for (const [label, value] of Object.entries(selector.matchLabels)) assert.equal(labels[label], value);
      assert.equal(labels[jobLabel], 'temporal-bridge', name);
    }
  });

  it('scrapes the port that the pods name, and keeps the labels that Temporal gives', async () => {
    const { podMetricsEndpoints } = only<PodMonitor>(await monitoring(), 'PodMonitor').spec;
    const { ports } = only<Deployment>(await buildOverlay('both'), 'Deployment').spec.template.spec
      .containers[0];
    const [endpoint, ...more] = podMetricsEndpoints;
    assert.deepEqual(more, []);
    assert.equal(endpoint?.port, ports[0]?.name);
    assert.equal(endpoint?.path, '/metrics');
    assert.equal(endpoint?.honorLabels, true);
  });
});
