/** The Nexus samples of docs/migration.md run, inside one cluster. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { NativeConnection, Worker, bundleWorkflowCode } from '@temporalio/worker';
import { repoRoot } from '../../scripts/stack/paths.js';
import * as warehouse from '../../workflows-b/activities.js';
import { createTwoClusters } from '../support/harness.js';
import { taskTroubles } from '../support/inspect.js';
import { fulfillmentHandler } from './samples/nexus-handler.js';
import { SILENT } from '../support/silent-logger.js';

const bundle = (workflowsPath: string) =>
  bundleWorkflowCode({
    workflowsPath,
    logger: SILENT,
  });

test('the Nexus samples call the target', { timeout: 60_000 }, async (t) => {
  const clusters = await createTwoClusters();
  const { b } = clusters;
  const connection = await NativeConnection.connect({ address: b.address });
  const shared = { connection, namespace: b.namespace };
  const workers = await Promise.all([
    Worker.create({
      ...shared,
      taskQueue: 'orders',
      workflowBundle: await bundle(fileURLToPath(new URL('./samples/by-nexus.ts', import.meta.url))),
    }),
    Worker.create({
      ...shared,
      taskQueue: 'fulfillment-queue',
      workflowBundle: await bundle(`${repoRoot}/workflows-b/fulfillment-workflow.ts`),
      activities: warehouse,
      nexusServices: [fulfillmentHandler],
    }),
  ]);
  const running = workers.map((worker) => worker.run());
  t.after(async () => {
    for (const worker of workers) worker.shutdown();
    await Promise.all(running);
    await connection.close();
    await clusters.close();
  });

  await b.client.connection.operatorService.createNexusEndpoint({
    spec: {
      name: 'fulfillment-on-b',
      target: { worker: { namespace: b.namespace, taskQueue: 'fulfillment-queue' } },
    },
  });
  const order = await b.client.workflow.start('OrderWorkflow', {
    taskQueue: 'orders',
    workflowId: 'order-123',
    args: ['123'],
  });
  assert.equal(await order.result(), 'fulfilled');
  assert.equal((await b.client.workflow.getHandle('fulfillment-123').describe()).type, 'FulfillmentWorkflow');
  assert.deepEqual(await taskTroubles(order), []);
});
