/** Callers on cluster A that tell all of how their callee ended: the same callee as a child, and as a remote workflow. */
import { executeChild } from '@temporalio/workflow';
import type { ChildWorkflowOptions } from '@temporalio/workflow';
import { executeRemoteWorkflow } from '../../../src/workflow.js';
import type { RemoteWorkflowOptions } from '../../../src/workflow.js';
import type { EndTold } from './fidelity-view.js';
import { tellEnd } from './fidelity-view.js';

/** Calls a workflow on cluster B. */
export async function RemoteTells(
  type: string,
  options: RemoteWorkflowOptions & { args?: unknown[] },
): Promise<EndTold> {
  return tellEnd(executeRemoteWorkflow(type, options as never));
}

/** Calls a workflow on cluster B, and fails with whatever that throws. */
export async function RemoteThrows(
  type: string,
  options: RemoteWorkflowOptions & { args?: unknown[] },
): Promise<unknown> {
  return executeRemoteWorkflow(type, options as never);
}

/** Runs a child on this cluster. */
export async function ChildTells(
  type: string,
  options: ChildWorkflowOptions & { args?: unknown[] },
): Promise<EndTold> {
  return tellEnd(executeChild(type, options as never));
}
