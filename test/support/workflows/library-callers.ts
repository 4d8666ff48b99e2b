/** Callers on cluster A for tests of the library: they import it as users do, and nothing else of this project. */
import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  ChildWorkflowFailure,
  TemporalFailure,
  TerminatedFailure,
  TimeoutFailure,
  defineSearchAttributeKey,
} from '@temporalio/common';
import type { SearchAttributePair } from '@temporalio/common';
import {
  CancellationScope,
  continueAsNew,
  defineQuery,
  defineSignal,
  defineUpdate,
  executeChild,
  isCancellation,
  setHandler,
  sleep,
  startChild,
} from '@temporalio/workflow';
import type {
  ChildWorkflowCancellationType,
  ChildWorkflowOptions,
  ParentClosePolicy,
} from '@temporalio/workflow';
import type {
  AttachOptions,
  FallbackSchedule,
  RemoteWorkflowHandle,
  RemoteWorkflowOptions,
  RemoteWorkflowReference,
} from '../../../src/workflow.js';
import {
  executeRemoteWorkflow,
  getRemoteWorkflowHandle,
  resumeRemoteWorkflow,
  startRemoteWorkflow,
} from '../../../src/workflow.js';
import { untilGoOn } from './told.js';

/** A call as a test asks for it: the type, and options that JSON can carry. */
export interface LibraryCall extends Omit<RemoteWorkflowOptions, 'taskQueue' | 'fallback'> {
  readonly type: string;
  readonly args?: unknown[];
  readonly taskQueue?: string;
  readonly fallback?: FallbackSchedule;
}

/** A call's options, without what only tests know of. */
export function optionsOf({
  type: _type,
  ...options
}: LibraryCall): RemoteWorkflowOptions & { args?: unknown[] } {
  return { taskQueue: 'targets', ...options };
}

const execute = (call: LibraryCall): Promise<unknown> => executeRemoteWorkflow(call.type, optionsOf(call));
const start = (call: LibraryCall): Promise<RemoteWorkflowHandle> =>
  startRemoteWorkflow(call.type, optionsOf(call));

/** An error's own words, to be compared. */
export interface ErrorView {
  readonly name: string;
  readonly message: string;
  readonly type?: string | null;
  readonly nonRetryable?: boolean | null;
  readonly details?: unknown;
  readonly isCancellation: boolean;
  readonly cause?: ErrorView;
}

/** An error as its catcher sees it, causes included. */
export function viewError(error: unknown): ErrorView {
  if (!(error instanceof Error)) return { name: typeof error, message: String(error), isCancellation: false };
  const app = error instanceof ApplicationFailure ? error : undefined;
  return {
    name: error.name,
    message: error.message,
    isCancellation: isCancellation(error),
    ...(app
      ? { type: app.type ?? null, nonRetryable: app.nonRetryable ?? null, details: app.details ?? [] }
      : {}),
    ...(error instanceof CancelledFailure ? { details: error.details } : {}),
    ...(error.cause instanceof Error ? { cause: viewError(error.cause) } : {}),
  };
}

/** How something ended, to be compared. */
export type EndView = { readonly value: unknown } | { readonly error: ErrorView };

async function endOf(promise: Promise<unknown>): Promise<EndView> {
  try {
    return { value: await promise };
  } catch (error) {
    return { error: viewError(error) };
  }
}

/** `executeRemoteWorkflow`: returns the value, or fails with what it throws. */
export async function Execute(call: LibraryCall): Promise<unknown> {
  return execute(call);
}

/** `executeRemoteWorkflow`: tells how it ended, and whether a value is `undefined`. */
export async function ExecuteAndTell(call: LibraryCall): Promise<EndView & { isUndefined?: boolean }> {
  const end = await endOf(execute(call));
  return 'value' in end ? { ...end, isUndefined: end.value === undefined } : end;
}

/** The same as a child on the caller's own cluster, for comparison. */
export async function ChildAndTell(
  type: string,
  options: ChildWorkflowOptions & { args?: unknown[] },
): Promise<EndView & { isUndefined?: boolean }> {
  const end = await endOf(executeChild(type, options as never));
  return 'value' in end ? { ...end, isUndefined: end.value === undefined } : end;
}

/** Several calls at once; tells how each ended. */
export async function ExecuteMany(calls: LibraryCall[]): Promise<EndView[]> {
  return Promise.all(calls.map((call) => endOf(execute(call))));
}

