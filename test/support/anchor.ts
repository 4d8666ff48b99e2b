import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import type { temporal } from '@temporalio/proto';
import { targetWorkflowIdFor } from '../../src/bridge/caller/target-id.js';
import { CALL_HEADER, DEFAULT_SOURCE_CLUSTER, START_ACTIVITY } from '../../src/shared/names.js';
import type { CallEnvelope } from '../../src/shared/wire/call-envelope.js';
import { parseCallEnvelope } from '../../src/shared/wire/call-envelope.js';
import type { TestSide } from './harness.js';
import { eventually } from './inspect.js';

/** An anchor activity that waits, as cluster A's UI shows it under "Pending Activities". */
export type PendingAnchor = temporal.api.workflow.v1.IPendingActivityInfo;

/** A call's envelope out of its caller's history, once the caller has made it: nothing is read on B for it. */
export async function recordedCall(caller: Pick<WorkflowHandle, 'fetchHistory'>): Promise<CallEnvelope> {
  return eventually('the call is recorded', async () => {
    const { events } = await caller.fetchHistory();
    for (const { activityTaskScheduledEventAttributes: scheduled } of events ?? []) {
      const header = scheduled?.header?.fields?.[CALL_HEADER];
      if (scheduled?.activityType?.name === START_ACTIVITY && header) return parseCallEnvelope(header);
    }
    return undefined;
  });
}

/** A call's executions on B, whether or not they exist. */
export interface RemoteIds {
  readonly callId: string;
  readonly wrapper: WorkflowHandle;
  readonly target: WorkflowHandle;
}

/** The executions of the call that a caller has made, without a read on B. */
export async function remoteIdsOf(
  b: Pick<TestSide, 'client'>,
  caller: Pick<WorkflowHandle, 'fetchHistory'>,
): Promise<RemoteIds> {
  const call = await recordedCall(caller);
  const { workflow } = b.client;
  return {
    callId: call.callId,
    wrapper: workflow.getHandle(call.wrapperWorkflowId),
    target: workflow.getHandle(targetWorkflowIdFor(DEFAULT_SOURCE_CLUSTER, call)),
  };
}

/** Waits until the anchor of a caller's only open call is in back-off before attempt `attempt` (2 = the first ended). */
export async function anchorBackedOff(
  caller: Pick<WorkflowHandle, 'describe'>,
  attempt = 2,
): Promise<PendingAnchor> {
  return eventually(`attempt ${attempt} of the anchor is awaited`, async () => {
    const { raw } = await caller.describe();
    const anchor = raw.pendingActivities?.find(({ activityType }) => activityType?.name === START_ACTIVITY);
    return anchor?.lastFailure && (anchor.attempt ?? 0) >= attempt ? anchor : undefined;
  });
}

/** Waits until an execution is known to its cluster. */
export async function whenStarted(handle: WorkflowHandle): Promise<WorkflowHandle> {
  await eventually(`${handle.workflowId} has started`, () =>
    handle.describe().then(
      () => true,
      () => false,
    ),
  );
  return handle;
}

/** Whether an execution is known to its cluster. */
export async function exists(handle: WorkflowHandle): Promise<boolean> {
  try {
    await handle.describe();
    return true;
  } catch (error) {
    if (error instanceof Error && error.name === 'WorkflowNotFoundError') return false;
    throw error;
  }
}

/** Deletes an execution and waits until its cluster has forgotten it. */
export async function deleteExecution(side: TestSide, handle: WorkflowHandle): Promise<void> {
  await side.client.workflowService.deleteWorkflowExecution({
    namespace: side.namespace,
    workflowExecution: { workflowId: handle.workflowId },
  });
  await eventually(`${handle.workflowId} is gone`, async () => !(await exists(handle)));
}

/** Resets a workflow to its first workflow task, as an operator does. */
export async function resetToFirstTask(side: TestSide, handle: WorkflowHandle): Promise<void> {
  const { events } = await handle.fetchHistory();
  const firstTask = events?.find((event) => event.workflowTaskCompletedEventAttributes);
  const { runId } = await handle.describe();
  await side.client.workflowService.resetWorkflowExecution({
    namespace: side.namespace,
    workflowExecution: { workflowId: handle.workflowId, runId },
    workflowTaskFinishEventId: firstTask?.eventId ?? null,
    reason: 'by the test',
    requestId: randomUUID(),
  });
}
