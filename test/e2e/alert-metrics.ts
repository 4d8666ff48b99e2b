import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { namedSeries } from '../alerts/deployed-files.js';
import { metricNamesIn } from '../alerts/promql.js';
import { lackingIn } from '../alerts/scrape.js';

/**
 * Registers the test that a running bridge exposes whatever rules and panels name, the SDK's metrics included.
 *
 * SEAM: nobody calls this yet, since the bridge has no endpoint yet. With it, a test file calls this with a function that
 * gives the text of `GET /metrics` of a bridge with both sides, after it has run a call and after a workflow of an
 * unknown type was started on its queue (the SDK declares its count of failed workflow tasks at the first).
 */
export function testAlertMetrics(scrapeOfARunningBridge: () => Promise<string>): void {
  describe('the metrics that alert rules and the dashboard name', () => {
    it('are exposed by a running bridge', async () => {
      assert.deepEqual(lackingIn(await scrapeOfARunningBridge(), namedSeries(metricNamesIn)), []);
    });
  });
}
