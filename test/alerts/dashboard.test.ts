/** The dashboard can be imported anywhere, and each of its queries parses. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { stringify } from 'yaml';
import { DASHBOARD, DASHBOARD_QUERIES, DASHBOARD_TEXT } from './deployed-files.js';
import { BRIDGE_METRICS, metricOfSeries } from './metric-contract.js';
import { metricNamesIn } from './promql.js';
import { promtool } from './promtool.js';

describe('the dashboard', () => {
  const drawn = DASHBOARD.panels.filter(({ type }) => type !== 'row');

  it('has only queries that parse, and knows their variables', async () => {
    assert.ok(DASHBOARD_QUERIES.length >= drawn.length);
    for (const { title, expr } of DASHBOARD_QUERIES) assert.doesNotMatch(expr, /\$/, title);
    const folder = await mkdtemp(join(tmpdir(), 'dashboard-'));
    try {
      const file = join(folder, 'queries.yml');
      const rules = DASHBOARD_QUERIES.map(({ title, expr }, at) => ({
        record: `query:${at}`,
        expr,
        labels: { title },
      }));
      await writeFile(file, stringify({ groups: [{ name: 'queries', rules }] }));
      const { ok, stdout, stderr } = await promtool('check', 'rules', file);
      assert.ok(ok, stdout + stderr);
      assert.match(stdout, new RegExp(`SUCCESS: ${rules.length} rules found`));
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('leaves the data source to its variable', () => {
    const uids = [...DASHBOARD_TEXT.matchAll(/"type": "(\w+)",\s*"uid": "([^"]*)"/g)];
    assert.ok(uids.length > drawn.length);
    for (const [, type, uid] of uids)
      assert.equal(uid, type === 'grafana' ? '-- Grafana --' : '${datasource}', type);
    assert.equal(DASHBOARD.templating.list[0]?.type, 'datasource');
    assert.ok(DASHBOARD.schemaVersion >= 39);
  });

  it('gives each panel a unit, a word on what it shows, and a place of its own', () => {
    assert.equal(new Set(DASHBOARD.panels.map(({ id }) => id)).size, DASHBOARD.panels.length);
    const taken = new Set<string>();
    for (const { title, description, fieldConfig, type, gridPos } of DASHBOARD.panels) {
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          assert.ok(x < 24 && !taken.has(`${x},${y}`), `${title} at ${x},${y}`);
          taken.add(`${x},${y}`);
        }
      if (type === 'row') continue;
      assert.ok((description ?? '') !== '', title);
      assert.ok((fieldConfig?.defaults.unit ?? '') !== '', title);
    }
  });

  it('shows milliseconds as such', () => {
    for (const { title, targets = [], fieldConfig } of drawn) {
      const metrics = targets.flatMap(({ expr }) => metricNamesIn(expr)).map(metricOfSeries);
      const isTime = metrics.some((one) => one?.type === 'histogram' || one?.name.endsWith('_ms'));
      assert.equal(fieldConfig?.defaults.unit === 'ms', isTime, title);
    }
  });

  it('shows every metric of the bridge', () => {
    const shown = DASHBOARD_QUERIES.flatMap(({ expr }) => metricNamesIn(expr)).map(
      (name) => metricOfSeries(name)?.name,
    );
    for (const { name } of BRIDGE_METRICS) assert.ok(shown.includes(name), name);
  });
});
