import type { Client } from '@temporalio/client';
import protos from '@temporalio/proto';
import {
  diffRequests,
  readServiceRequests,
  withoutIdle,
  type RequestCounts,
} from '../stack/server-metrics.js';
import { billableActions } from './billable-actions.js';
import type { Variant } from './names.js';
import { VARIANTS } from './names.js';
import type { Plan } from './plan.js';
import type { Census, HistoryTotals } from './results.js';
import type { Stand } from './stand.js';
import { assertTargets, countTargets, targetsOf } from './target-count.js';
import { timeCall } from './time-call.js';

const { EventType } = protos.temporal.api.enums.v1;

/** Counts what a block of calls of each variant leaves in the histories and asks of the servers. */
export async function takeCensus(stands: readonly Stand[], plan: Plan): Promise<Census[]> {
  const rows: Census[] = [];
  for (const stand of stands) {
    for (const variant of VARIANTS) rows.push(await countBlock(stand, variant, plan.censusCalls));
  }
  return rows;
}

async function countBlock(stand: Stand, variant: Variant, calls: number): Promise<Census> {
  const targetsBefore = await countTargets(stand);
  const [onABefore, onBBefore] = await readRequests(stand);
  const since = new Date();
  if (variant.name === 'published') {
    // They sleep for seconds; what they leave behind does not depend on when they run.
    await Promise.all(Array.from({ length: calls }, () => timeCall(stand, variant, 0)));
  } else {
    for (let call = 0; call < calls; call++) await timeCall(stand, variant, 0);
  }
  const [onAAfter, onBAfter] = await readRequests(stand);
  await assertTargets(stand, `the calls by "${variant.label}"`, targetsBefore, targetsOf(variant, calls));
  const [onA, onB] = await Promise.all([
    readHistories(stand.clientA, since),
    readHistories(stand.clientB, since),
  ]);
  const isCaller = (one: ReadHistory): boolean => one.workflowId.startsWith(`bench-${variant.name}-`);
  const callers = totalsOf(onA.filter(isCaller));
  if (callers.executions !== calls) {
    throw new Error(
      `${calls} calls by "${variant.label}", but ${callers.executions} callers are in the list of A`,
    );
  }
  return {
    stand: stand.name,
    variant: variant.name,
    calls,
    callers,
    othersOnA: totalsOf(onA.filter((one) => !isCaller(one))),
    onB: totalsOf(onB),
    requestsOnA: withoutIdle(diffRequests(onABefore, onAAfter)),
    requestsOnB: withoutIdle(diffRequests(onBBefore, onBAfter)),
  };
}

async function readRequests({ a, b }: Stand): Promise<[RequestCounts, RequestCounts]> {
  const read = (metricsUrl: string): Promise<RequestCounts> =>
    readServiceRequests(metricsUrl, { namespaces: ['default'] });
  return await Promise.all([read(a.metricsUrl), read(b.metricsUrl)]);
}

interface ReadHistory {
  readonly workflowId: string;
  readonly types: readonly string[];
  readonly bytes: number;
  readonly actions: number;
}

/** Reads the histories of all workflows that were started at or after a time. */
async function readHistories(client: Client, since: Date): Promise<ReadHistory[]> {
  const histories: ReadHistory[] = [];
  for await (const { workflowId, runId } of client.workflow.list({
    query: `StartTime >= '${since.toISOString()}'`,
  })) {
    const handle = client.workflow.getHandle(workflowId, runId);
    const [description, { events }] = await Promise.all([handle.describe(), handle.fetchHistory()]);
    histories.push({
      workflowId,
      types: (events ?? []).map(({ eventType }) =>
        (EventType[eventType ?? 0] ?? '').replace('EVENT_TYPE_', ''),
      ),
      bytes: Number(description.raw.workflowExecutionInfo?.historySizeBytes ?? 0),
      actions: billableActions(events ?? []),
    });
  }
  return histories;
}

function totalsOf(histories: readonly ReadHistory[]): HistoryTotals {
  const sum = (of: (history: ReadHistory) => number): number =>
    histories.reduce((total, history) => total + of(history), 0);
  const eventsByType: Record<string, number> = {};
  for (const type of histories.flatMap(({ types }) => types)) {
    eventsByType[type] = (eventsByType[type] ?? 0) + 1;
  }
  return {
    executions: histories.length,
    events: sum(({ types }) => types.length),
    bytes: sum(({ bytes }) => bytes),
    actions: sum(({ actions }) => actions),
    eventsByType,
  };
}
