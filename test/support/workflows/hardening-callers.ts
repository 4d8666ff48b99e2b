/** Callers for the tests of what must not be possible. */
import { ApplicationFailure, continueAsNew, workflowInfo } from '@temporalio/workflow';
import { START_ACTIVITY } from '../../../src/shared/names.js';
import type { CallEnvelope } from '../../../src/shared/wire/call-envelope.js';
import { callArgs } from '../../../src/workflow/anchor.js';
import { bridgeActivities } from '../../../src/workflow/bridge-activities.js';
import type { RemoteWorkflowReference } from '../../../src/workflow.js';
import { resumeRemoteWorkflow, startRemoteWorkflow } from '../../../src/workflow.js';
import type { LibraryCall } from './library-callers.js';
import { optionsOf } from './library-callers.js';

export * from './library-callers.js';

/** Schedules the start of a call with whatever envelope it is given. */
export async function ScheduleStart(envelope: CallEnvelope): Promise<void> {
  const activities = bridgeActivities('bridge-queue', 'forged', { maximumIntervalMs: 1000 });
  await activities[START_ACTIVITY](...callArgs({ envelope, bridgeTaskQueue: 'bridge-queue' }));
}

/** Hands a call over to the next run, whose first attempt fails; the retry has the same reference. */
export async function HandOverAndFail(
  call: LibraryCall,
  reference?: RemoteWorkflowReference,
): Promise<unknown> {
  if (!reference) {
    const handle = await startRemoteWorkflow(call.type, optionsOf(call));
    return continueAsNew<typeof HandOverAndFail>(call, handle.toReference());
  }
  const handle = resumeRemoteWorkflow(reference);
  if (workflowInfo().attempt === 1)
    throw ApplicationFailure.create({ type: 'FirstAttempt', message: 'fails once' });
  return (await handle.result()) as unknown;
}
