import { createNexusServiceClient, patched } from '@temporalio/workflow';
import { executeRemoteWorkflow } from 'temporal-bridge/workflow';
import { fulfillment } from './contract.js';

type Fulfill = (order: { orderID: string }) => Promise<{ status: string }>;

export async function OrderWorkflow(orderID: string) {
  const order = { orderID };
  const answer = patched('fulfillment-by-nexus')
    ? await createNexusServiceClient({ service: fulfillment, endpoint: 'fulfillment-on-b' }) // new runs
        .executeOperation('fulfill', order, { scheduleToCloseTimeout: '10m' })
    : await executeRemoteWorkflow<Fulfill>('FulfillmentWorkflow', {
        taskQueue: 'fulfillment-queue', // runs that called by the bridge before
        args: [order],
        cluster: 'cluster-b',
        timeout: '10m',
      });
  return answer.status;
}
