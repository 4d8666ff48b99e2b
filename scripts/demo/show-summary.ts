import type { DemoCall } from './calls.js';
import type { MadeCall } from './make-call.js';
import { inWords, type Screen } from './screen.js';

/** A call and what came of it. */
export interface CallRow {
  readonly call: DemoCall;
  readonly made: MadeCall;
}

const HEADER = ['call', 'outcome', 'on A', 'on B', 'way', 'events', 'starts', 'signals', 'reads'];
const LEGEND =
  'on A, on B: how long the workflow took there. events: in the history of the CrossClusterWorkflow on A. starts: ' +
  'StartWorkflowExecution requests on B. signals: SignalWorkflowExecution requests on A. reads: describe, history, ' +
  'query and list requests on either.';
/** Columns of numbers. */
const RIGHT = new Set([2, 3, 5, 6, 7, 8]);

/** Shows all calls in a table, and says in words what it means. */
export function showSummary(rows: readonly CallRow[], screen: Screen): void {
  const { paint } = screen;
  const cells = rows.map(({ call, made: { story, requests } }) => {
    const { outer, caller, target, way } = story;
    const last = outer ?? caller;
    return [
      call.shortTitle,
      last.failure.at(-1)?.type ?? last.outcome,
      inWords(last.closedAt - last.startedAt),
      inWords(target.closedAt - target.startedAt),
      way.way === 'completion signal' ? 'signal' : way.way,
      String(caller.events),
      String(requests.startsOnB),
      String(requests.signalsOnA),
      String(requests.readsOnA + requests.readsOnB),
    ];
  });
  const widths = HEADER.map((title, column) =>
    Math.max(...[HEADER, ...cells].map((row) => (row[column] ?? title).length)),
  );
  const text = (row: readonly string[]): string =>
    row
      .map((cell, column) =>
        RIGHT.has(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join('  ');
  for (const row of screen.rows(LEGEND, 0)) screen.line(paint.dim(row));
  screen.line();
  screen.line(paint.bold(text(HEADER)));
  screen.line(paint.dim('-'.repeat(text(HEADER).length)));
  for (const row of cells) screen.line(text(row));
  screen.line();
  for (const sentence of sentencesOf(rows)) screen.prose(sentence);
}

/** What the table means, as far as it holds. */
function sentencesOf(rows: readonly CallRow[]): string[] {
  const sum = (count: (made: MadeCall) => number): number =>
    rows.reduce((total, { made }) => total + count(made), 0);
  const reads = sum(({ requests }) => requests.readsOnA + requests.readsOnB);
  const signals = sum(({ requests }) => requests.signalsOnA);
  const starts = sum(({ requests }) => requests.startsOnB);
  const bySignal = rows.filter(({ made }) => made.story.way.way === 'completion signal').length;
  const sentences = [
    `${rows.length} calls: ${starts} starts on B, ${signals} signals on A, ${reads} reads on either; ` +
      `${bySignal} of ${rows.length} answers came by the signal.`,
  ];
  const slow = rows.find(({ made }) => made.waiting);
  const quick = rows.find(({ made }) => !made.waiting);
  if (slow && quick && slow.made.story.caller.events === quick.made.story.caller.events) {
    sentences.push(
      `The slow call's history has as many events as the quick one's (${quick.made.story.caller.events}): waiting adds nothing to it.`,
    );
  }
  const backMs = rows.flatMap(({ made: { story } }) =>
    story.way.way === 'completion signal' ? [story.way.at - story.target.closedAt] : [],
  );
  if (backMs.length > 0) {
    sentences.push(
      `From the end on B to its signal on A it took ${inWords(Math.max(...backMs))} at most; a poll every 5 s would be ` +
        'late by 2.5 s on average.',
    );
  }
  return sentences;
}
