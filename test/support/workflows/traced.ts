/** Workflows of a traced user, on both clusters: callers as `library-callers.ts` has them, and a target with an activity. */
import { ApplicationFailure } from '@temporalio/common';
import { condition, defineSignal, proxyActivities, setHandler } from '@temporalio/workflow';

export * from './library-callers.js';
export { Gate } from './targets.js';

const { work } = proxyActivities<{ work(value: unknown): Promise<unknown> }>({ startToCloseTimeout: '10s' });
const open = defineSignal<[unknown]>('open');

/** Waits until it is opened, then does its work by an activity; `fail` fails with the value as message. */
export async function GatedWork(value: unknown, how?: 'fail'): Promise<unknown> {
  let opened = false;
  setHandler(open, () => {
    opened = true;
  });
  await condition(() => opened);
  const done = await work(value);
  if (how === 'fail') throw ApplicationFailure.nonRetryable(String(done), 'OutOfStock', done);
  return done;
}
