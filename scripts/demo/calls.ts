import { isDeepStrictEqual } from 'node:util';
import { CROSS_CLUSTER_WORKFLOW, DEFAULT_CALLER_TASK_QUEUE } from '../../src/shared/names.js';
import type { Order } from '../../workflows-a/order-workflow.js';
import type { FulfillmentOrder } from '../../workflows-b/fulfillment-workflow.js';
import {
  articleCommandLines,
  sendArticleRequest,
  typeArticleCommand,
  type StartedExecution,
} from './article-call.js';
import type { CallStory } from './call-story.js';
import type { ClusterView } from './cluster-view.js';
import { FULFILLMENT_QUEUE, ORDER_QUEUE } from './names.js';

/** What is at hand to make a call. */
export interface CallContext {
  readonly a: ClusterView;
  readonly b: ClusterView;
  readonly addressA: string;
  readonly portA: number;
  /** The Temporal CLI's path; where there is none, as in a container, its request is made by the client. */
  readonly cli: string | undefined;
}

/** One of the demo's calls. */
export interface DemoCall {
  readonly title: string;
  /** The title in the table at the end. */
  readonly shortTitle: string;
  /** What it shows, for people. */
  readonly intro: string;
  /** What one would type, or write, to make it. */
  readonly source: (context: CallContext) => readonly string[];
  readonly start: (context: CallContext) => Promise<StartedExecution>;
  /** How long the target takes by its own nature, in milliseconds; worth a look at what goes on meanwhile. */
  readonly slowMs?: number;
  /** Its trace is worth a look. */
  readonly showsTrace?: boolean;
  /** What is wrong with the end of the call; `undefined` if it ended as it should. */
  readonly problem: (story: CallStory) => string | undefined;
}

/** How long the slow call's parcel takes to be packed, in milliseconds. */
const PACKING_MS = 4_000;

const soldOut: FulfillmentOrder = { orderID: 'order-1002', sku: 'SKU-SOLD-OUT' };

async function startOrder({ a }: CallContext, order: Order): Promise<StartedExecution> {
  const handle = await a.client.workflow.start('OrderWorkflow', {
    taskQueue: ORDER_QUEUE,
    workflowId: order.orderID,
    args: [order],
  });
  return { workflowId: handle.workflowId, runId: handle.firstExecutionRunId };
}

function orderProblem({ outer }: CallStory): string | undefined {
  const state = (outer?.result as { state?: unknown } | undefined)?.state;
  return state === 'shipped' ? undefined : `expected a shipped order, got ${JSON.stringify(outer?.result)}`;
}

/** The answer of the target, as the published form brings it: base64 of JSON. */
export function articleAnswer(result: unknown): unknown {
  const output = (result as { Output?: unknown } | undefined)?.Output;
  return typeof output === 'string' && output !== ''
    ? JSON.parse(Buffer.from(output, 'base64').toString())
    : undefined;
}

/** The demo's calls, in the order in which they are made. */
export const DEMO_CALLS: readonly DemoCall[] = [
  {
    title: 'A call from the command line',
    shortTitle: 'command line',
    intro: 'Typed exactly so, with nothing but the Temporal CLI. Input is the base64 of {"orderID":"123"}.',
    source: ({ portA }) => articleCommandLines(portA),
    start: async ({ a, cli, addressA }) =>
      cli === undefined ? await sendArticleRequest(a.client) : await typeArticleCommand(cli, addressA),
    problem: ({ caller, target }) => {
      const answer = articleAnswer(caller.result);
      if (caller.outcome !== 'completed') return `expected it to complete, but it ${caller.outcome}`;
      return isDeepStrictEqual(answer, target.result)
        ? undefined
        : `B answered ${JSON.stringify(target.result)}, A got ${JSON.stringify(answer)}`;
    },
  },
  {
    title: 'An order that needs the other cluster',
    shortTitle: 'an order',
    intro:
      'The shop runs on A, its warehouse on B. OrderWorkflow runs CrossClusterWorkflow as an ordinary child, which a ' +
      'workflow in any SDK can do, and goes on with the answer.',
    showsTrace: true,
    source: () => ["OrderWorkflow({ orderID: 'order-1001', sku: 'SKU-7' })"],
    start: (context) => startOrder(context, { orderID: 'order-1001', sku: 'SKU-7' }),
    problem: orderProblem,
  },
  {
    title: 'A failure that keeps its shape',
    shortTitle: 'out of stock',
    intro: 'The item is sold out. What the warehouse throws on B is what the caller can catch on A.',
    source: () => [
      "CrossClusterWorkflow({ workflowType: 'FulfillmentWorkflow', taskQueue: 'fulfillment-queue',",
      `  args: [${JSON.stringify(soldOut)}], timeout: '10m' })`,
    ],
    start: async ({ a }) => {
      const handle = await a.client.workflow.start(CROSS_CLUSTER_WORKFLOW, {
        taskQueue: DEFAULT_CALLER_TASK_QUEUE,
        workflowId: 'order-1002-fulfillment',
        args: [
          {
            workflowType: 'FulfillmentWorkflow',
            taskQueue: FULFILLMENT_QUEUE,
            args: [soldOut],
            timeout: '10m',
          },
        ],
      });
      return { workflowId: handle.workflowId, runId: handle.firstExecutionRunId };
    },
    problem: ({ caller, target }) => {
      if (caller.outcome !== 'failed') return `expected it to fail, but it ${caller.outcome}`;
      const [onA, onB] = [caller.failure.at(-1), target.failure.at(-1)];
      if (onA?.type !== 'OutOfStock') return `expected OutOfStock, got ${JSON.stringify(onA)}`;
      return isDeepStrictEqual(onA, onB)
        ? undefined
        : `B failed with ${JSON.stringify(onB)}, A got ${JSON.stringify(onA)}`;
    },
  },
  {
    title: 'A slow one: nobody polls',
    shortTitle: 'slow packing',
    intro: `Packing takes ${PACKING_MS / 1000} s. A bridge that polls would now ask B again and again; this one waits for one signal.`,
    source: () => [`OrderWorkflow({ orderID: 'order-1003', sku: 'SKU-7', packingMs: ${PACKING_MS} })`],
    start: (context) => startOrder(context, { orderID: 'order-1003', sku: 'SKU-7', packingMs: PACKING_MS }),
    slowMs: PACKING_MS,
    problem: orderProblem,
  },
];
