/** `make bench-parked`: what many waiting calls cost. Options: --calls N --cache N --seconds N. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runInScope, type Scope } from '../stack/scope.js';
import { createScreen, inWords, type Screen } from '../demo/screen.js';
import { repoRoot } from '../stack/paths.js';
import { findTemporalCli } from '../stack/temporal-cli.js';
import { makeCalls, untilQuiet } from './parked-calls.js';
import type { BridgeStep, ParkedFigures } from './parked-figures.js';
import { readHoldings } from './parked-holdings.js';
import { findWrongCalls, release } from './parked-release.js';
import { parkedReport } from './parked-report.js';
import type { ParkedSettings } from './parked-settings.js';
import { bridgeSettings, currentLoad, readParkedSettings, readSurroundings } from './parked-settings.js';
import { startParkedStand, type ParkedStand } from './parked-stand.js';
import { judge } from './parked-verdicts.js';
import { bridgeConnections, bridgeMemory, watch } from './parked-window.js';
import { within } from './parked-work.js';

const RESULTS = join(repoRoot, 'bench-results');
/** Making the calls may take so long, and so may their answers. */
const LIMIT_MS = 15 * 60_000;

async function bench(scope: Scope): Promise<number> {
  const settings = readParkedSettings(process.argv.slice(2));
  const screen = createScreen();
  const say = (text: string): void => screen.prose(screen.paint.dim(text));
  const load = currentLoad();
  const cli = await scope.orInterrupted(findTemporalCli({ log: say }));
  say('Starting two servers, the bridge and the workers');
  const stand = await scope.orInterrupted(startParkedStand(scope, cli, settings));
  const measured = measure(stand, settings, load, screen, say);
  const figures = await scope.orInterrupted(Promise.race([measured, stand.broken]));

  const report = parkedReport(figures);
  screen.line();
  for (const line of report) screen.line(line);
  await mkdir(RESULTS, { recursive: true });
  const file = join(RESULTS, `parked-${settings.calls}`);
  const verdicts = judge(figures);
  await writeFile(`${file}.json`, `${JSON.stringify({ ...figures, verdicts }, undefined, 2)}\n`);
  await writeFile(`${file}.md`, `${report.join('\n')}\n`);
  screen.line();
  screen.line(`Written to bench-results/parked-${settings.calls}.json and .md`);
  return figures.wrong.length === 0 ? 0 : 1;
}

async function measure(
  stand: ParkedStand,
  settings: ParkedSettings,
  loadBefore: number,
  screen: Screen,
  say: (text: string) => void,
): Promise<ParkedFigures> {
  const { calls, seconds } = settings;
  const surroundings = await readSurroundings(stand.clientA, loadBefore);
  const during = <T>(what: string, work: Promise<T>): Promise<T> => {
    say(what);
    return screen.during(what, work);
  };
  const stepAt = async <T>(made: number, rest: Promise<T>): Promise<{ step: BridgeStep; rested: T }> => {
    const madeMiB = await bridgeMemory(stand);
    const rested = await rest;
    const [restedMiB, connections] = await Promise.all([bridgeMemory(stand), bridgeConnections(stand)]);
    return { step: { calls: made, madeMiB, restedMiB, connections }, rested };
  };
  let running = 0;
  let madeInMs = 0;
  const makeUpTo = async (from: number, to: number): Promise<void> => {
    const beganAt = Date.now();
    const making = makeCalls(stand, from, to, (count) => (running = count));
    const what = (): string => `making ${calls} calls, ${running} of whose targets run`;
    await during(`Making calls ${from + 1} to ${to}`, within(what, LIMIT_MS - madeInMs, making));
    madeInMs += Date.now() - beganAt;
    await during(`${to} targets wait; until nothing moves any more`, untilQuiet(stand));
  };

  await during('Waiting until the idle stand is quiet', untilQuiet(stand));
  const none = await stepAt(0, during(`Before any call: watching for ${seconds} s`, watch(stand, seconds)));
  const halfOfCalls = Math.floor(calls / 2);
  await makeUpTo(0, halfOfCalls);
  const half = await stepAt(
    halfOfCalls,
    during(`Half of the calls wait, for ${seconds} s`, sleep(seconds * 1_000)),
  );
  await makeUpTo(halfOfCalls, calls);
  say(`${calls} calls made in ${inWords(madeInMs)}`);

  const before = await during('Describing every caller and wrapper', readHoldings(stand, calls));
  const all = await stepAt(calls, during(`All calls wait: watching for ${seconds} s`, watch(stand, seconds)));
  const after = await during('Describing every caller and wrapper again', readHoldings(stand, calls));

  let answered = 0;
  const releasing = release(stand, calls, (count) => (answered = count));
  const late = (): string => `releasing ${calls} calls, ${answered} of which have their answer`;
  const released = await during(`Releasing ${calls} targets`, within(late, LIMIT_MS, releasing));
  const wrong = await during('Checking every answer', findWrongCalls(stand, calls));
  return {
    at: new Date().toISOString(),
    settings,
    bridge: bridgeSettings(settings),
    surroundings,
    madeInSeconds: madeInMs / 1_000,
    idle: none.rested,
    parked: all.rested,
    steps: { none: none.step, half: half.step, all: all.step },
    answeredMiB: await bridgeMemory(stand),
    holdings: { before, after },
    release: released,
    wrong,
  };
}

await runInScope(bench);
