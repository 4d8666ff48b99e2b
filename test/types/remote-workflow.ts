/**
 * What the compiler says about calls of workflows on other clusters. Compiled by `tsc -b`, never run: a line that ought
 * not to compile and does, or a type that is inferred otherwise, fails the build.
 */
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { RemoteWorkflowHandle, RemoteWorkflowReference } from '../../src/workflow.js';
import {
  executeRemoteWorkflow,
  getRemoteWorkflowHandle,
  resumeRemoteWorkflow,
  startRemoteWorkflow,
} from '../../src/workflow.js';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Compiles only for a value of just this type. */
const typeIs =
  <Expected>() =>
  <Actual>(_value: Actual, ..._same: Equal<Actual, Expected> extends true ? [] : ['another type']): void =>
    undefined;

interface Order {
  readonly sku: string;
  readonly quantity: number;
}
interface Receipt {
  readonly id: string;
}
declare function fulfil(order: Order, urgent: boolean): Promise<Receipt>;
declare function ping(): Promise<void>;
declare function greet(name?: string): Promise<string>;

const taskQueue = 'fulfilment';
const order: Order = { sku: 'SKU-7', quantity: 2 };

/** The result is inferred from the function, and from a type parameter beside a name. */
export async function results(): Promise<void> {
  const receipt = await executeRemoteWorkflow(fulfil, { taskQueue, args: [order, true] });
  typeIs<Receipt>()(receipt);
  const nothing = await executeRemoteWorkflow(ping, { taskQueue });
  typeIs<void>()(nothing);
  const greeting = await executeRemoteWorkflow(greet, { taskQueue, args: [] });
  typeIs<string>()(greeting);
  const named = await executeRemoteWorkflow<typeof fulfil>('fulfil', { taskQueue, args: [order, false] });
  typeIs<Receipt>()(named);
  // Without a type nothing is known.
  const unknown = await executeRemoteWorkflow('fulfil', { taskQueue, args: [1, 'two'] });
  typeIs<any>()(unknown); // eslint-disable-line @typescript-eslint/no-explicit-any -- likewise
}

/** The arguments have to be those of the function. */
export async function args(): Promise<void> {
  // @ts-expect-error arguments are missing
  await executeRemoteWorkflow(fulfil, { taskQueue });
  // @ts-expect-error one argument is missing
  await executeRemoteWorkflow(fulfil, { taskQueue, args: [order] });
  // @ts-expect-error an argument of another type
  await executeRemoteWorkflow(fulfil, { taskQueue, args: [order, 'yes'] });
  // @ts-expect-error a field is missing in an argument
  await executeRemoteWorkflow(fulfil, { taskQueue, args: [{ sku: 'SKU-7' }, true] });
  // @ts-expect-error an argument too many
  await executeRemoteWorkflow(fulfil, { taskQueue, args: [order, true, 1] });
  // @ts-expect-error arguments of a function that has none
  await executeRemoteWorkflow(ping, { taskQueue, args: ['x'] });
  // @ts-expect-error the same for a start
  await startRemoteWorkflow(fulfil, { taskQueue, args: [order, 'yes'] });
  // @ts-expect-error and for a name with a type
  await startRemoteWorkflow<typeof fulfil>('fulfil', { taskQueue, args: [] });
  // @ts-expect-error a function that is no workflow
  await executeRemoteWorkflow((n: number) => n, { taskQueue, args: [1] });
}

