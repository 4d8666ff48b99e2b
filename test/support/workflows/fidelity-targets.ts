/** Targets that end in every way in which a workflow can end; those of targets.ts are among them. */
import {
  ActivityFailure,
  ApplicationFailure,
  ApplicationFailureCategory,
  CancelledFailure,
  TimeoutFailure,
} from '@temporalio/common';
import {
  CancellationScope,
  executeChild,
  makeContinueAsNewFunc,
  proxyActivities,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';

export * from './targets.js';

const MIB = 1024 * 1024;

const VALUES = {
  object: { a: 1, nested: { list: [1, 'zwei €', null, true], empty: {} } },
  text: 'Grüße, 世界 🚀\n\t"quoted" \u0000 \u2028',
  number: -1.5e-7,
  false: false,
  null: null,
  undefined,
  'empty text': '',
  'empty list': [],
  bytes: Uint8Array.from({ length: 256 }, (_, at) => at),
  'no bytes': new Uint8Array(),
  'large text': 'x€'.repeat(475_000), // 1.9 MB of UTF-8
  'large bytes': new Uint8Array(1.9 * MIB).fill(7),
} as const;

/** Name of a value that {@link Give} returns. */
export type ValueName = keyof typeof VALUES;

/** Returns a value by its name: what a test could not send as JSON. */
export async function Give(name: ValueName): Promise<unknown> {
  return VALUES[name];
}

function causesOf(depth: number): ApplicationFailure {
  return ApplicationFailure.create({
    type: `Level${depth}`,
    message: `level ${depth}`,
    nonRetryable: depth % 2 === 0,
    details: [{ depth }],
    ...(depth > 1 ? { cause: causesOf(depth - 1) } : {}),
  });
}

const FAILURES = {
  full: () =>
    ApplicationFailure.create({
      type: 'OutOfStock',
      message: 'ausverkauft €',
      nonRetryable: true,
      details: [{ sku: 'SKU-7', left: 0 }, 'second', null, undefined, 1.5],
      cause: ApplicationFailure.create({ type: 'Shelf', message: 'shelf is empty', details: [[7]] }),
    }),
  bare: () => new ApplicationFailure('bare'),
  'no message': () => new ApplicationFailure(undefined, 'NoMessage'),
  deep: () => causesOf(12),
  'from a plain error': () =>
    ApplicationFailure.fromError(new RangeError('out of range', { cause: new TypeError('inner') })),
  benign: () =>
    ApplicationFailure.create({
      type: 'Benign',
      message: 'benign',
      category: ApplicationFailureCategory.BENIGN,
      nextRetryDelay: '1 hour',
    }),
  'bytes in details': () =>
    ApplicationFailure.create({ type: 'Bytes', message: 'bytes', details: [new Uint8Array([0, 255, 1])] }),
  'large details': () =>
    ApplicationFailure.create({ type: 'Large', message: 'large', details: ['d'.repeat(200_000)] }),
  'long message': () =>
    ApplicationFailure.create({ type: 'Long', message: 'lange Nachricht € '.repeat(3000) }),
  'its own cancellation': () => new CancelledFailure('stopped by itself', [{ why: 'enough' }]),
  'caused by a cancellation': () =>
    ApplicationFailure.create({ type: 'Stopped', message: 'stopped', cause: new CancelledFailure('inner') }),
} satisfies Record<string, () => Error>;

/** Name of a failure that {@link Break} throws. */
export type FailureName = keyof typeof FAILURES;

/** Fails in a way by its name. */
export async function Break(name: FailureName): Promise<never> {
  throw FAILURES[name]();
}

const { nobodyRuns } = proxyActivities<{ nobodyRuns(): Promise<void> }>({
  taskQueue: 'nobody-polls',
  scheduleToCloseTimeout: '200ms',
});

/** Fails with its activity's failure, or with that one's cause, a time-out that is not its own. */
export async function BreakByActivity(throws: 'failure' | 'cause'): Promise<void> {
  try {
    await nobodyRuns();
  } catch (error) {
    if (throws === 'cause' && error instanceof ActivityFailure && error.cause) throw error.cause;
    throw error;
  }
}

/** Fails with a time-out of its own making. */
export async function BreakByTimeout(): Promise<never> {
  throw new TimeoutFailure('slower than agreed', { at: 7 }, 'HEARTBEAT');
}

/** Fails with an activity's cancellation, though nobody cancelled the workflow itself. */
export async function BreakByCancelledActivity(): Promise<void> {
  const scope = new CancellationScope();
  const running = scope.run(() => nobodyRuns());
  scope.cancel();
  await running;
}

/** Fails because its child was terminated or cancelled by itself. */
export async function BreakByGrandchild(): Promise<void> {
  await executeChild(Break, { args: ['its own cancellation'] });
}

/** Fails twice, then returns the number of its attempt. */
export async function ThirdTimeLucky(): Promise<number> {
  const { attempt } = workflowInfo();
  if (attempt < 3) throw ApplicationFailure.create({ type: 'Unlucky', message: `attempt ${attempt}` });
  return attempt;
}

/** Fails in the run after a continue-as-new. */
export async function BreakInNextRun(isLastRun = false): Promise<void> {
  if (isLastRun) await Break('full');
  await makeContinueAsNewFunc<typeof BreakInNextRun>()(true);
}

/** Waits, and returns whether it was reset meanwhile. */
export async function WasReset(ms: number): Promise<boolean> {
  await sleep(ms);
  const { runId, originalExecutionRunId } = workflowInfo();
  return runId !== originalExecutionRunId;
}
