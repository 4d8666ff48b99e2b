// #region testing
import { ApplicationFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { startFakeBridge } from '../../../src/testing.js';
import type { OrderOrBackorder } from './workflows.js';

export async function backordersWhatIsSoldOut(env: TestWorkflowEnvironment, workflowsPath: string) {
  const bridge = await startFakeBridge({
    connection: env.nativeConnection,
    client: env.client,
    workflows: {
      // In place of the workflow on the other cluster; a delay would be skipped by a time-skipping server.
      FulfillmentWorkflow: ({ orderID }: { orderID: string }) => {
        if (orderID === 'sold-out') throw ApplicationFailure.nonRetryable('nothing left', 'OutOfStock');
        return { tracking: `TRACK-${orderID}` };
      },
    },
  });
  const worker = await Worker.create({
    connection: env.nativeConnection,
    taskQueue: 'orders',
    workflowsPath,
  });
  try {
    const run = (orderID: string) =>
      env.client.workflow.execute<typeof OrderOrBackorder>('OrderOrBackorder', {
        taskQueue: 'orders',
        workflowId: orderID,
        args: [orderID],
      });
    return await worker.runUntil(async () => [await run('order-1'), await run('sold-out')]);
  } finally {
    await bridge.stop();
  }
}
// #endregion
