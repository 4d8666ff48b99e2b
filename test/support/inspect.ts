import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowFailedError } from '@temporalio/client';
import type { WorkflowExecutionDescription, WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { TestSide } from './harness.js';

/** `RESET_REAPPLY_EXCLUDE_TYPE_SIGNAL`, for a reset that leaves signals out. */
export const EXCLUDE_SIGNALS = 1;

/** `EVENT_TYPE_*` numbers that tests count. */
export const EVENT = {
  workflowTaskCompleted: 7,
  workflowTaskTimedOut: 8,
  workflowTaskFailed: 9,
  activityScheduled: 10,
  activityStarted: 11,
  activityTimedOut: 14,
  signaled: 26,
} as const;

/** Waits until something holds, asking every 50 ms; a test's own time-out bounds it too. */
export async function eventually<T>(
  what: string,
  probe: () => Promise<T | undefined | false> | T | undefined | false,
  withinMs = 60_000,
): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const found = await probe();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > deadline) throw new Error(`did not come true within ${withinMs} ms: ${what}`);
    await sleep(50);
  }
}

/** The event types of a workflow's history, in order. */
export async function eventTypes(handle: Pick<WorkflowHandle, 'fetchHistory'>): Promise<number[]> {
  const { events } = await handle.fetchHistory();
  return (events ?? []).map((event) => event.eventType ?? 0);
}

/** How often an event type stands in a workflow's history. */
export async function countEvents(
  handle: Pick<WorkflowHandle, 'fetchHistory'>,
  type: number,
): Promise<number> {
  return (await eventTypes(handle)).filter((found) => found === type).length;
}

/**
 * Waits until a workflow has taken `signals` signals: a workflow task has completed since the last of them.
 * They are counted, as the server keeps a signal out of the history while a workflow task is under way.
 */
export async function whenTaken(
  handle: Pick<WorkflowHandle, 'fetchHistory'>,
  signals: number,
): Promise<void> {
  await eventually(`a workflow has taken ${signals} signals`, async () => {
    const types = await eventTypes(handle);
    const found = types.filter((type) => type === EVENT.signaled).length;
    return (
      found >= signals && types.lastIndexOf(EVENT.workflowTaskCompleted) > types.lastIndexOf(EVENT.signaled)
    );
  });
}

/** Waits for a workflow's failure and returns its innermost-but-first failure: the one that it failed with. */
export async function failureOf(handle: Pick<WorkflowHandle, 'result'>): Promise<Error> {
  try {
    const value: unknown = await handle.result();
    throw new Error(`expected a failure, got ${JSON.stringify(value)}`);
  } catch (error) {
    if (error instanceof WorkflowFailedError && error.cause) return error.cause;
    throw error;
  }
}

/** Waits for a workflow's failure, which must be an `ApplicationFailure`. */
export async function applicationFailureOf(
  handle: Pick<WorkflowHandle, 'result'>,
): Promise<ApplicationFailure> {
  const failure = await failureOf(handle);
  if (!(failure instanceof ApplicationFailure))
    throw new Error(`expected an ApplicationFailure, got ${failure.name}: ${failure.message}`);
  return failure;
}

/** Executions on a side that match a visibility query, once there are at least `atLeast`. */
export async function listExecutions(side: TestSide, query: string, atLeast = 0) {
  return eventually(`${atLeast} executions with ${query}`, async () => {
    const found = [];
    for await (const execution of side.client.workflow.list({ query })) found.push(execution);
    return found.length >= atLeast ? found : undefined;
  });
}

/** All executions of a target type on B that a caller's call started. */
export async function targetsOf(side: TestSide, callerWorkflowId: string, atLeast = 1) {
  const all = await listExecutions(
    side,
    `WorkflowId STARTS_WITH "bridge-cluster-a-${callerWorkflowId}-"`,
    atLeast,
  );
  return all;
}

/** `WORKFLOW_TASK_FAILED_CAUSE_*` that are the server's own doing: a signal came meanwhile, more than 100 did, or a reset. */
const HARMLESS_CAUSES = [1, 17, 20];

/** What went wrong with a workflow's tasks: each one that failed or timed out, in words. */
export async function taskTroubles(handle: Pick<WorkflowHandle, 'fetchHistory'>): Promise<string[]> {
  const { events } = await handle.fetchHistory();
  return (events ?? []).flatMap((event) => {
    const failed = event.workflowTaskFailedEventAttributes;
    if (failed && !HARMLESS_CAUSES.includes(failed.cause ?? 0)) return [failed.failure?.message ?? 'failed'];
    return event.workflowTaskTimedOutEventAttributes ? ['timed out'] : [];
  });
}

/** Waits until a workflow has closed, and describes it. */
export async function whenClosed(handle: WorkflowHandle): Promise<WorkflowExecutionDescription> {
  return eventually(`${handle.workflowId} has closed`, async () => {
    const found = await handle.describe();
    return found.status.name !== 'RUNNING' && found;
  });
}

/** The first target of a caller's calls, and the wrapper that runs it. */
export async function remoteOf(side: TestSide, callerWorkflowId: string): Promise<RemoteHandles> {
  const [target] = await targetsOf(side, callerWorkflowId);
  if (!target) throw new Error(`no target of ${callerWorkflowId}`);
  return handlesOf(side, target.workflowId, target.runId);
}

/** A target, and the wrapper that runs it. */
export interface RemoteHandles {
  readonly target: WorkflowHandle;
  readonly wrapper: WorkflowHandle;
}

/** A target by its id, and its wrapper. */
export async function handlesOf(side: TestSide, workflowId: string, runId?: string): Promise<RemoteHandles> {
  const { workflow } = side.client;
  const target = workflow.getHandle(workflowId, runId);
  const { raw } = await target.describe();
  const parent = raw.workflowExecutionInfo?.parentExecution;
  if (!parent?.workflowId) throw new Error(`${workflowId} has no wrapper`);
  return { target, wrapper: workflow.getHandle(parent.workflowId) };
}

/**
 * Whether a call's wrapper got its first workflow task with its start: the server then records the start's own request id
 * for that task, a UUID of version 8, where a worker's poll has a random one.
 */
export async function isStartedEagerly(side: TestSide, callerWorkflowId: string): Promise<boolean> {
  const { wrapper } = await remoteOf(side, callerWorkflowId);
  const { events } = await wrapper.fetchHistory();
  const started = events?.find((event) => event.workflowTaskStartedEventAttributes);
  return started?.workflowTaskStartedEventAttributes?.requestId?.charAt(14) === '8';
}
