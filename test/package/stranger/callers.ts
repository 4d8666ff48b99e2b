/** The stranger's workflows on cluster A. */
import { workflowInfo } from '@temporalio/workflow';
import {
  executeRemoteWorkflow,
  GenerateKey,
  isFailureType,
  startRemoteWorkflow,
} from 'temporal-bridge/workflow';

/** What the caller gives back: the target's answer, and what the package's sandbox half said on the way. */
export interface Answer {
  readonly fromRemote: unknown;
  readonly key: string;
  readonly knowsFailureTypes: boolean;
}

/** Has cluster B echo a value. */
export async function AskRemote(value: unknown): Promise<Answer> {
  return {
    fromRemote: await callRemoteWorkflow('Echo', [value]),
    key: GenerateKey(workflowInfo().workflowId, 'echo', 1),
    knowsFailureTypes: isFailureType('REMOTE_WORKFLOW_FAILED'),
  };
}

/** The one place where this project calls across: every call of the workflows above goes through it. */
async function callRemoteWorkflow(workflowType: string, args: unknown[]): Promise<unknown> {
  const handle = await startRemoteWorkflow<(...values: unknown[]) => Promise<unknown>>(workflowType, {
    taskQueue: 'targets',
    args,
    timeout: '5m',
  });
  const [started, executed] = await Promise.all([
    handle.result(),
    executeRemoteWorkflow(workflowType, { taskQueue: 'targets', args, timeout: '5m' }),
  ]);
  return JSON.stringify(started) === JSON.stringify(executed) ? started : { started, executed };
}
