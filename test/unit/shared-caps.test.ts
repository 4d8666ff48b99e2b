/** Caller sides on several workers of one process count by the same caps. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CallCaps } from '../../src/bridge/caps/call-caps.js';
import { resolveConfig } from '../../src/bridge/config/resolve.js';
import { loggerWriting } from '../../src/bridge/logger.js';
import { connectCallerSides } from '../../src/bridge/run-caller-side.js';
import { createTrust } from '../../src/bridge/trust.js';
import { createWatched } from '../../src/bridge/watched.js';

test('the workers that share caps hold one rate for each pair', async () => {
  const log = loggerWriting(() => undefined);
  const config = resolveConfig({ BRIDGE_DEV: 'true', BRIDGE_MAX_CALLS_PER_SECOND: '1' });
  const watched = createWatched('caller', log, config);
  const trust = createTrust(config, log, watched.metrics);
  const made: { close(): Promise<void> }[] = [];
  const workerWith = (caps?: Map<string, CallCaps>): CallCaps => {
    const { sides, clients } = connectCallerSides(
      config,
      log,
      {},
      { watched, trust, ...(caps ? { caps } : {}) },
    );
    made.push(...clients);
    return sides.byDefault.caps;
  };
  const pair = { cluster: 'a', namespace: 'n', workflowType: 'T' };
  const shared = new Map<string, CallCaps>();
  const [first, second, other] = [workerWith(shared), workerWith(shared), workerWith()];
  assert.equal(first.tooFast(pair), undefined);
  assert.equal(second.tooFast(pair)?.reason, 'rate');
  assert.equal(other.tooFast(pair), undefined);
  trust.stop();
  await Promise.all(made.map((client) => client.close()));
});
