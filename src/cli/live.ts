/** A part of the terminal that is written anew again and again. */
import { createLogUpdate } from 'log-update';
import type { CliStream } from './io.js';
import { columnsOf, fit } from './text.js';

/** Rows of a terminal that does not tell its size. */
const DEFAULT_ROWS = 24;

/** What is shown at the moment, on a terminal. */
export interface LiveView {
  show(lines: readonly string[]): void;
  /** Leaves what was shown last. */
  done(): void;
}

/** Opens a live view on a terminal; what does not fit is cut, the last rows first. */
export function openLiveView(stream: CliStream): LiveView {
  // log-update writes to the stream and asks for its size; it needs nothing else of it.
  const update = createLogUpdate(stream as NodeJS.WriteStream);
  return {
    show: (lines) => {
      const rows = Math.max(1, (stream.rows ?? DEFAULT_ROWS) - 1);
      update(lines.slice(0, rows).join('\n'));
    },
    done: () => update.done(),
  };
}

/** Cuts plain lines to the width of the stream. */
export function fitLines(stream: CliStream, lines: readonly string[]): string[] {
  const width = columnsOf(stream);
  return Number.isFinite(width) ? lines.map((line) => fit(line, width)) : [...lines];
}
