/** The report of `make bench-parked`, as Markdown that can be read as it is. */
import { inWords } from '../demo/screen.js';
import type { ParkedFigures } from './parked-figures.js';
import type { Holdings } from './parked-holdings.js';
import { bridgeSlots } from './parked-settings.js';
import { countsInWords, judge, lengthsOf } from './parked-verdicts.js';
import type { Window } from './parked-window.js';

/** Writes the report's lines. */
export function parkedReport(figures: ParkedFigures): string[] {
  const { settings, parked, release, wrong } = figures;
  return [
    `# ${settings.calls} waiting calls`,
    '',
    ...setUp(figures),
    '',
    '## Verdicts',
    '',
    ...judge(figures).map(({ claim, isMet, found }) => `- **${verdictOf(isMet)}**: ${claim}: ${found}`),
    '',
    `## While ${settings.calls} calls wait, for ${parked.seconds} s`,
    '',
    ...table(['', 'before any call', `${settings.calls} calls waiting`], waitingRows(figures)),
    '',
    ...holdingsRows(figures),
    '',
    '## Memory and connections of the bridge',
    '',
    ...table(
      ['calls waiting', 'MiB, just made', `MiB, ${parked.seconds} s later`, 'connections to A, B'],
      stepRows(figures),
    ),
    '',
    `When all are answered: ${mib(figures.answeredMiB)} MiB.`,
    '',
    '## One release',
    '',
    `All ${settings.calls} targets were signalled, ${inWords(release.sentMs)} from the first signal to the last. Times since the first signal, as A recorded the callers' ends:`,
    '',
    ...table(
      ['first answer', '50 %', '90 %', 'last'],
      [[release.firstMs, release.halfMs, release.ninetyMs, release.lastMs].map(inWords)],
    ),
    '',
    `With a cache of ${settings.cache}, replays of the other callers and wrappers are in these times. Without polls and this program's own:`,
    '',
    `- requests on A: ${countsInWords(release.a)}`,
    `- requests on B: ${countsInWords(release.b)}`,
    `- processor seconds: ${cpuInWords(release.cpuSeconds)}`,
    ...wrong.slice(0, 20).map((text) => `- **wrong**: ${text}`),
  ];
}

function setUp({ at, settings, bridge, surroundings, madeInSeconds, parked }: ParkedFigures): string[] {
  const slots = bridgeSlots();
  const set = Object.entries(bridge).map(([name, value]) => `${name}=${value}`);
  const { cores, cpu, memoryGiB, platform, node, sdk, server, loadBefore } = surroundings;
  return [
    `- ${at}; N=${settings.calls}, CACHE=${settings.cache}, SECONDS=${settings.seconds}`,
    `- ${cores} cores (${cpu}), ${memoryGiB} GiB, ${platform}; load before the start ${loadBefore}; servers, bridge, workers and this program share them`,
    `- Node ${node}, Temporal TypeScript SDK ${sdk}, two Temporal dev servers ${server}, in memory`,
    `- each caller makes one \`executeRemoteWorkflow\` through the bridge's queue; each target waits for a signal`,
    `- one bridge process, both roles, with ${set.join(', ')}, the rest as by default: ${slots.activities} activities and ${slots.workflowTasks} workflow tasks at a time, a side`,
    `- the looks are put off to 1 h because ${settings.calls} calls took ${madeInSeconds.toFixed(1)} s to make and ${parked.seconds} s to watch, and by default the first look comes after 1 minute`,
    `- callers' and targets' workers: a process each, ${settings.cache} cached workflows`,
  ];
}

function waitingRows({ idle, parked }: ParkedFigures): string[][] {
  const row = (what: string, of: (window: Window) => string | number): string[] => [
    what,
    `${of(idle)}`,
    `${of(parked)}`,
  ];
  return [
    row("long polls of workers that came to A (bridge's and callers')", ({ a }) => a.polls),
    row("long polls of workers that came to B (bridge's and targets')", ({ b }) => b.polls),
    row('other requests that came to A', ({ a }) => countsInWords(a.others)),
    row('other requests that came to B', ({ b }) => countsInWords(b.others)),
    row('open long polls, A and B', ({ a, b }) => `${a.openPolls}, ${b.openPolls}`),
    row('other open requests, A and B', ({ a, b }) => {
      return `${countsInWords(a.openOthers)}, ${countsInWords(b.openOthers)}`;
    }),
    row('processor seconds a minute', ({ cpuSeconds, seconds }) => cpuInWords(cpuSeconds, 60 / seconds)),
  ];
}

function holdingsRows({ holdings, settings }: ParkedFigures): string[] {
  const side = (what: string, held: Holdings): string =>
    `${held.executions} ${what}: ${held.inBackOff} with one activity in back-off in the server, ` +
    `${held.startedActivities} started activities, ${held.workflowTasks} workflow tasks pending`;
  const { before, after } = holdings;
  return [
    `All ${settings.calls} callers and their wrappers, described right before and right after:`,
    '',
    `- before: ${side('callers', before.callers)}; ${side('wrappers', before.wrappers)}`,
    `- after: ${side('callers', after.callers)}; ${side('wrappers', after.wrappers)}`,
    `- history before: ${lengthsOf(before)}`,
    `- history after: ${lengthsOf(after)}`,
  ];
}

function stepRows({ steps }: ParkedFigures): string[][] {
  return [steps.none, steps.half, steps.all].map(({ calls, madeMiB, restedMiB, connections }) => [
    `${calls}`,
    mib(madeMiB),
    mib(restedMiB),
    connections ? `${connections.a}, ${connections.b}` : '–',
  ]);
}

function verdictOf(isMet: boolean | undefined): string {
  if (isMet === undefined) return 'not known';
  return isMet ? 'met' : 'missed';
}

function mib(value: number | undefined): string {
  return value === undefined ? '–' : value.toFixed(1);
}

function cpuInWords(seconds: Readonly<Record<string, number>>, factor = 1): string {
  const entries = Object.entries(seconds);
  return entries.map(([name, value]) => `${name} ${(value * factor).toFixed(1)}`).join(', ') || '–';
}

/** A Markdown table whose columns are as wide as their widest cell. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((_, column) =>
    Math.max(3, ...[head, ...rows].map((cells) => (cells[column] ?? '').length)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${widths.map((width, column) => (cells[column] ?? '').padEnd(width)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)];
}
