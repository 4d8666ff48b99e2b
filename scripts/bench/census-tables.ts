import type { RequestCounts } from '../stack/server-metrics.js';
import { actionsPerCall, labelOf } from './figures.js';
import type { Census, HistoryTotals, Results } from './results.js';
import { number, type Table } from './table.js';

/** Requests that wait for something to happen. */
const isLongPoll = (operation: string): boolean => operation.startsWith('Poll');
/** The program that makes the calls asks A for their results by this one; on B it asks nothing. */
const OF_DRIVER_ON_A = 'GetWorkflowExecutionHistory';
/** Less than this a call is another thing that happened meanwhile. */
const NEGLIGIBLE = 0.05;

/** What calls leave behind, three tables a stand. */
export function censusTables({ census }: Results): Table[] {
  const stands = [...new Set(census.map(({ stand }) => stand))];
  return stands.flatMap((stand) => {
    const rows = census.filter((row) => row.stand === stand);
    const alone = rows.find(({ variant }) => variant === 'no-call');
    if (!alone) return [];
    return [historyTable(stand, rows), actionsTable(stand, rows, alone), requestsTable(stand, rows, alone)];
  });
}

function historyTable(stand: string, rows: readonly Census[]): Table {
  return {
    title: `Events and bytes of history a call, ${stand}`,
    notes: [
      'The whole of each history, the caller’s own start, workflow tasks and end included. "beside": what else the call',
      'runs on A, which is the target itself for a child. On B: all that the call runs there, the target included.',
    ],
    head: [
      '',
      'n',
      'events, caller on A',
      'beside',
      'on B',
      'bytes, caller on A',
      'beside',
      'on B',
      'workflows on A',
      'on B',
    ],
    rows: rows.map(({ variant, calls, callers, othersOnA, onB }) => [
      labelOf(variant),
      String(calls),
      ...[callers.events, othersOnA.events, onB.events].map((events) => number(events / calls, 1)),
      ...[callers.bytes, othersOnA.bytes, onB.bytes].map((bytes) => number(bytes / calls)),
      number((callers.executions + othersOnA.executions) / calls, 1),
      number(onB.executions / calls, 1),
    ]),
  };
}

function actionsTable(stand: string, rows: readonly Census[], alone: Census): Table {
  return {
    title: `Billable actions a call, ${stand}`,
    notes: [
      'An estimate from the histories and the count of heartbeats, by the rules of docs.temporal.io/cloud/actions; less',
      'the one action of the caller’s own start, which is among those named.',
    ],
    head: ['', 'on A', 'on B', 'sum', 'what they are'],
    textColumns: [0, 4],
    rows: rows
      .filter((row) => row !== alone)
      .map((row) => {
        const { a, b } = actionsPerCall(row, alone);
        return [labelOf(row.variant), number(a, 1), number(b, 1), number(a + b, 1), whatActionsAre(row)];
      }),
  };
}

/** Types of events, and operations that leave no event. */
const ACTION_WORDS: readonly (readonly [type: string, word: string])[] = [
  ['WORKFLOW_EXECUTION_STARTED', 'start'],
  ['START_CHILD_WORKFLOW_EXECUTION_INITIATED', 'child'],
  ['ACTIVITY_TASK_SCHEDULED', 'activity'],
  ['WORKFLOW_EXECUTION_SIGNALED', 'signal'],
  ['TIMER_STARTED', 'timer'],
  ['MARKER_RECORDED', 'marker'],
  ['NEXUS_OPERATION_SCHEDULED', 'Nexus operation'],
  ['NEXUS_OPERATION_CANCEL_REQUESTED', 'Nexus cancellation'],
  ['UPSERT_WORKFLOW_SEARCH_ATTRIBUTES', 'search attributes'],
  ['WORKFLOW_EXECUTION_UPDATE_ACCEPTED', 'update'],
  ['WORKFLOW_EXECUTION_OPTIONS_UPDATED', 'options updated'],
  ['RecordActivityTaskHeartbeat', 'heartbeat'],
  ['QueryWorkflow', 'query'],
];

/** What are actions, a call, as words: `A: start, activity; B: 2 × start, heartbeat`. */
function whatActionsAre({ calls, callers, othersOnA, onB, requestsOnA, requestsOnB }: Census): string {
  const words = (totals: readonly HistoryTotals[], requests: RequestCounts): string => {
    const all = [...totals.map(({ eventsByType }) => eventsByType), requests];
    return ACTION_WORDS.flatMap(([type, word]) => {
      const events = all.reduce((sum, counts) => sum + (counts[type] ?? 0), 0) / calls;
      return events === 0
        ? []
        : [events === 1 ? word : `${number(events, events % 1 === 0 ? 0 : 1)} × ${word}`];
    }).join(', ');
  };
  const sides = [
    `A: ${words([callers, othersOnA], requestsOnA)}`,
    ...(onB.executions > 0 ? [`B: ${words([onB], requestsOnB)}`] : []),
  ];
  return sides.join('; ');
}

function requestsTable(stand: string, rows: readonly Census[], alone: Census): Table {
  return {
    title: `Requests to the servers a call, ${stand}`,
    notes: [
      'From the servers’ metrics, less those of the caller that makes no call. Left out: the polls for tasks, and the',
      'client’s wait for the caller’s result on A. Long polls on B: waits for a workflow’s end.',
    ],
    head: ['', 'on A', 'on B', 'long polls on B', 'which'],
    textColumns: [0, 4],
    rows: rows
      .filter((row) => row !== alone)
      .map((row) => {
        const a = lessAlone(row.requestsOnA, row.calls, alone.requestsOnA, alone.calls).filter(
          ([operation]) => !isLongPoll(operation) && operation !== OF_DRIVER_ON_A,
        );
        const onB = lessAlone(row.requestsOnB, row.calls, alone.requestsOnB, alone.calls);
        const b = onB.filter(([operation]) => !isLongPoll(operation));
        const polls = onB.filter(([operation]) => isLongPoll(operation));
        return [
          labelOf(row.variant),
          number(sumOf(a), 1),
          number(sumOf(b), 1),
          number(sumOf(polls), 1),
          [`A: ${inWords(a)}`, ...(b.length > 0 ? [`B: ${inWords(b)}`] : [])].join('; '),
        ];
      }),
  };
}

/** Requests a call by operation, the most first. */
function lessAlone(
  requests: RequestCounts,
  calls: number,
  ofAlone: RequestCounts,
  callsAlone: number,
): [operation: string, perCall: number][] {
  const operations = new Set([...Object.keys(requests), ...Object.keys(ofAlone)]);
  return [...operations]
    .map((operation): [string, number] => [
      operation,
      (requests[operation] ?? 0) / calls - (ofAlone[operation] ?? 0) / callsAlone,
    ])
    .filter(([, perCall]) => Math.abs(perCall) >= NEGLIGIBLE)
    .toSorted(([, one], [, other]) => other - one);
}

function sumOf(requests: readonly (readonly [string, number])[]): number {
  return requests.reduce((sum, [, perCall]) => sum + perCall, 0);
}

function inWords(requests: readonly (readonly [string, number])[]): string {
  return requests
    .map(([operation, perCall]) => `${number(perCall, Number.isInteger(perCall) ? 0 : 1)} ${operation}`)
    .join(', ');
}
