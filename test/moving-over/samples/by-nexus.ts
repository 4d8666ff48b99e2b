// On A
import { createNexusServiceClient } from '@temporalio/workflow';
import { fulfillment } from './contract.js';

export async function OrderWorkflow(orderID: string) {
  const remote = createNexusServiceClient({ service: fulfillment, endpoint: 'fulfillment-on-b' });
  const answer = await remote.executeOperation('fulfill', { orderID }, { scheduleToCloseTimeout: '10m' });
  return answer.status;
}
