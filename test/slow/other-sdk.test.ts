import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { describe, test } from 'node:test';
import { runCommand } from '../../scripts/stack/run-command.js';
import { createTwoClusters, startBridge } from '../support/harness.js';
import { pythonWithSdk } from '../support/python-sdk.js';

const RUN_TIMEOUT_MS = 3 * 60_000;

describe('another SDK', () => {
  test('a Python caller and a Python target call each other across the bridge', async (t) => {
    const interpreter = await pythonWithSdk();
    if (!interpreter) {
      t.skip('no python3 with venv on this machine');
      return;
    }
    const clusters = await createTwoClusters();
    const bridge = await startBridge(clusters);
    try {
      const script = fileURLToPath(new URL('../support/python/other_sdk.py', import.meta.url));
      const { a, b } = clusters;
      const run = await runCommand(interpreter, [script, a.address, a.namespace, b.address, b.namespace], {
        timeoutMs: RUN_TIMEOUT_MS,
      });
      assert.ok(run.ok, `${run.problem}\n${run.stderr}`);
      const [value, failure] = JSON.parse(run.stdout) as [
        { answer: { status: string; result: unknown } },
        { failures: { type: string; message: string; details: unknown[] }[] },
      ];
      assert.equal(value.answer.status, 'completed');
      assert.deepEqual(value.answer.result, { orderID: 'py-1', by: 'python' });
      assert.equal(failure.failures[0]?.type, 'REMOTE_WORKFLOW_FAILED');
      assert.deepEqual(failure.failures[1], {
        type: 'OutOfStock',
        message: 'sold out',
        details: [{ sku: 'SKU-SOLD-OUT' }],
      });
    } finally {
      await bridge.stop();
      await clusters.close();
    }
  });
});
