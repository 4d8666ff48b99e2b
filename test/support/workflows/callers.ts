/** Callers on cluster A for tests, in workflows of their own (not `CrossClusterWorkflow`). */
import { ApplicationFailure, defaultPayloadConverter } from '@temporalio/common';
import { continueAsNew, sleep, workflowInfo } from '@temporalio/workflow';
import type { CallScope } from '../../../src/shared/call-id.js';
import { registerCompletionHandler } from '../../../src/workflow/completion-inbox.js';
import type { CallRequest } from '../../../src/workflow/open-call.js';
import { callRemote } from '../../../src/workflow/remote-call.js';
import { untilGoOn } from './told.js';

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

function remoteCallOf({
  workflowType,
  args = [],
  key,
  scope = 'run',
  timeoutMs,
  taskQueue = 'targets',
}: TestCall): CallRequest {
  return {
    target: { workflowType, taskQueue, idMode: 'hashed', name: workflowType },
    payloads: { args: args.map((arg) => defaultPayloadConverter.toPayload(arg)), memo: {} },
    scope,
    parentClose: 'abandon',
    bridgeTaskQueue: 'bridge-queue',
    ...(key === undefined ? {} : { key }),
    ...(scope === 'workflow-id' ? { sourceCluster: 'cluster-a' } : {}),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  };
}

/** Makes one call and returns its value, or fails with the outcome's status or refusal type. */
async function call(options: TestCall): Promise<unknown> {
  const { outcome } = await callRemote(remoteCallOf(options));
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

/** Makes several calls at once; returns each one's value, or the type of the failure that it ended as. */
export async function EndsOfMany(options: TestCall[]): Promise<unknown[]> {
  return Promise.all(
    options.map((one) =>
      call(one).catch((error: unknown) => (error instanceof ApplicationFailure ? error.type : String(error))),
    ),
  );
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

/** Makes a call, waits for `go-on`, and makes it again: the same call if it has a key. Returns both answers. */
export async function CallTwice(options: TestCall): Promise<[unknown, unknown]> {
  const first = await call(options);
  await untilGoOn();
  return [first, await call(options)];
}

/** Makes a call. The first attempt fails at `go-on`, whether or not it has its answer; the second waits for it. */
export async function FailWhileCallRuns(first: TestCall, second: TestCall = first): Promise<unknown> {
  if (workflowInfo().attempt > 1) return call(second);
  call(first).catch(() => undefined);
  await untilGoOn();
  throw ApplicationFailure.create({ type: 'FirstAttempt', message: 'fails once' });
}

/** Makes one call; returns how it ended, a refusal's details included, and stays open until `go-on` if told to. */
export async function CallAndTell(
  options: TestCall,
  staysOpen = false,
): Promise<{ ended: string; details?: Readonly<Record<string, string>> }> {
  const { outcome } = await callRemote(remoteCallOf(options));
  if (staysOpen) await untilGoOn();
  return outcome.status === 'refused'
    ? { ended: outcome.refusal.type, details: outcome.refusal.details }
    : { ended: outcome.status };
}
