/** From a server's answers to the views. */
import protos from '@temporalio/proto';
import type { temporal } from '@temporalio/proto';
import { timeOf, type ClusterReader, type Description, type QueueState } from '../cluster-reader.js';
import { livePollers } from '../cluster-reader.js';
import { ClusterTrouble } from '../cluster-trouble.js';
import type {
  ExecutionStatus,
  ExecutionView,
  Look,
  PendingActivity,
  PendingTask,
  QueueLook,
} from './call-view.js';

const { WorkflowExecutionStatus, PendingActivityState, PendingWorkflowTaskState } =
  protos.temporal.api.enums.v1;

/** The name of a status. */
export function statusOf(
  status: temporal.api.enums.v1.WorkflowExecutionStatus | null | undefined,
): ExecutionStatus {
  switch (status) {
    case WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_RUNNING:
      return 'running';
    case WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_COMPLETED:
      return 'completed';
    case WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_FAILED:
      return 'failed';
    case WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_CANCELED:
      return 'canceled';
    case WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_TERMINATED:
      return 'terminated';
    case WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_CONTINUED_AS_NEW:
      return 'continued_as_new';
    case WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_TIMED_OUT:
      return 'timed_out';
    case WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_PAUSED:
      return 'paused';
    default:
      return 'unknown';
  }
}

function activityOf(pending: temporal.api.workflow.v1.IPendingActivityInfo): PendingActivity {
  const { lastFailure } = pending;
  const isStarted = pending.state === PendingActivityState.PENDING_ACTIVITY_STATE_STARTED;
  const nextAttemptAt = isStarted
    ? undefined
    : (timeOf(pending.nextAttemptScheduleTime) ?? timeOf(pending.scheduledTime));
  return {
    id: pending.activityId ?? '',
    type: pending.activityType?.name ?? '',
    attempt: pending.attempt ?? 1,
    isStarted,
    ...(nextAttemptAt === undefined ? {} : { nextAttemptAt }),
    ...(lastFailure
      ? {
          lastFailure: {
            type: lastFailure.applicationFailureInfo?.type ?? '',
            message: lastFailure.message ?? '',
          },
        }
      : {}),
  };
}

function taskOf(
  pending: temporal.api.workflow.v1.IPendingWorkflowTaskInfo | null | undefined,
): PendingTask | undefined {
  if (!pending) return undefined;
  return {
    isStarted: pending.state === PendingWorkflowTaskState.PENDING_WORKFLOW_TASK_STATE_STARTED,
    attempt: pending.attempt ?? 1,
    since: timeOf(pending.originalScheduledTime) ?? timeOf(pending.scheduledTime) ?? 0,
  };
}

/** An execution as a server describes it. */
export function executionView(description: Description): ExecutionView {
  const info = description.workflowExecutionInfo ?? {};
  const closedAt = timeOf(info.closeTime);
  const status = statusOf(info.status);
  // A server still lists what was pending when an execution closed.
  const isOpen = status === 'running' || status === 'paused';
  const task = isOpen ? taskOf(description.pendingWorkflowTask) : undefined;
  return {
    workflowId: info.execution?.workflowId ?? '',
    runId: info.execution?.runId ?? '',
    workflowType: info.type?.name ?? '',
    taskQueue: description.executionConfig?.taskQueue?.name ?? info.taskQueue ?? '',
    status,
    startedAt: timeOf(info.startTime) ?? 0,
    ...(closedAt === undefined ? {} : { closedAt }),
    events: Number(info.historyLength ?? 0),
    ...(task === undefined ? {} : { task }),
    pendingActivities: isOpen ? (description.pendingActivities ?? []).map(activityOf) : [],
    pendingChildren: isOpen ? (description.pendingChildren?.length ?? 0) : 0,
  };
}

/** Looks at something; a cluster that cannot be asked is an answer, too. */
export async function look<T>(read: () => Promise<T | undefined>): Promise<Look<T>> {
  try {
    const found = await read();
    return found === undefined ? { missing: true } : { found };
  } catch (error) {
    if (error instanceof ClusterTrouble) return { unavailable: error.message };
    throw error;
  }
}

/** How many poll a queue that something waits on; a host that may not ask does not learn it. */
export async function lookAtQueue(
  reader: ClusterReader,
  name: string,
  type: Parameters<ClusterReader['queue']>[1],
  clockSkewMs: number,
): Promise<QueueLook> {
  const state = await look<QueueState>(() => reader.queue(name, type));
  return 'found' in state ? { name, pollers: livePollers(state.found, clockSkewMs).length } : { name };
}
