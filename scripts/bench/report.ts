import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { repoRoot } from '../stack/paths.js';
import { censusTables } from './census-tables.js';
import { drawChart } from './chart.js';
import { labelOf, latenciesOf } from './figures.js';
import { goalsTable } from './goals.js';
import {
  cpuTables,
  crossingsTable,
  oneAtATimeTables,
  rateTables,
  slowTargetTable,
  throughputTables,
} from './latency-tables.js';
import { VARIANTS } from './names.js';
import { EAGER_OFF, EAGER_ON, type Results } from './results.js';
import { asMarkdown, asText, type Table } from './table.js';

const FOLDER = 'bench-results';

/** All tables of a run, the goals last. */
function tablesOf(results: Results): Table[] {
  return [
    ...oneAtATimeTables(results),
    ...rateTables(results),
    ...throughputTables(results),
    ...cpuTables(results),
    ...censusTables(results),
    slowTargetTable(results),
    crossingsTable(results),
    goalsTable(results),
  ];
}

/** The settings of a run, one a line. */
function settingLines({ settings }: Results): [name: string, value: string][] {
  return Object.entries(settings).map(([name, value]) => [
    name,
    typeof value === 'string' ? value : JSON.stringify(value),
  ]);
}

/** The whole report for a terminal. */
export function reportText(results: Results): string {
  const settings = settingLines(results);
  const width = Math.max(...settings.map(([name]) => name.length));
  return [
    'Settings',
    '',
    ...settings.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`),
    ...tablesOf(results).flatMap((table) => ['', ...asText(table)]),
  ].join('\n');
}

/** The whole report as Markdown. */
export function reportMarkdown(results: Results): string {
  return [
    ...tablesOf(results).flatMap((table) => [...asMarkdown(table), '']),
    '### Settings',
    '',
    ...settingLines(results).map(
      ([name, value]) => `- ${name}: ${value.startsWith('{') ? `\`${value}\`` : value}`,
    ),
    '',
  ].join('\n');
}

/** The chart of one call at a time. */
export function reportChart({ oneAtATime }: Results): string {
  const stands = [EAGER_OFF, EAGER_ON].map((stand) =>
    latenciesOf(oneAtATime.filter((one) => one.stand === stand)),
  );
  const [, on = []] = stands;
  const published = on.find(({ variant }) => variant === 'published');
  const shown = VARIANTS.filter(({ name }) => name !== 'published');
  return drawChart({
    title: 'One call at a time: from the caller’s start to its result',
    subtitle:
      'milliseconds; full colour to the median, pale to the 90th percentile; two dev servers, one machine',
    legend: [EAGER_OFF, EAGER_ON],
    groups: shown.map(({ name, label }) => ({
      label,
      bars: stands.map((latencies) => {
        const whole = latencies.find(({ variant }) => variant === name)?.whole;
        return { p50: whole?.p50 ?? 0, p90: whole?.p90 ?? 0 };
      }),
    })),
    footnote: published
      ? `Not drawn: ${labelOf('published')}, median ${Math.round(published.whole.p50).toLocaleString('en')} ms.`
      : '',
  });
}

/** Writes raw results, tables and chart, and gives the files' names. */
export async function writeReport(results: Results): Promise<string[]> {
  const files = {
    'latest.json': `${JSON.stringify(results, undefined, 1)}\n`,
    'latest.md': reportMarkdown(results),
    'latest.svg': reportChart(results),
  };
  await mkdir(join(repoRoot, FOLDER), { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(repoRoot, FOLDER, name), content);
  }
  return Object.keys(files).map((name) => join(FOLDER, name));
}
