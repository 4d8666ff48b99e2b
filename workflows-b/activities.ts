/** The activities of the demo's warehouse. They know nothing of the bridge. */
import { ApplicationFailure, sleep } from '@temporalio/activity';

/** SKUs that the demo's warehouse is out of. */
const OUT_OF_STOCK = new Set(['SKU-SOLD-OUT']);

/** Reserves an item, or fails with `OutOfStock`, which no retry can mend. */
export function reserveStock(orderID: string, sku: string): Promise<string> {
  if (OUT_OF_STOCK.has(sku)) {
    return Promise.reject(
      ApplicationFailure.create({
        type: 'OutOfStock',
        message: `${sku} is out of stock`,
        nonRetryable: true,
        details: [{ orderID, sku, available: 0 }],
      }),
    );
  }
  return Promise.resolve(`reservation-${orderID}`);
}

/** Packs the parcel; takes `packingMs` milliseconds. */
export async function packParcel(reservation: string, packingMs: number): Promise<string> {
  await sleep(packingMs);
  return `parcel-${reservation}`;
}

/** Hands the parcel over and returns its tracking number. */
export function shipParcel(parcel: string): Promise<string> {
  return Promise.resolve(`TRACK-${parcel.toUpperCase()}`);
}
