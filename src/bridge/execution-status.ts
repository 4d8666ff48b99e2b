import protos from '@temporalio/proto';
import type { temporal } from '@temporalio/proto';

const { WorkflowExecutionStatus } = protos.temporal.api.enums.v1;

type Status = temporal.api.enums.v1.WorkflowExecutionStatus;

/** Whether a described execution is open. */
export function isRunning(status: Status | null | undefined): boolean {
  return status === WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_RUNNING;
}

/** Whether a server said that an execution has closed; a server before 1.27 says nothing. */
export function isClosed(status: Status | null | undefined): boolean {
  return Boolean(status) && !isRunning(status);
}
