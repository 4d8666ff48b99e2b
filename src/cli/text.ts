/** Text for people: safe to print, cut and aligned by what a terminal shows. */
import pc from 'picocolors';
import stringWidth from 'string-width';
import { formatDuration } from '../shared/duration.js';
import { escapeForLog } from '../shared/escape.js';
import type { CliStream } from './io.js';

/** Columns of a terminal that does not tell its size. */
const DEFAULT_COLUMNS = 100;
/** Longest text from a cluster that is printed: a workflow id has 255 characters. */
const MAX_TEXT_CHARS = 300;
/** Digits of a call id that are shown in tables: enough to tell the calls of one screen apart. */
const SHORT_ID_CHARS = 12;

/** Colours, or their absence. */
export type Palette = ReturnType<typeof pc.createColors>;

/** Colours where a person looks at a terminal that has them (and `NO_COLOR` does not forbid them); else none. */
export function paletteFor(stream: CliStream): Palette {
  return pc.createColors(stream.isTTY === true && pc.isColorSupported);
}

/** Text out of a cluster, fit to be printed: control characters and the like as escapes, cut. */
export function safe(text: string, maxChars = MAX_TEXT_CHARS): string {
  return escapeForLog(text, maxChars);
}

/** The beginning of a call id, which the commands take in its place. */
export function shortId(callId: string): string {
  return callId.slice(0, SHORT_ID_CHARS);
}

/** A length of time in two units at most: `3d4h`, `12m5s`, `1.2s`, `340ms`. */
export function ageText(ms: number): string {
  const whole = Math.max(0, ms);
  if (whole < 10_000) return formatDuration(whole < 1000 ? Math.round(whole) : Math.round(whole / 100) * 100);
  const parts = formatDuration(Math.round(whole / 1000) * 1000).match(/[\d.]+[a-z]+/g) ?? [];
  return parts.slice(0, 2).join('');
}

/** Columns that a stream shows; text for something that is no terminal is not cut. */
export function columnsOf(stream: CliStream): number {
  return stream.isTTY === true ? (stream.columns ?? DEFAULT_COLUMNS) : Number.POSITIVE_INFINITY;
}

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** Cuts text to a number of columns; wide characters count twice. */
export function fit(text: string, columns: number): string {
  if (stringWidth(text) <= columns) return text;
  let kept = '';
  let width = 0;
  for (const { segment } of graphemes.segment(text)) {
    const next = width + stringWidth(segment);
    if (next > columns - 1) break;
    kept += segment;
    width = next;
  }
  return `${kept}…`;
}

/** Fills text up with spaces to a number of columns. */
export function pad(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - stringWidth(text)));
}

/** One column of a table. */
export interface Column {
  readonly title: string;
  /** Most columns of the terminal that it takes. */
  readonly max?: number;
}

/** Lines of a table, the head first: aligned, each cut to the given columns. The cells are safe already. */
export function tableLines(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
): string[] {
  const bounded = Number.isFinite(width);
  const cellOf = (text: string, at: number): string =>
    bounded ? fit(text, columns[at]?.max ?? width) : text;
  const cells = [columns.map(({ title }) => title), ...rows].map((row) => row.map(cellOf));
  const widths = columns.map((_, at) => Math.max(...cells.map((row) => stringWidth(row[at] ?? ''))));
  return cells.map((row) => {
    const line = row
      .map((cell, at) => pad(cell, widths[at] ?? 0))
      .join('  ')
      .trimEnd();
    return bounded ? fit(line, width) : line;
  });
}
