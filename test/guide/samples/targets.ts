/** The targets of the guide, on the handler cluster: ordinary workflows. */
import {
  ApplicationFailure,
  condition,
  defineQuery,
  defineSignal,
  defineUpdate,
  setHandler,
  sleep,
} from '@temporalio/workflow';

export async function FulfillmentWorkflow(order: {
  orderID: string;
  ms?: number;
}): Promise<{ tracking: string }> {
  if (order.orderID === 'sold-out') throw ApplicationFailure.nonRetryable('nothing left', 'OutOfStock');
  await sleep(order.orderID === 'slow' ? '1 hour' : 20);
  return { tracking: `TRACK-${order.orderID}` };
}

export async function CartWorkflow(): Promise<number> {
  const cart: string[] = [];
  let price: number | undefined;
  setHandler(defineSignal<[string]>('addItem'), (item) => {
    cart.push(item);
  });
  setHandler(defineQuery<string[]>('items'), () => cart);
  setHandler(defineUpdate<number, [string]>('checkout'), (coupon) => {
    price = cart.length * 10 - (coupon === 'coupon for 2' ? 1 : 0);
    return price;
  });
  await condition(() => price !== undefined);
  return price ?? 0;
}
