import pc from 'picocolors';

const MIN_COLUMNS = 80;
const MAX_COLUMNS = 110;
const STATUS_MS = 100;
const SPINNER = ['|', '/', '-', '\\'];

/** Where the demo writes: coloured and with a status line on a terminal, plain lines elsewhere. */
export interface Screen {
  readonly isTty: boolean;
  /** Colours; the identity where there are none. */
  readonly paint: ReturnType<typeof pc.createColors>;
  /** Writes a line. */
  line(text?: string): void;
  /** Writes prose, broken at the width of the terminal (80 to 110 columns). */
  prose(text: string, indent?: string): void;
  /** The text in rows that fit beside an indent of so many columns. */
  rows(text: string, indent: number): string[];
  /** Shows on a terminal that something goes on, and for how long, until the promise settles. */
  during<T>(what: string, promise: Promise<T>): Promise<T>;
}

/** Makes the screen of this process. */
export function createScreen(out: NodeJS.WriteStream = process.stdout): Screen {
  const isTty = out.isTTY === true;
  let status: string | undefined;
  const clear = (): void => {
    if (isTty && status !== undefined) out.write('\r\u001b[2K');
  };
  const show = (): void => {
    if (isTty && status !== undefined)
      out.write(`\r\u001b[2K${status.slice(0, (out.columns || MIN_COLUMNS) - 1)}`);
  };
  const line = (text = ''): void => {
    clear();
    out.write(`${text}\n`);
    show();
  };
  const rows = (text: string, indent: number): string[] => {
    const columns = Math.min(MAX_COLUMNS, Math.max(MIN_COLUMNS, out.columns || MAX_COLUMNS));
    return wrap(text, columns - indent);
  };
  return {
    isTty,
    rows,
    paint: pc.createColors(isTty && pc.isColorSupported),
    line,
    prose: (text, indent = '') => {
      for (const row of rows(text, indent.length)) line(indent + row);
    },
    during: async (what, promise) => {
      if (!isTty) return await promise;
      const startedAt = Date.now();
      let turn = 0;
      const tick = (): void => {
        const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
        status = `  ${SPINNER[turn++ % SPINNER.length]} ${what} ${seconds} s`;
        show();
      };
      const timer = setInterval(tick, STATUS_MS);
      try {
        return await promise;
      } finally {
        clearInterval(timer);
        clear();
        status = undefined;
      }
    },
  };
}

/** Breaks text at spaces; a word that is longer than a row has a row of its own. */
function wrap(text: string, columns: number): string[] {
  const rows: string[] = [];
  let row = '';
  for (const word of text.split(/\s+/)) {
    if (row !== '' && row.length + 1 + word.length > columns) {
      rows.push(row);
      row = word;
    } else {
      row = row === '' ? word : `${row} ${word}`;
    }
  }
  return [...rows, row];
}

/** Writes a duration for people: `85 ms`, `4.1 s`. */
export function inWords(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