/** Options are named, and have their values. */
export async function options(): Promise<void> {
  // @ts-expect-error no task queue: the caller's own is on another cluster
  await executeRemoteWorkflow(ping, {});
  // @ts-expect-error an unknown option
  await executeRemoteWorkflow(ping, { taskQueue, workflowID: 'x' });
  // @ts-expect-error an unknown cancellation type
  await executeRemoteWorkflow(ping, { taskQueue, cancellationType: 'MAYBE' });
  // @ts-expect-error an unknown parent-close policy
  await executeRemoteWorkflow(ping, { taskQueue, parentClosePolicy: 'FORGET' });
  // @ts-expect-error an unknown scope
  await executeRemoteWorkflow(ping, { taskQueue, scope: 'cluster' });
  await executeRemoteWorkflow(ping, {
    taskQueue,
    cluster: 'eu',
    key: 'order-1',
    scope: 'chain',
    timeout: '1 day',
    cancellationType: 'TRY_CANCEL',
    parentClosePolicy: 'ABANDON',
    fallback: { first: '30s', max: '10m' },
    workflowId: 'order-1',
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    workflowExecutionTimeout: '1h',
    workflowRunTimeout: 1000,
    workflowTaskTimeout: '10s',
    retry: { maximumAttempts: 3 },
    memo: { any: ['thing'] },
    typedSearchAttributes: [{ key: { name: 'Customer', type: 'KEYWORD' }, value: 'x' }],
    staticSummary: 'summary',
    staticDetails: 'details',
    priority: { priorityKey: 1 },
  });
}

const add = defineSignal<[item: string, count: number]>('add');
const done = defineSignal('done');
const total = defineQuery<number, [unit: string]>('total');
const count = defineQuery<number>('count');
const price = defineUpdate<Receipt, [cents: number]>('price');

/** A handle knows the result of its function, and takes the user's own definitions. */
export async function handles(): Promise<void> {
  const handle = await startRemoteWorkflow(fulfil, { taskQueue, args: [order, true] });
  typeIs<RemoteWorkflowHandle<typeof fulfil>>()(handle);
  const result = await handle.result();
  typeIs<Receipt>()(result);
  typeIs<string>()(handle.workflowId);
  typeIs<string>()(handle.firstExecutionRunId);
  // @ts-expect-error the ids are facts
  handle.workflowId = 'other';

  await handle.signal(add, 'nut', 2);
  await handle.signal(done);
  // @ts-expect-error an argument is missing
  await handle.signal(add, 'nut');
  // @ts-expect-error an argument of another type
  await handle.signal(add, 'nut', 'two');
  // @ts-expect-error an argument too many
  await handle.signal(done, 1);
  await handle.signal<[number]>('by-name', 1);
  // @ts-expect-error a query is no signal
  await handle.signal(count);

  const sum = await handle.query(total, 'kg');
  typeIs<number>()(sum);
  const items = await handle.query(count);
  typeIs<number>()(items);
  const byName = await handle.query<Receipt, [number]>('receipt', 1);
  typeIs<Receipt>()(byName);
  // @ts-expect-error an argument of another type
  await handle.query(total, 7);
  // @ts-expect-error an argument is missing
  await handle.query(total);

  const priced = await handle.executeUpdate(price, { args: [100] });
  typeIs<Receipt>()(priced);
  // @ts-expect-error an argument of another type
  await handle.executeUpdate(price, { args: ['100'] });
  // @ts-expect-error an argument is missing
  await handle.executeUpdate(price);

  await handle.cancel();
  await handle.terminate();
  await handle.terminate('reason');
  // @ts-expect-error a reason is a text
  await handle.terminate(1);
}

/** Handles of workflows that others started, and calls taken up. */
export async function others(): Promise<void> {
  const attached = getRemoteWorkflowHandle<typeof fulfil>('order-1', { cluster: 'eu', runId: 'r' });
  const result = await attached.result();
  typeIs<Receipt>()(result);
  // @ts-expect-error nothing is started, so there are no arguments
  getRemoteWorkflowHandle('order-1', { args: [1] });
  // @ts-expect-error somebody else's workflow has no parent-close policy
  getRemoteWorkflowHandle('order-1', { parentClosePolicy: 'ABANDON' });
  const reference: RemoteWorkflowReference = attached.toReference();
  const resumed = resumeRemoteWorkflow<typeof fulfil>(reference, { cancellationType: 'ABANDON' });
  typeIs<RemoteWorkflowHandle<typeof fulfil>>()(resumed);
  // @ts-expect-error a call that was made has its options
  resumeRemoteWorkflow(reference, { taskQueue });
}
