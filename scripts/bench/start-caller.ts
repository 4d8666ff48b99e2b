import { randomUUID } from 'node:crypto';
import type { Client, WorkflowHandle } from '@temporalio/client';
import type { Variant } from './names.js';
import { TARGET_QUEUE, TARGET_TYPE } from './names.js';

/** Starts a caller on A whose target takes so many milliseconds. */
export function startCaller(client: Client, variant: Variant, workMs: number): Promise<WorkflowHandle> {
  return client.workflow.start(variant.workflowType, {
    workflowId: `bench-${variant.name}-${randomUUID()}`,
    taskQueue: variant.taskQueue,
    args: [requestOf(variant, workMs)],
  });
}

function requestOf(variant: Variant, workMs: number): unknown {
  switch (variant.name) {
    case 'published':
      return {
        WorkflowType: TARGET_TYPE,
        TaskQueue: TARGET_QUEUE,
        Input: Buffer.from(String(workMs)).toString('base64'),
      };
    case 'article':
      return { workflowType: TARGET_TYPE, taskQueue: TARGET_QUEUE, args: [workMs] };
    default:
      return { targetId: `bench-target-${randomUUID()}`, workMs };
  }
}

/** What a caller's result holds of its target's answer. */
export function answerOf(variant: Variant, result: unknown): unknown {
  switch (variant.name) {
    case 'published': {
      const { Output } = result as { Output: string };
      return JSON.parse(Buffer.from(Output, 'base64').toString()) as unknown;
    }
    case 'article':
      return (result as { result: unknown }).result;
    default:
      return result;
  }
}
