/** A stand-in for the published bridge's workflow; see names.ts. */
import { ApplicationFailure, proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { PublishedActivities, PublishedRequest, PublishedResult } from './names.js';

const NANOSECONDS_PER_MS = 1_000_000;
const DEFAULT_TIMEOUT_MS = 3_600_000;

/** Starts the remote workflow by one activity and polls for its end by another. */
export async function CrossClusterWorkflow(request: PublishedRequest): Promise<PublishedResult> {
  const timeoutMs = Math.ceil((request.Timeout ?? 0) / NANOSECONDS_PER_MS) || DEFAULT_TIMEOUT_MS;
  const { StartWorkflowInRemote } = proxyActivities<PublishedActivities>({
    startToCloseTimeout: '30s',
    retry: {
      initialInterval: '1s',
      backoffCoefficient: 2,
      maximumInterval: '1m',
      maximumAttempts: 5,
      nonRetryableErrorTypes: ['INVALID_REQUEST'],
    },
  });
  const { WaitForRemoteCompletion } = proxyActivities<PublishedActivities>({
    startToCloseTimeout: timeoutMs,
    heartbeatTimeout: '30s',
  });
  const { WorkflowID, RunID } = await StartWorkflowInRemote({
    SourceWorkflowID: workflowInfo().workflowId,
    WorkflowType: request.WorkflowType,
    TaskQueue: request.TaskQueue,
    Input: request.Input ?? '',
  });
  const ended = await WaitForRemoteCompletion({ WorkflowID, RunID });
  if (ended.Status !== 'completed') {
    throw ApplicationFailure.nonRetryable(`remote workflow ${ended.Status}: ${ended.Error}`);
  }
  return { WorkflowID, RunID: ended.RunID, Status: ended.Status, Output: ended.Output };
}
