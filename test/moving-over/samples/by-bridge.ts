// On A
import { executeRemoteWorkflow } from 'temporal-bridge/workflow';

export async function OrderWorkflow(orderID: string) {
  const answer = await executeRemoteWorkflow<(order: { orderID: string }) => Promise<{ status: string }>>(
    'FulfillmentWorkflow',
    { taskQueue: 'fulfillment-queue', args: [{ orderID }], cluster: 'cluster-b', timeout: '10m' },
  );
  return answer.status;
}

// On B: nothing but the workflow itself, in any SDK.
