import type { FileResult } from './run-test-file.js';
import type { LeafResult } from './test-events.js';

const MARKS = { passed: '✓', failed: '✗', skipped: '-' } as const;

/** How many tests came to which end. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** The line printed when a test has ended. */
export function leafLine(file: string, leaf: LeafResult): string {
  const name = leaf.name === '' ? `(the file as a whole) ${leaf.error}` : leaf.name;
  const time = leaf.durationMs >= 1_000 ? ` (${(leaf.durationMs / 1000).toFixed(1)} s)` : '';
  return `${MARKS[leaf.outcome]} ${file}: ${name}${time}`;
}

/** Counts the tests of all files. */
export function countLeaves(results: readonly FileResult[]): Counts {
  const outcomes = results.flatMap((result) => result.leaves).map((leaf) => leaf.outcome);
  const count = (outcome: LeafResult['outcome']): number => outcomes.filter((one) => one === outcome).length;
  return { passed: count('passed'), failed: count('failed'), skipped: count('skipped') };
}

/** The last line of a run. */
export function summaryLine(counts: Counts): string {
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : '';
  return `${counts.passed} passed, ${counts.failed} failed${skipped}`;
}

/** What is printed after all tests: the time of each file, then each failure with its error and output. */
export function closingReport(results: readonly FileResult[]): string {
  const times = [...results]
    .sort((a, b) => b.durationMs - a.durationMs)
    .map(({ file, durationMs }) => `${(durationMs / 1000).toFixed(1).padStart(7)} s  ${file}`);
  const failures = results.flatMap((result) => {
    const failed = result.leaves.filter((leaf) => leaf.outcome === 'failed');
    if (failed.length === 0) return [];
    const errors = failed.map((leaf) => `${leafLine(result.file, leaf)}\n${indent(leaf.error)}`);
    return [...errors, `Output of ${result.file}:\n${indent(result.output.trimEnd() || '(none)')}`];
  });
  const parts = ['Time per file:', ...times, ...notesOf(results)];
  if (failures.length > 0) parts.push('', 'Failures:', '', failures.join('\n\n'));
  return parts.join('\n');
}

/** What test files say of themselves, in lines that begin with `note: `: shown whether or not they pass. */
function notesOf(results: readonly FileResult[]): string[] {
  const notes = results.flatMap(({ output }) =>
    output.split('\n').filter((line) => line.startsWith('note: ')),
  );
  return notes.length > 0 ? ['', ...notes] : [];
}

function indent(text: string): string {
  return text.replaceAll(/^(?=.)/gm, '    ');
}