/** Makes a call, then stays open until told to go on. */
export async function ExecuteThenWait(call: LibraryCall): Promise<unknown> {
  const value = await execute(call);
  await untilGoOn();
  return value;
}

/** What a handle knows when the start is confirmed. */
export const startedQuery = defineQuery<{ workflowId: string; runId: string } | undefined>('started');

/** `startRemoteWorkflow`, then the result; the handle's ids can be queried. */
export async function StartAndResult(call: LibraryCall): Promise<unknown> {
  const known: { ids?: { workflowId: string; runId: string } } = {};
  setHandler(startedQuery, () => known.ids);
  const handle = await start(call);
  known.ids = { workflowId: handle.workflowId, runId: handle.firstExecutionRunId };
  return { ...known.ids, value: await handle.result() };
}

const add = defineSignal<[unknown]>('add');
const sumQuery = defineQuery<unknown[]>('items');
const setUpdate = defineUpdate<unknown, [unknown]>('set');

/** One step of a caller that works with a handle. */
export type Step =
  | { readonly do: 'signal'; readonly name: string; readonly args?: unknown[] }
  | { readonly do: 'query'; readonly name: string; readonly args?: unknown[] }
  | { readonly do: 'update'; readonly name: string; readonly args?: unknown[] }
  | { readonly do: 'cancel' }
  | { readonly do: 'terminate'; readonly reason?: string }
  | { readonly do: 'result' }
  | { readonly do: 'sleep'; readonly ms: number }
  | { readonly do: 'go-on' };

async function step(handle: RemoteWorkflowHandle, one: Step): Promise<unknown> {
  switch (one.do) {
    case 'signal':
      return handle.signal(defineSignal<unknown[]>(one.name), ...(one.args ?? []));
    case 'query':
      return handle.query(defineQuery<unknown, unknown[]>(one.name), ...(one.args ?? []));
    case 'update':
      return handle.executeUpdate(defineUpdate<unknown, unknown[]>(one.name), { args: one.args ?? [] });
    case 'cancel':
      return handle.cancel();
    case 'terminate':
      return handle.terminate(one.reason);
    case 'result':
      return handle.result();
    case 'sleep':
      return sleep(one.ms);
    case 'go-on':
      return untilGoOn();
  }
}

/** Starts a target, or takes a handle of one, and does these steps with it; tells how each ended. */
export async function UseHandle(
  target: LibraryCall | { readonly attachTo: string; readonly options?: AttachOptions },
  steps: Step[],
): Promise<EndView[]> {
  const handle =
    'attachTo' in target ? getRemoteWorkflowHandle(target.attachTo, target.options) : await start(target);
  const ends: EndView[] = [];
  for (const one of steps) ends.push(await endOf(step(handle, one)));
  return ends;
}

/** Sends a signal right after the start, with the user's own definitions, and sums up what the target has. */
export async function SignalAtOnce(call: LibraryCall, items: unknown[]): Promise<unknown> {
  const handle = await start(call);
  await Promise.all(items.map((item) => handle.signal(add, item)));
  const seen = await handle.query(sumQuery);
  const updated = await handle.executeUpdate(setUpdate, { args: ['last'] });
  await handle.signal('done');
  return { seen, updated, result: await handle.result() };
}

/** A call in a scope that is cancelled after some time, or by `go-on`; tells what the caller saw, and in which order. */
export async function CancelledCall(
  call: LibraryCall & { readonly cancellationType?: ChildWorkflowCancellationType },
  when: number | 'go-on',
  staysOpenMs = 0,
): Promise<EndView> {
  const scope = new CancellationScope();
  const ended = endOf(scope.run(() => execute(call)));
  if (when === 'go-on') await untilGoOn();
  else await sleep(when);
  scope.cancel();
  const end = await ended;
  if (staysOpenMs > 0) await CancellationScope.nonCancellable(() => sleep(staysOpenMs));
  return end;
}

/** The same with a child of the caller's own cluster. */
export async function CancelledChild(
  type: string,
  options: ChildWorkflowOptions & { args?: unknown[] },
  when: number,
): Promise<EndView> {
  const scope = new CancellationScope();
  const ended = endOf(scope.run(() => executeChild(type, options as never)));
  await sleep(when);
  scope.cancel();
  return ended;
}

/** A call with a time-out of the caller's own around it. */
export async function CallWithTimeout(call: LibraryCall, ms: number): Promise<EndView> {
  return endOf(CancellationScope.withTimeout(ms, () => execute(call)));
}

