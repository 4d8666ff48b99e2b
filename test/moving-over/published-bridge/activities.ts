/** A stand-in for the published bridge's activities; see names.ts. */
import { Context } from '@temporalio/activity';
import { WorkflowExecutionAlreadyStartedError, type Client } from '@temporalio/client';
import { ApplicationFailure, RawValue } from '@temporalio/common';
import { GenerateCrossClusterKey } from '../../../src/shared/keys.js';
import { jsonPayload } from '../../../src/shared/payloads.js';
import type { PublishedActivities, PublishedEnd } from './names.js';

/** How the poll loop goes; as published: every 5 s, at most 720 times. */
export interface PollOptions {
  readonly pollIntervalMs?: number;
  readonly maxPolls?: number;
}

const STATUS: Readonly<Record<string, PublishedEnd['Status'] | undefined>> = {
  COMPLETED: 'completed',
  FAILED: 'failed',
  CANCELLED: 'canceled',
  TERMINATED: 'terminated',
  TIMED_OUT: 'timed out',
};

/** The activities of a stand-in that calls `remote` in the name of cluster `source`. */
export function publishedActivities(
  remote: Client,
  { pollIntervalMs = 5_000, maxPolls = 720 }: PollOptions = {},
  source = 'cluster-a',
): PublishedActivities {
  return {
    async StartWorkflowInRemote({ SourceWorkflowID, WorkflowType, TaskQueue, Input }) {
      const WorkflowID = GenerateCrossClusterKey(source, SourceWorkflowID, WorkflowType);
      if (WorkflowType === '' || TaskQueue === '') {
        throw ApplicationFailure.nonRetryable('WorkflowType and TaskQueue are required', 'INVALID_REQUEST');
      }
      const data = Buffer.from(Input, 'base64');
      const args = data.length > 0 ? [RawValue.fromPayload({ ...jsonPayload(null), data })] : [];
      try {
        const handle = await remote.workflow.start(WorkflowType, {
          workflowId: WorkflowID,
          taskQueue: TaskQueue,
          args,
        });
        return { WorkflowID, RunID: handle.firstExecutionRunId, Status: 'started' };
      } catch (error) {
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
        return { WorkflowID, RunID: '', Status: 'already_running' };
      }
    },

    async WaitForRemoteCompletion({ WorkflowID, RunID }) {
      const handle = remote.workflow.getHandle(WorkflowID, RunID === '' ? undefined : RunID);
      for (let polls = 0; polls < maxPolls; polls += 1) {
        const { status, runId } = await handle.describe();
        const Status = STATUS[status.name];
        if (Status === 'completed') {
          const result = JSON.stringify((await handle.result()) ?? null);
          return { RunID: runId, Status, Output: Buffer.from(result).toString('base64'), Error: '' };
        }
        if (Status) return { RunID: runId, Status, Output: '', Error: await flatError(handle) };
        Context.current().heartbeat(polls);
        await Context.current().sleep(pollIntervalMs);
      }
      throw ApplicationFailure.nonRetryable(`no end of ${WorkflowID} seen in ${maxPolls} polls`);
    },
  };
}

/** A failure as one text: type, details and causes are lost, as they were. */
async function flatError(handle: { result(): Promise<unknown> }): Promise<string> {
  return handle.result().then(
    () => '',
    (error: unknown) => {
      const cause = error instanceof Error ? error.cause : undefined;
      return cause instanceof Error ? cause.message : String(error);
    },
  );
}
