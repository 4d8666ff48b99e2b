import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repoRoot } from '../../scripts/stack/paths.js';

/** A document of the repository. */
export function readDocument(name: string): string {
  return readFileSync(join(repoRoot, name), 'utf8');
}

/**
 * The first table of a document as rows of trimmed cells, without head and rule.
 *
 * @param heading the line of the section in which it stands; default: anywhere
 * @throws {Error} if there is no such section or no table in it
 */
export function readTable(
  document: string,
  heading?: string,
): { readonly head: string[]; readonly rows: string[][] } {
  let lines = document.split('\n');
  if (heading !== undefined) {
    const start = lines.indexOf(heading);
    if (start === -1) throw new Error(`no section "${heading}"`);
    const level = /^#+ /.exec(heading)?.[0] ?? '# ';
    const rest = lines.slice(start + 1);
    const end = rest.findIndex((line) => line.startsWith(level));
    lines = end === -1 ? rest : rest.slice(0, end);
  }
  const start = lines.findIndex((line) => line.startsWith('|'));
  const table = start === -1 ? [] : lines.slice(start);
  const end = table.findIndex((line) => !line.startsWith('|'));
  const [head, rule, ...rows] = (end === -1 ? table : table.slice(0, end)).map(cellsOf);
  if (!head || !rule?.every((cell) => /^:?-+:?$/.test(cell))) throw new Error('no table');
  return { head, rows };
}

/** Cells of a line; a `\|` inside a cell is a bar. */
function cellsOf(line: string): string[] {
  return line
    .trim()
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) => cell.trim().replaceAll('\\|', '|'));
}

/** Text in backticks without them; anything else is `undefined`. */
export function codeOf(cell: string | undefined): string | undefined {
  return /^`([^`]+)`$/.exec(cell ?? '')?.[1];
}
