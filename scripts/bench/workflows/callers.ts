/** The callers: each makes one call, in one of the ways that are compared. */
import { createNexusServiceClient, executeChild, proxyActivities } from '@temporalio/workflow';
import { executeRemoteWorkflow } from '../../../src/workflow.js';
import type { CallRequest } from '../names.js';
import { NEXUS_ENDPOINT, TARGET_QUEUE, TARGET_TYPE } from '../names.js';
import { targets } from './contract.js';

/** Makes no call. */
export async function CallNothing(): Promise<string> {
  return Promise.resolve('answer');
}

/** A child workflow on the caller's own cluster. */
export function CallChild({ targetId, workMs }: CallRequest): Promise<string> {
  return executeChild(TARGET_TYPE, { workflowId: targetId, taskQueue: TARGET_QUEUE, args: [workMs] });
}

/** A Nexus operation whose handler runs the target on B. */
export function CallNexus(request: CallRequest): Promise<string> {
  const client = createNexusServiceClient({ service: targets, endpoint: NEXUS_ENDPOINT });
  return client.executeOperation('answer', request, { scheduleToCloseTimeout: '5m' });
}

const { awaitRemoteResult } = proxyActivities<{ awaitRemoteResult(request: CallRequest): Promise<string> }>({
  startToCloseTimeout: '5m',
});

/** An activity that starts the target on B and awaits its result. */
export function CallLongPoll(request: CallRequest): Promise<string> {
  return awaitRemoteResult(request);
}

/** A remote call, through the bridge's queue or, where the worker has the plugin, started by it. */
export function CallRemote({ workMs }: CallRequest): Promise<string> {
  return executeRemoteWorkflow<(workMs: number) => Promise<string>>(TARGET_TYPE, {
    taskQueue: TARGET_QUEUE,
    args: [workMs],
  });
}
