import { ApplicationFailure, proxyActivities } from '@temporalio/workflow';
import type * as warehouse from './activities.js';

/** What the demo's warehouse is asked for. */
export interface FulfillmentOrder {
  readonly orderID: string;
  /** Default `SKU-1`; `SKU-SOLD-OUT` is out of stock. */
  readonly sku?: string;
  /** How long packing takes, in milliseconds. Default 50. */
  readonly packingMs?: number;
}

/** What the demo's warehouse answers. */
export interface Fulfillment {
  readonly orderID: string;
  readonly status: 'fulfilled';
  readonly tracking: string;
}

const { reserveStock, packParcel, shipParcel } = proxyActivities<typeof warehouse>({
  startToCloseTimeout: '5m',
  retry: { maximumAttempts: 3 },
});

/**
 * The demo's target on cluster B, task queue `fulfillment-queue`: an ordinary workflow that knows nothing of the bridge.
 *
 * @throws ApplicationFailure `InvalidOrder` without an order id, `OutOfStock` (behind an activity failure)
 */
export async function FulfillmentWorkflow(order: FulfillmentOrder): Promise<Fulfillment> {
  if (!order.orderID) {
    throw ApplicationFailure.create({
      type: 'InvalidOrder',
      message: 'an order needs an orderID',
      nonRetryable: true,
    });
  }
  const reservation = await reserveStock(order.orderID, order.sku ?? 'SKU-1');
  const parcel = await packParcel(reservation, order.packingMs ?? 50);
  const tracking = await shipParcel(parcel);
  return { orderID: order.orderID, status: 'fulfilled', tracking };
}
