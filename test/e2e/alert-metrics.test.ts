/** Whatever alert rules and the dashboard name is exposed by a running bridge, the SDK's metrics included. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { namedSeries } from '../alerts/deployed-files.js';
import { metricNamesIn } from '../alerts/promql.js';
import { lackingIn } from '../alerts/scrape.js';
import { requestFor, startCrossCluster } from '../support/harness.js';
import { eventually } from '../support/inspect.js';
import { scrape } from '../support/prometheus.js';
import { openStage } from '../support/stage.js';

test('a running bridge exposes each metric that a rule or a panel names', { timeout: 120_000 }, async (t) => {
  const stage = await openStage(t);
  const { clusters } = stage;
  const [bridge] = await Promise.all([stage.bridgeProcess('both'), stage.targets()]);
  await (await startCrossCluster(clusters, requestFor('Echo', ['here']))).result();
  // The SDK declares its count of failed workflow tasks at the first.
  const unknown = await clusters.a.client.workflow.start('NobodyKnowsThis', {
    taskQueue: 'bridge-queue',
    workflowId: 'unknown-type',
  });
  let lacking: string[] = [];
  const isComplete = async () => {
    lacking = lackingIn(await scrape(bridge), namedSeries(metricNamesIn));
    return lacking.length === 0;
  };
  await eventually('all is exposed', isComplete, 30_000).catch(() => undefined);
  await unknown.terminate();
  assert.deepEqual(lacking, []);
});
