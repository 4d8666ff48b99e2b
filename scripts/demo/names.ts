/** Task queue of the demo's shop, on cluster A. */
export const ORDER_QUEUE = 'order-queue';
/** Task queue of the demo's warehouse, on cluster B. */
export const FULFILLMENT_QUEUE = 'fulfillment-queue';
/** The namespace of both clusters. */
export const NAMESPACE = 'default';
