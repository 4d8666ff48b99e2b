import {
  ActivityFailure,
  ApplicationFailure,
  ChildWorkflowFailure,
  executeChild,
} from '@temporalio/workflow';
import { CROSS_CLUSTER_WORKFLOW, DEFAULT_CALLER_TASK_QUEUE } from '../src/shared/names.js';
import type { Fulfillment } from '../workflows-b/fulfillment-workflow.js';
import type { PlainResult } from './cross-cluster-workflow.js';

/** An order of the demo's shop. */
export interface Order {
  readonly orderID: string;
  readonly sku: string;
  /** How long the warehouse takes to pack, in milliseconds. */
  readonly packingMs?: number;
}

/** How an order ended. */
export type OrderResult =
  | {
      readonly orderID: string;
      readonly state: 'shipped';
      readonly tracking: string;
      readonly remoteWorkflowId: string;
    }
  | { readonly orderID: string; readonly state: 'backordered'; readonly reason: string };

/** The innermost failure of the remote workflow, whose type the shop's logic goes by. */
function rootFailure(error: unknown): ApplicationFailure | undefined {
  let cause: unknown = error;
  while (
    (cause instanceof ChildWorkflowFailure || cause instanceof ActivityFailure || isBridgeFailure(cause)) &&
    cause.cause
  ) {
    cause = cause.cause;
  }
  return cause instanceof ApplicationFailure ? cause : undefined;
}

function isBridgeFailure(error: unknown): error is ApplicationFailure {
  return error instanceof ApplicationFailure && error.type === 'REMOTE_WORKFLOW_FAILED';
}

/**
 * The demo's shop on cluster A: its warehouse lives on cluster B. It calls it as part of its own logic, by running
 * `CrossClusterWorkflow` as an ordinary child, which is what a caller in any SDK can do.
 */
export async function OrderWorkflow(order: Order): Promise<OrderResult> {
  const { orderID, sku, packingMs } = order;
  try {
    const answer = await executeChild<(request: unknown) => Promise<PlainResult>>(CROSS_CLUSTER_WORKFLOW, {
      taskQueue: DEFAULT_CALLER_TASK_QUEUE,
      workflowId: `${orderID}-fulfillment`,
      args: [
        {
          workflowType: 'FulfillmentWorkflow',
          taskQueue: 'fulfillment-queue',
          args: [{ orderID, sku, ...(packingMs === undefined ? {} : { packingMs }) }],
          timeout: '10m',
        },
      ],
    });
    const { tracking } = answer.result as Fulfillment;
    return { orderID, state: 'shipped', tracking, remoteWorkflowId: answer.workflowId };
  } catch (error) {
    const root = rootFailure(error);
    if (root?.type !== 'OutOfStock') throw error;
    return { orderID, state: 'backordered', reason: root.message };
  }
}
