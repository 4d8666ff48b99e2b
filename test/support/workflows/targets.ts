/** Targets on cluster B for tests: ordinary workflows that know nothing of the bridge. */
import { RawValue } from '@temporalio/common';
import {
  ApplicationFailure,
  CancellationScope,
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  defineUpdate,
  executeChild,
  isCancellation,
  makeContinueAsNewFunc,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';

/** Opens a {@link Gate}; the value is what it returns. */
export const openGate = defineSignal<[unknown]>('open');

/** Returns its first argument. */
export async function Echo(value?: unknown): Promise<unknown> {
  return value;
}

/** Returns all its arguments. */
export async function EchoAll(...values: unknown[]): Promise<unknown[]> {
  return values;
}

/** Returns nothing. */
export async function Nothing(): Promise<void> {
  await Promise.resolve();
}

/** Returns its own run id: a target that ran twice would give two answers. */
export async function OwnRunId(): Promise<string> {
  return workflowInfo().runId;
}

/** Waits until it is opened, and returns what it was opened with. */
export async function Gate(): Promise<unknown> {
  let opened: { value: unknown } | undefined;
  setHandler(openGate, (value) => {
    opened = { value };
  });
  await condition(() => opened !== undefined);
  return opened?.value;
}

/** Sleeps this many milliseconds and returns its own run id. */
export async function Sleep(ms: number): Promise<string> {
  await sleep(ms);
  return workflowInfo().runId;
}

/** Fails with details and a chain of causes. */
export async function Fail(message = 'no stock'): Promise<never> {
  throw ApplicationFailure.create({
    type: 'OutOfStock',
    message,
    nonRetryable: true,
    details: [{ sku: 'SKU-7', left: 0 }, 'second detail'],
    cause: ApplicationFailure.create({ type: 'Shelf', message: 'shelf is empty', details: [7] }),
  });
}

/** Waits until it is cancelled; cleans up, and ends as cancelled. */
export async function UntilCancelled(): Promise<void> {
  try {
    await CancellationScope.current().cancelRequested;
  } catch (error) {
    if (isCancellation(error)) await CancellationScope.nonCancellable(() => sleep(50));
    throw error;
  }
}

/** Continues as new until it has counted to `to`; returns how far it came. */
export async function CountUp(to: number, at = 0): Promise<number> {
  if (at < to) await continueAsNew<typeof CountUp>(to, at + 1);
  return at;
}

/** Tells a {@link Judged} how to end. */
export const judge = defineSignal<[{ fail: string } | { value: unknown }]>('judge');

/** Waits to be told how to end: fails, and may be retried, or returns the value. */
export async function Judged(): Promise<unknown> {
  let verdict: { fail: string } | { value: unknown } | undefined;
  setHandler(judge, (told) => {
    verdict = told;
  });
  await condition(() => verdict !== undefined);
  if (verdict && 'fail' in verdict)
    throw ApplicationFailure.create({ type: 'Judged', message: verdict.fail });
  return verdict?.value;
}

/** Sleeps, then returns its number and its own run id, or fails with them: both kinds of end tell which run ended. */
export async function Work(n: number, ms: number, fails: boolean): Promise<{ n: number; runId: string }> {
  await sleep(ms);
  const { runId } = workflowInfo();
  if (!fails) return { n, runId };
  throw ApplicationFailure.create({
    type: 'Planned',
    message: `number ${n} fails`,
    nonRetryable: true,
    details: [{ n, runId }],
  });
}

/** Fails because of its child: the failure's chain holds what a server says about a child. */
export async function FailByChild(how: 'failed' | 'timed out'): Promise<unknown> {
  return how === 'failed'
    ? executeChild(Fail, { args: ['from the child'] })
    : executeChild(Gate, { workflowExecutionTimeout: '200ms' });
}

/** Returns a payload of an encoding that no converter here knows, as a codec on its worker would have written it. */
export async function Sealed(text: string): Promise<RawValue> {
  return RawValue.fromPayload({
    metadata: { encoding: new TextEncoder().encode('binary/encrypted') },
    data: new TextEncoder().encode(text),
  });
}

/** Runs into a time-out of its own: continues as a run that is given too little time. */
export async function RunOutOfTime(isLastRun = false): Promise<void> {
  if (isLastRun) await condition(() => false);
  await makeContinueAsNewFunc<typeof RunOutOfTime>({ workflowRunTimeout: '200ms' })(true);
}

/** Returns a text of this length. */
export async function LongText(length: number): Promise<string> {
  return 'x'.repeat(length);
}

/** Fails with a message and details of these sizes, in characters. */
export async function FailLarge(messageChars: number, detailChars: number): Promise<never> {
  throw ApplicationFailure.create({
    type: 'Large',
    message: 'm'.repeat(messageChars),
    nonRetryable: true,
    details: detailChars > 0 ? ['d'.repeat(detailChars)] : [],
    cause: ApplicationFailure.create({ type: 'Inner', message: 'inner' }),
  });
}

/** Returns a text of this size, in characters. */
export async function Large(chars: number): Promise<string> {
  return 'x'.repeat(chars);
}

/** Collects what it is signalled and set to, until it is `done`. */
export async function Collector(): Promise<unknown[]> {
  const items: unknown[] = [];
  let done = false;
  setHandler(defineSignal<[unknown]>('add'), (item) => {
    items.push(item);
  });
  setHandler(defineSignal('done'), () => {
    done = true;
  });
  setHandler(defineQuery<unknown[]>('items'), () => items);
  setHandler(
    defineUpdate<unknown, [unknown]>('set'),
    async (item) => {
      if (item === 'fail')
        throw ApplicationFailure.create({ type: 'SetFailed', message: 'cannot set', details: [item] });
      if (item === 'slow') await sleep(7000);
      items.push(item);
      return { set: item };
    },
    {
      validator: (item) => {
        if (item === 'refuse') throw new Error('validator says no');
      },
    },
  );
  await condition(() => done);
  return items;
}

/** What a target knows of how it was started. */
export async function Introspect(): Promise<unknown> {
  const info = workflowInfo();
  return {
    workflowId: info.workflowId,
    memo: info.memo,
    searchAttributes: info.typedSearchAttributes.getAll(),
    executionTimeoutMs: info.executionTimeoutMs,
    runTimeoutMs: info.runTimeoutMs,
    taskTimeoutMs: info.taskTimeoutMs,
    retryPolicy: info.retryPolicy,
    priority: info.priority?.priorityKey,
    parent: info.parent?.workflowId,
  };
}

/** A {@link Collector} that goes on as a new run when told to, with what it has; fails an update or query when told to. */
export async function RenewingCollector(items: unknown[] = []): Promise<unknown[]> {
  let next: 'done' | 'renew' | undefined;
  setHandler(defineSignal<[unknown]>('add'), (item) => {
    items.push(item);
  });
  setHandler(defineSignal<['done' | 'renew']>('next'), (what) => {
    next = what;
  });
  setHandler(defineQuery<unknown[]>('items'), () => items);
  setHandler(defineQuery<string, [number]>('long'), (chars) => 'x'.repeat(chars));
  setHandler(defineQuery('failing'), () => {
    throw ApplicationFailure.create({ type: 'CannotTell', message: 'cannot tell' });
  });
  setHandler(defineUpdate<number, [unknown]>('push'), (item) => items.push(item));
  setHandler(defineUpdate('push-nothing'), () => undefined);
  setHandler(defineUpdate<string, [number]>('long'), (chars) => 'x'.repeat(chars));
  await condition(() => next !== undefined);
  if (next === 'renew') await continueAsNew<typeof RenewingCollector>(items);
  return items;
}