/** Starts a target and closes without waiting for it: returns, or fails. */
export async function StartAndClose(
  call: LibraryCall & { readonly parentClosePolicy?: ParentClosePolicy },
  how: 'return' | 'fail' | 'go-on',
): Promise<string> {
  const handle = await start(call);
  if (how === 'go-on') await untilGoOn();
  if (how === 'fail') throw ApplicationFailure.nonRetryable('closes without its call', 'Closing');
  return handle.workflowId;
}

/** Starts a target and hands the call over to the next run, `runs` times; then awaits its result. */
export async function HandOver(
  call: LibraryCall,
  runs: number,
  waits: 'go-on' | number = 0,
  reference?: RemoteWorkflowReference,
): Promise<unknown> {
  const handle = reference ? resumeRemoteWorkflow(reference) : await start(call);
  if (runs === 0) return handle.result();
  if (waits === 'go-on') await untilGoOn();
  else if (waits > 0) await sleep(waits);
  return continueAsNew<typeof HandOver>(call, runs - 1, waits, handle.toReference());
}

/** Resumes whatever it is given; tells how that ended. */
export async function Resume(reference: unknown): Promise<EndView> {
  return endOf((async () => (await resumeRemoteWorkflow(reference).result()) as unknown)());
}

/** Makes calls from signal and update handlers, and returns their values at `go-on`. */
export async function CallsFromHandlers(): Promise<unknown[]> {
  const values: unknown[] = [];
  setHandler(defineSignal<[LibraryCall]>('call'), async (call) => {
    values.push(await execute(call));
  });
  setHandler(defineUpdate<unknown, [LibraryCall]>('call-update'), (call) => execute(call));
  await untilGoOn();
  return values;
}

/** Starts a child and waits for it, for comparison of handles. */
export async function StartChildAndResult(type: string, options: ChildWorkflowOptions): Promise<unknown> {
  const handle = await startChild(type, options);
  return handle.result();
}

/** Kept so that every class that a caller may check for is in the bundle. */
export const CHECKED_CLASSES = [
  ActivityFailure,
  ChildWorkflowFailure,
  TemporalFailure,
  TerminatedFailure,
  TimeoutFailure,
];

/** Makes one call twice, by its key, and sends a signal with each handle; tells what the target has got. */
export async function SignalByTwoHandles(call: LibraryCall): Promise<unknown> {
  const [one, other] = await Promise.all([start(call), start(call)]);
  await one.signal(add, 'by one');
  await other.signal(add, 'by the other');
  await one.signal('done');
  return one.result();
}

/** A search attribute with a date, which JSON cannot carry. */
export async function ExecuteWithDate(call: LibraryCall, name: string, iso: string): Promise<unknown> {
  const typedSearchAttributes = [
    ...((call.typedSearchAttributes as SearchAttributePair[] | undefined) ?? []),
    { key: defineSearchAttributeKey(name, 'DATETIME'), value: new Date(iso) },
  ];
  return execute({ ...call, typedSearchAttributes });
}

/** Attaches, and does not use the handle until told to; then tells how the other workflow ended. */
export async function AttachLater(workflowId: string): Promise<EndView> {
  const handle = getRemoteWorkflowHandle(workflowId);
  await untilGoOn();
  const ends = await Promise.all([endOf(handle.result()), endOf(handle.result())]);
  return ends[0];
}

/** A call with one argument or memo of this many characters; tells how it ended. */
export async function ExecuteLarge(
  call: LibraryCall,
  what: 'args' | 'memo',
  chars: number,
): Promise<EndView> {
  const text = 'x'.repeat(chars);
  return endOf(
    execute({ ...call, ...(what === 'args' ? { args: [text] } : { memo: { large: text } }) }),
  ).then((end) => ('value' in end ? { value: end.value ?? null } : end));
}

/** A call while this many others are open: stand-ins in the run's registry, which cost no server anything. */
export async function ExecuteAmong(call: LibraryCall, others: number): Promise<EndView> {
  const key = Symbol.for('temporal-bridge.open-calls/1');
  const holder = globalThis as { [key]?: Set<unknown> };
  const open = (holder[key] ??= new Set<unknown>());
  const standIns = Array.from({ length: others }, () => ({}));
  for (const one of standIns) open.add(one);
  const end = await endOf(execute(call));
  for (const one of standIns) open.delete(one);
  return end;
}
