/**
 * The callers of the recorded library calls. Once a version is released, its histories have to replay with them: add
 * workflows, and leave those that are here as they are.
 */
import {
  CancellationScope,
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  defineUpdate,
  isCancellation,
  setHandler,
} from '@temporalio/workflow';
import type { RemoteWorkflowOptions, RemoteWorkflowReference } from '../../src/workflow.js';
import {
  executeRemoteWorkflow,
  getRemoteWorkflowHandle,
  resumeRemoteWorkflow,
  startRemoteWorkflow,
} from '../../src/workflow.js';

type Options = RemoteWorkflowOptions & { readonly args?: unknown[] };

async function told(name: string): Promise<void> {
  let isTold = false;
  setHandler(defineSignal(name), () => {
    isTold = true;
  });
  await condition(() => isTold);
}

/** One call. */
export async function LibraryExecute(type: string, options: Options): Promise<unknown> {
  return executeRemoteWorkflow(type, options);
}

/** A call whose target is signalled, queried and updated. */
export async function LibraryHandle(type: string, options: Options): Promise<unknown> {
  const handle = await startRemoteWorkflow(type, options);
  await handle.signal(defineSignal<[unknown]>('add'), 1);
  const items = await handle.query(defineQuery<unknown[]>('items'));
  const set = await handle.executeUpdate(defineUpdate<unknown, [unknown]>('set'), { args: [2] });
  await handle.signal('done');
  return { items, set, result: await handle.result() };
}

/** A call that is cancelled when the caller is told so. */
export async function LibraryCancel(type: string, options: Options): Promise<string> {
  const scope = new CancellationScope();
  const ended = scope.run(() => executeRemoteWorkflow(type, options));
  ended.catch(() => undefined);
  await told('cancel');
  scope.cancel();
  try {
    await ended;
    return 'completed';
  } catch (error) {
    return isCancellation(error) ? 'cancelled' : 'failed';
  }
}

/** A call that is still open when its caller closes. */
export async function LibraryClose(type: string, options: Options): Promise<void> {
  await startRemoteWorkflow(type, options);
  await told('close');
}

/** A call that is handed over to the next run. */
export async function LibraryHandOver(
  type: string,
  options: Options,
  reference?: RemoteWorkflowReference,
): Promise<unknown> {
  if (reference) return resumeRemoteWorkflow(reference).result();
  const handle = await startRemoteWorkflow(type, options);
  return continueAsNew<typeof LibraryHandOver>(type, options, handle.toReference());
}

/** Waits for a workflow that somebody else has started. */
export async function LibraryAttach(workflowId: string): Promise<unknown> {
  return getRemoteWorkflowHandle(workflowId).result();
}
