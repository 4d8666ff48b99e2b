/** Callers and targets whose ends a test orders step by step: cancellation, closing, handing over. */
import { ApplicationFailure } from '@temporalio/common';
import {
  CancellationScope,
  condition,
  defineQuery,
  defineSignal,
  executeChild,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { ChildWorkflowOptions } from '@temporalio/workflow';
import type { RemoteWorkflowOptions, RemoteWorkflowReference } from '../../../src/workflow.js';
import {
  executeRemoteWorkflow,
  getRemoteWorkflowHandle,
  resumeRemoteWorkflow,
  startRemoteWorkflow,
} from '../../../src/workflow.js';
import type { EndView, LibraryCall } from './library-callers.js';
import { optionsOf } from './library-callers.js';
import { viewError } from './library-callers.js';
import { told } from './told.js';

export * from './library-callers.js';
export { CountUp, Echo, Fail, Gate, OwnRunId, UntilCancelled } from './targets.js';

/** Where a call goes: to the other cluster, or to the caller's own. */
export type Where = 'remote' | 'child';

type Options = (RemoteWorkflowOptions | ChildWorkflowOptions) & { args?: unknown[]; taskQueue: string };

async function endOf(promise: Promise<unknown>): Promise<EndView> {
  try {
    return { value: await promise };
  } catch (error) {
    return { error: viewError(error) };
  }
}

function execute(where: Where, type: string, options: Options): Promise<unknown> {
  return where === 'remote'
    ? executeRemoteWorkflow(type, options as RemoteWorkflowOptions & { args?: unknown[] })
    : executeChild(type, options as never);
}

/** How the call of a {@link CancelWhenTold} has ended so far. */
export const endQuery = defineQuery<EndView | null>('end');

/** Makes a call, cancels its scope at `cancel`, and stays open until `close`; tells how the call ended. */
export async function CancelWhenTold(where: Where, type: string, options: Options): Promise<EndView> {
  let end: EndView | undefined;
  setHandler(endQuery, () => end ?? null);
  const scope = new CancellationScope();
  const ended = endOf(scope.run(() => execute(where, type, options))).then((found) => {
    end = found;
    return found;
  });
  await told('cancel');
  scope.cancel();
  await told('close');
  return ended;
}

/** Cancels a scope, and only then makes a call in it. */
export async function CancelFirst(
  where: Where | 'start' | 'attach',
  type: string,
  options: Options,
): Promise<EndView> {
  const scope = new CancellationScope();
  scope.cancel();
  return endOf(
    scope.run(() => {
      if (where === 'start') return startRemoteWorkflow(type, options as RemoteWorkflowOptions);
      if (where === 'attach') return getRemoteWorkflowHandle(type).result();
      return execute(where, type, options);
    }),
  );
}

/** Makes a call and, at `cancel`, cancels it and closes at once without waiting for anything. */
export async function CancelAndClose(type: string, options: Options): Promise<string> {
  const scope = new CancellationScope();
  const ended = endOf(scope.run(() => execute('remote', type, options)));
  await told('cancel');
  scope.cancel();
  await ended;
  return 'closed';
}

/** Starts a target, then runs into a mistake in its own code: its workflow task fails until the code is mended. */
export async function Mistake(call: LibraryCall): Promise<void> {
  await startRemoteWorkflow(call.type, optionsOf(call));
  await told('go-on');
  throw new TypeError('a mistake');
}

/** Hands what it was given to `resumeRemoteWorkflow`, and its own call's reference with something else in it. */
export async function ResumeAltered(
  call: LibraryCall,
  changes: Readonly<Record<string, unknown>>[],
): Promise<EndView[]> {
  const handle = await startRemoteWorkflow(call.type, optionsOf(call));
  const reference = handle.toReference();
  const ends: EndView[] = [];
  for (const change of changes)
    ends.push(
      await endOf(
        (async (): Promise<unknown> => resumeRemoteWorkflow({ ...reference, ...change }).result())(),
      ),
    );
  return [...ends, await endOf(handle.result())];
}

/** Returns the reference of a call. */
export async function ReferenceOf(call: LibraryCall): Promise<RemoteWorkflowReference> {
  const handle = await startRemoteWorkflow(call.type, optionsOf(call));
  return handle.toReference();
}

/** Whether a {@link Stubborn} has been asked to cancel. */
export const askedQuery = defineQuery<boolean>('asked');

/** Takes note of a cancellation, goes on until it is opened, and ends as told: with a value, or as cancelled. */
export async function Stubborn(): Promise<{ asked: boolean; value: unknown }> {
  let asked = false;
  let opened: { value: unknown } | undefined;
  setHandler(askedQuery, () => asked);
  setHandler(defineSignal<[unknown]>('open'), (value) => {
    opened = { value };
  });
  CancellationScope.current().cancelRequested.catch(() => {
    asked = true;
  });
  await CancellationScope.nonCancellable(() => condition(() => opened !== undefined));
  if (opened?.value === 'cancelled') await CancellationScope.current().cancelRequested;
  return { asked, value: opened?.value };
}

/** Calls, and fails with the value in its first attempt; returns it in the next. */
export async function FailOnce(call: LibraryCall): Promise<unknown> {
  const value = await executeRemoteWorkflow(call.type, optionsOf(call));
  if (workflowInfo().attempt === 1) throw ApplicationFailure.create({ message: String(value) });
  return [workflowInfo().lastFailure?.message, value];
}
