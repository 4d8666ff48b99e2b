/** The doctor's findings for people, and its verdict. */
import { safe, type Palette } from '../text.js';
import type { Check, Level } from './check.js';

/** What the findings come to. */
export interface Verdict {
  readonly verdict: 'healthy' | 'healthy with warnings' | 'not healthy';
  readonly failures: number;
  readonly warnings: number;
}

/** Sums findings up. */
export function verdictOf(checks: readonly Check[]): Verdict {
  const count = (level: Level): number => checks.filter((check) => check.level === level).length;
  const [failures, warnings] = [count('failure'), count('warning')];
  const verdict = failures > 0 ? 'not healthy' : warnings > 0 ? 'healthy with warnings' : 'healthy';
  return { verdict, failures, warnings };
}

const MARKS: Readonly<Record<Level, string>> = { ok: '✓', note: '–', warning: '!', failure: '✗' };

/** The findings below their titles, each with its remedy on the next line, then the verdict. */
export function reportLines(
  groups: readonly { readonly title: string; readonly checks: readonly Check[] }[],
  { bold, dim, green, red, yellow }: Palette,
): string[] {
  const paint: Record<Level, (text: string) => string> = {
    ok: green,
    note: dim,
    warning: yellow,
    failure: red,
  };
  const lines = groups
    .filter(({ checks }) => checks.length > 0)
    .flatMap(({ title, checks }) => [
      bold(safe(title, 400)),
      ...checks.flatMap(({ level, what, found, remedy }) => [
        `  ${paint[level](MARKS[level])} ${what} — ${found}`,
        ...(remedy === undefined ? [] : [`      → ${remedy}`]),
      ]),
      '',
    ]);
  const checks = groups.flatMap((group) => group.checks);
  const { verdict, failures, warnings } = verdictOf(checks);
  const counts = [counted(failures, 'failure'), counted(warnings, 'warning')].filter((text) => text !== '');
  const tone = failures > 0 ? red : warnings > 0 ? yellow : green;
  return [...lines, tone(`${verdict}${counts.length > 0 ? `: ${counts.join(', ')}` : ''}`)];
}

function counted(count: number, noun: string): string {
  return count === 0 ? '' : `${count} ${noun}${count === 1 ? '' : 's'}`;
}
