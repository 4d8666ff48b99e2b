/** docs/guide.md: each sample is a part of a file here, and each of them runs. */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { NativeConnection } from '@temporalio/worker';
import { readDocument } from '../support/markdown.js';
import type { Stage } from '../support/stage.js';
import { openStage } from '../support/stage.js';
import { bridgeEnv } from '../support/harness.js';
import { backordersWhatIsSoldOut } from './samples/unit-test.js';
import { createWorker } from './samples/worker.js';

const samples = new URL('./samples/', import.meta.url);
const workflowsPath = fileURLToPath(new URL('workflows.ts', samples));

/** Parts of the sample files by name, as a reader of the guide would write them: importing the package. */
function regions(): Map<string, string> {
  const found = new Map<string, string>();
  for (const name of readdirSync(samples)) {
    const text = readFileSync(new URL(name, samples), 'utf8')
      .replaceAll("'../../../src/index.js'", "'temporal-bridge'")
      .replaceAll(/'\.\.\/\.\.\/\.\.\/src\/(\w+)\.js'/g, "'temporal-bridge/$1'");
    for (const [, region = '', body = ''] of text.matchAll(
      /^\/\/ #region (.*)\n([\s\S]*?)^\/\/ #endregion$/gm,
    ))
      found.set(region, body);
  }
  return found;
}

describe('docs/guide.md', () => {
  it('has each sample, and no other', () => {
    const blocks = [...readDocument('docs/guide.md').matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(
      ([, code]) => code,
    );
    assert.ok(blocks.length >= 8, `${blocks.length} samples`);
    assert.deepEqual(blocks.sort(), [...regions().values()].sort());
  });
});

describe('a sample of the guide', () => {
  let stage: Stage;
  before(async () => {
    stage = await openStage();
    await Promise.all([
      stage.bridge(),
      stage.targets({
        taskQueue: 'fulfillment-queue',
        workflowsPath: fileURLToPath(new URL('targets.ts', samples)),
        workflowBundle: undefined as never,
      }),
      stage.libraryCallers({ workflowsPath }),
    ]);
  });
  after(() => stage.close());

  it('makes a call', async () => {
    assert.equal(await stage.call('Order', '7'), 'TRACK-7');
  });

  it('tells failures apart', async () => {
    assert.equal(await stage.call('OrderOrBackorder', 'sold-out'), 'backordered');
    assert.equal(await stage.call('OrderOrBackorder', '8'), 'TRACK-8');
  });

  it('works with a handle', async () => {
    assert.equal(await stage.call('Shop'), 19);
  });

  it('takes the fastest of several calls and cancels the others', async () => {
    assert.equal(await stage.call('FastestOf', ['fulfillment-queue', 'nobody-polls-here'], '9'), 'TRACK-9');
  });

  it('hands a call over to the next run', async () => {
    assert.equal(await stage.call('LongOrder', '10'), 'TRACK-10');
  });

  it('attaches to a workflow that somebody else has started', async () => {
    const { client } = stage.clusters.b;
    await client.workflow.start('FulfillmentWorkflow', {
      workflowId: 'by-hand',
      taskQueue: 'fulfillment-queue',
      args: [{ orderID: '11' }],
    });
    assert.equal(await stage.call('Follow', 'by-hand'), 'TRACK-11');
  });

  it('makes calls on a worker that starts them itself, without a caller-side bridge', async () => {
    Object.assign(process.env, bridgeEnv(stage.clusters));
    const connection = await NativeConnection.connect({ address: stage.clusters.a.address });
    const worker = await createWorker(connection, workflowsPath);
    const value = await worker.runUntil(
      stage.clusters.a.client.workflow.execute('Order', {
        taskQueue: 'orders',
        workflowId: 'with-plugin',
        args: ['12'],
      }),
    );
    await connection.close();
    assert.equal(value, 'TRACK-12');
  });

  it('tests a caller without a second cluster', async () => {
    const env = await TestWorkflowEnvironment.createLocal({
      server: { executable: { type: 'existing-path', path: process.env['TB_TEST_CLI'] ?? '' } },
    });
    try {
      assert.deepEqual(await backordersWhatIsSoldOut(env, workflowsPath), ['TRACK-order-1', 'backordered']);
    } finally {
      await env.teardown();
    }
  });
});
