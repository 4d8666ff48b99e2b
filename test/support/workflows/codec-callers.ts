/** Callers on cluster A for tests of payloads. */
import { executeRemoteWorkflow, startRemoteWorkflow } from '../../../src/workflow.js';
import type { RemoteWorkflowOptions } from '../../../src/workflow.js';
import { Order } from '../codecs/order-payload-converter.js';
import type { EndTold } from './fidelity-view.js';
import { tellEnd } from './fidelity-view.js';

export * from './fidelity-callers.js';
export * from './library-callers.js';

/** Calls with arguments, a signal, a query and an update that only a custom converter can carry. */
export async function TypedTells(options: RemoteWorkflowOptions): Promise<EndTold[]> {
  const order = new Order('order-7', 3);
  const big = 12345678901234567890n;
  const told = await startRemoteWorkflow('ToldTyped', options as never);
  await told.signal('tell', order, big);
  const ends = [
    await tellEnd(told.query('ask', new Date(7))),
    await tellEnd(told.executeUpdate('update', { args: ['value', new Date(8)] })),
    await tellEnd(told.executeUpdate('update', { args: ['fail', big] })),
  ];
  await told.signal('done');
  return [
    ...ends,
    await tellEnd(told.result()),
    ...(await Promise.all(
      [order, big, new Date(9), new Map([[1, 'one']]), new Uint8Array([1, 0])].map((value) =>
        tellEnd(executeRemoteWorkflow('Echo', { ...options, args: [value] })),
      ),
    )),
  ];
}
