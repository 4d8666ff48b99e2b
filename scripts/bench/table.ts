/** A table of the report: the first column is text, the others are numbers. */
export interface Table {
  readonly title: string;
  /** What the columns mean, in short. */
  readonly notes?: readonly string[];
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Columns of text, which are aligned to the left. Default: the first. */
  readonly textColumns?: readonly number[];
}

/** What stands where there is no value. */
export const NO_VALUE = '–';

/** Writes a number with so many decimals, or a dash where there is none. */
export function number(value: number | undefined, decimals = 0): string {
  if (value === undefined || !Number.isFinite(value)) return NO_VALUE;
  const text = value.toFixed(decimals);
  return Number(text) === 0 ? text.replace('-', '') : text;
}

/** The table as aligned lines for a terminal. */
export function asText(table: Table): string[] {
  const { title, notes = [], head, rows } = table;
  const widths = head.map((cell, column) =>
    Math.max(cell.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (row: readonly string[]): string =>
    head
      .map((_, column) => {
        const cell = row[column] ?? '';
        const width = widths[column] ?? 0;
        return isText(table, column) ? cell.padEnd(width) : cell.padStart(width);
      })
      .join('  ')
      .trimEnd();
  const rule = '-'.repeat(widths.reduce((sum, width) => sum + width + 2, -2));
  return [title, ...notes.map((note) => `  ${note}`), '', line(head), rule, ...rows.map(line)];
}

/** The table as Markdown. */
export function asMarkdown(table: Table): string[] {
  const { title, notes = [], head, rows } = table;
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [
    `### ${title}`,
    '',
    ...(notes.length > 0 ? [notes.join(' '), ''] : []),
    line(head),
    line(head.map((_, column) => (isText(table, column) ? '---' : '---:'))),
    ...rows.map((row) => line(head.map((_, column) => row[column] ?? ''))),
  ];
}

function isText({ textColumns = [0] }: Table, column: number): boolean {
  return textColumns.includes(column);
}
