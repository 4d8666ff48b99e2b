// #region call
import { executeRemoteWorkflow } from '../../../src/workflow.js';
import type { FulfillmentWorkflow } from './targets.js'; // its type only; the code runs elsewhere

export async function Order(orderID: string): Promise<string> {
  const { tracking } = await executeRemoteWorkflow<typeof FulfillmentWorkflow>('FulfillmentWorkflow', {
    taskQueue: 'fulfillment-queue', // on the other cluster
    args: [{ orderID }],
    timeout: '1h', // for the whole call; without it the call waits
  });
  return tracking;
}
// #endregion

// #region failures
import { ApplicationFailure, isCancellation } from '@temporalio/workflow';

export async function OrderOrBackorder(orderID: string): Promise<string> {
  try {
    return await Order(orderID);
  } catch (error) {
    if (isCancellation(error)) throw error;
    if (!(error instanceof ApplicationFailure)) throw error;
    switch (error.type) {
      case 'REMOTE_WORKFLOW_FAILED': {
        // The cause is the target's own failure: type, message, details and causes as it threw them.
        const { cause } = error;
        if (cause instanceof ApplicationFailure && cause.type === 'OutOfStock') return 'backordered';
        throw error;
      }
      case 'CALL_EXPIRED': // the time-out passed and the other cluster could not be asked
      case 'REMOTE_WORKFLOW_TIMED_OUT': // the target itself ran out of time
        return 'late';
      default:
        throw error;
    }
  }
}
// #endregion

// #region handle
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import { startRemoteWorkflow } from '../../../src/workflow.js';
import type { CartWorkflow } from './targets.js';

const addItem = defineSignal<[string]>('addItem');
const items = defineQuery<string[]>('items');
const checkout = defineUpdate<number, [string]>('checkout');

export async function Shop(): Promise<number> {
  const cart = await startRemoteWorkflow<typeof CartWorkflow>('CartWorkflow', {
    taskQueue: 'fulfillment-queue',
  });
  await cart.signal(addItem, 'book'); // sent right after the start: it waits for the target
  await cart.signal(addItem, 'pen');
  const seen = await cart.query(items);
  const price = await cart.executeUpdate(checkout, { args: [`coupon for ${seen.length}`] });
  const paid = await cart.result();
  return paid === price ? price : -1;
}
// #endregion

// #region many
import { CancellationScope } from '@temporalio/workflow';

export async function FastestOf(taskQueues: string[], orderID: string): Promise<string> {
  const scope = new CancellationScope();
  const calls = taskQueues.map((taskQueue) =>
    scope.run(() =>
      executeRemoteWorkflow<typeof FulfillmentWorkflow>('FulfillmentWorkflow', {
        taskQueue,
        args: [{ orderID }],
        cancellationType: 'TRY_CANCEL', // do not wait for the others to end
        parentClosePolicy: 'REQUEST_CANCEL', // and cancel what is still open when this workflow closes
      }),
    ),
  );
  try {
    return (await Promise.any(calls)).tracking;
  } finally {
    scope.cancel();
    await Promise.allSettled(calls);
  }
}
// #endregion

// #region continue-as-new
import { continueAsNew } from '@temporalio/workflow';
import { resumeRemoteWorkflow, type RemoteWorkflowReference } from '../../../src/workflow.js';

export async function LongOrder(orderID: string, open?: RemoteWorkflowReference): Promise<string> {
  if (!open) {
    const handle = await startRemoteWorkflow<typeof FulfillmentWorkflow>('FulfillmentWorkflow', {
      taskQueue: 'fulfillment-queue',
      args: [{ orderID }],
    });
    return continueAsNew<typeof LongOrder>(orderID, handle.toReference());
  }
  const { tracking } = await resumeRemoteWorkflow<typeof FulfillmentWorkflow>(open).result();
  return tracking;
}
// #endregion

// #region attach
import { getRemoteWorkflowHandle } from '../../../src/workflow.js';

export async function Follow(workflowId: string): Promise<string> {
  const { tracking } = await getRemoteWorkflowHandle<typeof FulfillmentWorkflow>(workflowId).result();
  return tracking;
}
// #endregion
