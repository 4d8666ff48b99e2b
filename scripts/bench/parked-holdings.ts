/** What waiting calls hold of the bridge's slots, and how long their histories are, as the servers describe them. */
import type { Client } from '@temporalio/client';
import { AT_ONCE, listWrappers } from './parked-calls.js';
import { callerIdOf } from './parked-names.js';
import type { ParkedStand } from './parked-stand.js';
import { inParallel } from './parked-work.js';

/** `PENDING_ACTIVITY_STATE_SCHEDULED` and `_STARTED`. */
const SCHEDULED = 1;
const STARTED = 2;

/** What a set of executions holds. */
export interface Holdings {
  readonly executions: number;
  /** Those with one activity, which waits in the server for its next attempt. */
  readonly inBackOff: number;
  /** Activities that a worker has begun and not ended: each holds a slot. */
  readonly startedActivities: number;
  /** Workflow tasks that wait for a worker or that one has begun. */
  readonly workflowTasks: number;
  /** Events in history: how many executions have each length. */
  readonly historyLengths: Readonly<Record<number, number>>;
}

/** The holdings of all callers on A and all wrappers on B. */
export interface BothHoldings {
  readonly callers: Holdings;
  readonly wrappers: Holdings;
}

/** Describes every caller and every wrapper. */
export async function readHoldings(stand: ParkedStand, calls: number): Promise<BothHoldings> {
  const callers = Array.from({ length: calls }, (_, number) => callerIdOf(number));
  const wrappers = (await listWrappers(stand)).map(({ workflowId }) => workflowId);
  return {
    callers: await holdingsOf(stand.clientA, callers),
    wrappers: await holdingsOf(stand.clientB, wrappers),
  };
}

/** Slots of the bridge that these hold: activities and workflow tasks that are under way. */
export function slotsHeld({ callers, wrappers }: BothHoldings): number {
  return [callers, wrappers].reduce((sum, held) => sum + held.startedActivities + held.workflowTasks, 0);
}

async function holdingsOf(client: Client, workflowIds: readonly string[]): Promise<Holdings> {
  const sum = { executions: 0, inBackOff: 0, startedActivities: 0, workflowTasks: 0 };
  const historyLengths: Record<number, number> = {};
  await inParallel(workflowIds, AT_ONCE, async (workflowId) => {
    const { raw, historyLength } = await client.workflow.getHandle(workflowId).describe();
    const activities = raw.pendingActivities ?? [];
    const [only] = activities;
    // The first attempt has ended, and the next one has its time.
    const waits =
      only !== undefined &&
      Number(only.state) === SCHEDULED &&
      (only.attempt ?? 0) > 1 &&
      only.scheduledTime != null;
    sum.executions += 1;
    if (activities.length === 1 && waits) sum.inBackOff += 1;
    sum.startedActivities += activities.filter(({ state }) => Number(state) >= STARTED).length;
    if (raw.pendingWorkflowTask) sum.workflowTasks += 1;
    historyLengths[historyLength] = (historyLengths[historyLength] ?? 0) + 1;
  });
  return { ...sum, historyLengths };
}
