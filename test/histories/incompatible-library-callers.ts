/** Library callers that do something else first: no recorded history fits them. */
import { sleep } from '@temporalio/workflow';
import { executeRemoteWorkflow } from '../../src/workflow.js';

async function somethingElse(): Promise<unknown> {
  await sleep('1 minute');
  return executeRemoteWorkflow('Echo', { taskQueue: 'targets' });
}

export {
  somethingElse as LibraryAttach,
  somethingElse as LibraryCancel,
  somethingElse as LibraryClose,
  somethingElse as LibraryExecute,
  somethingElse as LibraryHandOver,
  somethingElse as LibraryHandle,
};
