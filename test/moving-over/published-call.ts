/** Calls in the published form, and their targets on B. */
import type { WorkflowHandle } from '@temporalio/client';
import { GenerateCrossClusterKey } from '../../src/shared/keys.js';
import type { TestSide } from '../support/harness.js';
import type { PublishedRequest, PublishedResult } from './published-bridge/names.js';

/** The published bridge's open calls, as a visibility query; docs/migration.md has the same. */
export const OPEN_PUBLISHED_CALLS =
  'WorkflowType = "CrossClusterWorkflow" AND TaskQueue = "bridge-queue" AND ExecutionStatus = "Running"';

/** A request in the published form for a target of support/workflows/targets.ts. */
export function requestAsPublished(WorkflowType: string, input?: unknown): PublishedRequest {
  if (input === undefined) return { WorkflowType, TaskQueue: 'targets' };
  const Input = Buffer.from(JSON.stringify(input)).toString('base64');
  return { WorkflowType, TaskQueue: 'targets', Input };
}

/** What the target returned. */
export function outputOf(result: unknown): unknown {
  return JSON.parse(Buffer.from((result as PublishedResult).Output, 'base64').toString());
}

/** The id that the published bridge gives a call's target. */
export function publishedTargetId(call: Pick<WorkflowHandle, 'workflowId'>, name: string): string {
  return GenerateCrossClusterKey('cluster-a', call.workflowId, name);
}

/** Opens a `Gate` on B. */
export async function openGateOf(b: TestSide, workflowId: string, value: unknown): Promise<void> {
  await b.client.workflow.getHandle(workflowId).signal('open', value);
}
