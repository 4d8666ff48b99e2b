/** Metrics and health of a bridge in a process of somebody's own, with an exporter of that process. */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { bundleWorkflowCode } from '@temporalio/worker';
import { pickFreePort } from '../../scripts/stack/ports.js';
import { BridgePlugin, resolveConfig } from '../../src/index.js';
import { LIBRARY_CALLERS_PATH, bridgeEnv, ensureRuntime } from '../support/harness.js';
import { eventually } from '../support/inspect.js';
import { Scrape } from '../support/prometheus.js';
import { SILENT } from '../support/silent-logger.js';
import { openStage } from '../support/stage.js';

const LIMIT = { timeout: 120_000 };
let metricsAddress: string;
const scrapeHere = async () => new Scrape(await (await fetch(`http://${metricsAddress}/metrics`)).text());

before(async () => {
  metricsAddress = `127.0.0.1:${await pickFreePort()}`;
  ensureRuntime({ metricsAddress });
});

test('calls that a user’s own worker starts are in his own exporter', LIMIT, async (t) => {
  const stage = await openStage(t);
  const config = resolveConfig(bridgeEnv(stage.clusters));
  const plugins = [new BridgePlugin({ startHere: { config, handlerSide: true } })];
  const workflowBundle = await bundleWorkflowCode({
    workflowsPath: LIBRARY_CALLERS_PATH,
    plugins,
    logger: SILENT,
  });
  await Promise.all([stage.targets(), stage.libraryCallers({ workflowBundle, plugins })]);
  await stage.call('Execute', { type: 'Echo', args: ['here'] });
  const found = await eventually('the clusters and the handler side’s queue are watched', async () => {
    const now = await scrapeHere();
    return now.sum('bridge_cluster_reachable') === 2 && now.sum('bridge_queue_depth') !== undefined && now;
  });
  assert.equal(found.sum('bridge_calls_started'), 1);
  assert.deepEqual(found.counts('bridge_calls_completed', 'outcome', 'way'), { 'completed signal': 1 });
  assert.equal(found.sum('bridge_cross_cluster_latency_ms_count'), 1);
  assert.equal(found.all('bridge_cross_cluster_latency_ms_bucket', { le: '3600000' }).length, 1);
  assert.equal(found.sum('bridge_build_info', { role: 'both' }), 1);
});

test('a bridge tells how it is by its handle, also while it drains', LIMIT, async (t) => {
  const stage = await openStage(t);
  const bridge = await stage.bridge();
  const report = await eventually('the bridge is ready', () => {
    const now = bridge.health();
    return now.ready && now;
  });
  assert.deepEqual(
    report.workers.map(({ name, state, polls }) => [name, state, polls]),
    [
      ['handler-side', 'RUNNING', 'yes'],
      ['caller-side', 'RUNNING', 'yes'],
    ],
  );
  const stopped = bridge.stop();
  assert.equal(bridge.health().ready, false);
  assert.equal(bridge.health().problems[0], 'the bridge drains');
  await stopped;
});
