/** Callers on cluster A for tests, in workflows of their own (not `CrossClusterWorkflow`). */
import { ApplicationFailure, defaultPayloadConverter } from '@temporalio/common';
import { continueAsNew, sleep, workflowInfo } from '@temporalio/workflow';
import type { CallScope } from '../../../src/shared/call-id.js';
import { registerCompletionHandler } from '../../../src/workflow/completion-inbox.js';
import { callRemote } from '../../../src/workflow/remote-call.js';

registerCompletionHandler();

/** One call, as tests ask for it. */
export interface TestCall {
  readonly workflowType: string;
  readonly args?: unknown[];
  readonly key?: string;
  readonly scope?: CallScope;
  readonly timeoutMs?: number;
  readonly taskQueue?: string;
}

/** Makes one call and returns its value, or fails with the outcome's status or refusal type. */
async function call({
  workflowType,
  args = [],
  key,
  scope = 'run',
  timeoutMs,
  taskQueue = 'targets',
}: TestCall): Promise<unknown> {
  const { outcome } = await callRemote({
    workflowType,
    taskQueue,
    args: args.map((arg) => defaultPayloadConverter.toPayload(arg)),
    scope,
    targetId: { mode: 'hashed', name: workflowType },
    bridgeTaskQueue: 'bridge-queue',
    ...(key === undefined ? {} : { key }),
    ...(scope === 'workflow-id' ? { sourceCluster: 'cluster-a' } : {}),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });
  if (outcome.status === 'completed') {
    return outcome.value ? defaultPayloadConverter.fromPayload(outcome.value) : undefined;
  }
  const type = outcome.status === 'refused' ? outcome.refusal.type : outcome.status;
  throw ApplicationFailure.create({ type, message: `call ended as ${type}` });
}

/** Makes one call. */
export async function CallOnce(options: TestCall): Promise<unknown> {
  return call(options);
}

/** Makes several calls at once. */
export async function CallMany(options: TestCall[]): Promise<unknown[]> {
  return Promise.all(options.map(call));
}

/** Makes one call, then stays open for `thenMs` milliseconds before it returns the value. */
export async function CallThenSleep(options: TestCall, thenMs: number): Promise<unknown> {
  const value = await call(options);
  await sleep(thenMs);
  return value;
}

/** Makes the same call in each of `runs` runs of one chain; returns all answers. */
export async function CallInEachRun(
  options: TestCall,
  runs: number,
  answers: unknown[] = [],
): Promise<unknown[]> {
  const all = [...answers, await call(options)];
  if (all.length < runs) await continueAsNew<typeof CallInEachRun>(options, runs, all);
  return all;
}

/** Fails after its call in the first attempt, so that its retry policy starts another run; returns the second's value. */
export async function CallAndFailOnce(options: TestCall): Promise<{ value: unknown; attempt: number }> {
  const { attempt } = workflowInfo();
  const value = await call(options).catch((error: unknown) => {
    if (attempt > 1) throw error;
    return undefined;
  });
  if (attempt === 1) throw ApplicationFailure.create({ type: 'FirstAttempt', message: 'fails once' });
  return { value, attempt };
}
