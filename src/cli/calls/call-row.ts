/** One line of a list of calls. */
import { ageText, pad, safe, shortId, tableLines, type Column, type Palette } from '../text.js';
import type { CallFacts, CallerRef } from './call-view.js';
import type { CallStep } from './diagnose.js';

/** A call as `calls list --json` and `calls watch --json` print it. */
export interface CallRow {
  /** Of a workflow that only has the wrapper's type, its workflow id. */
  readonly callId: string;
  /** `running`, or the outcome; `wrapper …` if the wrapper ended otherwise; `recorded`: not on B. */
  readonly status: string;
  readonly startedAt: string;
  /** Null while it is open. */
  readonly closedAt: string | null;
  /** Since its start on B, or how long it took. */
  readonly ageMs: number;
  /** Null: the wrapper was not started by a bridge. */
  readonly caller: CallerRef | null;
  readonly target: CallFacts['target'] | null;
  readonly wrapper: { readonly workflowId: string; readonly runId: string };
  /** What became of the completion signal. */
  readonly delivered: string | null;
  readonly step: CallStep;
  readonly hangs: boolean;
  readonly where: string;
  readonly todo: string;
}

/** A time for people and programs. */
export function iso(ms: number): string {
  return new Date(ms).toISOString();
}

const COLUMNS: readonly Column[] = [
  { title: 'CALL' },
  { title: 'STATUS', max: 24 },
  { title: 'AGE' },
  { title: 'TARGET TYPE', max: 26 },
  { title: 'CALLER ON A', max: 30 },
  { title: 'TARGET ON B', max: 40 },
];

/** The table of a list, cut to the width; without calls a sentence. */
export function callTable(
  rows: readonly CallRow[],
  width: number,
  { bold, red, yellow, dim }: Palette,
): string[] {
  if (rows.length === 0) return ['No calls.'];
  const cells = rows.map((row) => [
    shortId(safe(row.callId)),
    row.closedAt === null && row.status === 'running' ? row.step : safe(row.status, 40),
    ageText(row.ageMs),
    safe(row.target?.workflowType ?? '-'),
    safe(row.caller?.workflowId ?? '-'),
    safe(row.target?.workflowId ?? '-'),
  ]);
  const [head = '', ...lines] = tableLines(COLUMNS, cells, width);
  const painted = lines.map((line, at) => {
    const row = rows[at];
    if (row?.hangs) return yellow(line);
    if (row?.closedAt === null || row?.status === 'completed')
      return row.closedAt === null ? line : dim(line);
    return red(line);
  });
  return [bold(head), ...painted];
}

/** What hangs, and what to do: a paragraph for each call. */
export function hangingLines(rows: readonly CallRow[], { yellow }: Palette): string[] {
  return rows
    .filter(({ hangs }) => hangs)
    .flatMap(({ callId, where, todo }) => [
      `${yellow('!')} ${shortId(safe(callId))}  ${where}`,
      ...(todo === '' ? [] : [`  ${pad('', 12)}  → ${todo}`]),
    ]);
}
