// On B: a handler, in a worker with `nexusServices: [fulfillmentHandler]`
import * as temporalNexus from '@temporalio/nexus';
import * as nexus from 'nexus-rpc';
import { fulfillment } from './contract.js';

type Fulfill = (order: { orderID: string }) => Promise<{ status: string }>;

export const fulfillmentHandler = nexus.serviceHandler(fulfillment, {
  fulfill: new temporalNexus.WorkflowRunOperationHandler<{ orderID: string }, { status: string }>(
    async (context, input) =>
      temporalNexus.startWorkflow<Fulfill>(context, 'FulfillmentWorkflow', {
        args: [input],
        workflowId: `fulfillment-${input.orderID}`,
      }),
  ),
});
