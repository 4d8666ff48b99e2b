// contract.ts, known to both sides
import * as nexus from 'nexus-rpc';

export const fulfillment = nexus.service('fulfillment', {
  fulfill: nexus.operation<{ orderID: string }, { status: string }>(),
});
