/** Makes the calls that wait, and knows when they do. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { REMOTE_CALL_WORKFLOW } from '../../src/shared/names.js';
import { PARKED_CALLER, PARKED_CALLERS_QUEUE, PARKED_TARGET, callerIdOf } from './parked-names.js';
import { readRequests, splitPolls } from './parked-requests.js';
import type { ParkedStand } from './parked-stand.js';
import { inParallel } from './parked-work.js';

/** Requests of this program that are under way at one time. */
export const AT_ONCE = 50;

const COUNT_EVERY_MS = 1_000;
const QUIET_EVERY_MS = 3_000;
const QUIET_READINGS = 3;
const QUIET_WITHIN_MS = 120_000;

/** Starts the callers of these numbers, and waits until each target runs. */
export async function makeCalls(
  { clientA, clientB }: ParkedStand,
  from: number,
  to: number,
  progress: (running: number) => void,
): Promise<void> {
  const numbers = Array.from({ length: to - from }, (_, index) => from + index);
  await inParallel(numbers, AT_ONCE, (number) =>
    clientA.workflow.start(PARKED_CALLER, {
      workflowId: callerIdOf(number),
      taskQueue: PARKED_CALLERS_QUEUE,
      args: [number],
    }),
  );
  await untilCount(
    clientB,
    `WorkflowType = '${PARKED_TARGET}' AND ExecutionStatus = 'Running'`,
    to,
    progress,
  );
}

/** Waits until visibility counts so many executions. */
export async function untilCount(
  client: Client,
  query: string,
  wanted: number,
  progress: (count: number) => void = () => undefined,
): Promise<void> {
  for (;;) {
    const { count } = await client.workflow.count(query);
    progress(count);
    if (count >= wanted) return;
    await sleep(COUNT_EVERY_MS);
  }
}

/**
 * Waits until neither server gets a request but the workers' polls for a while. Gives up after two minutes without an
 * error: what is measured next shows what goes on.
 */
export async function untilQuiet({ a, b }: ParkedStand): Promise<void> {
  const deadline = Date.now() + QUIET_WITHIN_MS;
  const read = async (): Promise<string> => {
    const readings = await Promise.all([a, b].map(({ metricsUrl }) => readRequests(metricsUrl)));
    return JSON.stringify(readings.map(({ begun }) => splitPolls(begun).others));
  };
  let last = '';
  for (let same = 1; same < QUIET_READINGS && Date.now() < deadline; await sleep(QUIET_EVERY_MS)) {
    const now = await read();
    same = now === last ? same + 1 : 1;
    last = now;
  }
}

/** An execution as visibility lists it. */
export interface Listed {
  readonly workflowId: string;
  readonly runId: string;
  readonly status: string;
  readonly closedAt: number | undefined;
}

/** All executions of a type. */
export async function listAll(client: Client, workflowType: string): Promise<Listed[]> {
  const found: Listed[] = [];
  const query = `WorkflowType = '${workflowType}'`;
  for await (const { workflowId, runId, status, closeTime } of client.workflow.list({
    query,
    pageSize: 1_000,
  })) {
    found.push({ workflowId, runId, status: status.name, closedAt: closeTime?.getTime() });
  }
  return found;
}

/** The bridge's wrappers on B. */
export function listWrappers({ clientB }: ParkedStand): Promise<Listed[]> {
  return listAll(clientB, REMOTE_CALL_WORKFLOW);
}
