/**
 * `make bench`: measures a call across clusters against its peers, on real servers, and prints what came out.
 *
 * Environment: QUICK=1 measures less (under 5 minutes instead of about 30); BENCH_SEED repeats an order.
 */
import { randomInt } from 'node:crypto';
import { runInScope, type Scope } from '../stack/scope.js';
import { createScreen, inWords } from '../demo/screen.js';
import { findTemporalCli } from '../stack/temporal-cli.js';
import { takeCensus } from './census.js';
import { measureCrossings } from './crossings.js';
import { measureFixedRates } from './fixed-rates.js';
import { measureOneAtATime } from './one-at-a-time.js';
import { FULL_PLAN, QUICK_PLAN } from './plan.js';
import { seededRandom } from './random.js';
import { reportText, writeReport } from './report.js';
import { EAGER_OFF, EAGER_ON, type Results } from './results.js';
import { readSettings } from './settings.js';
import { measureSlowTarget } from './slow-target.js';
import { startStand } from './stand.js';
import { openSubScope } from './sub-scope.js';
import { measureThroughput } from './throughput.js';

async function bench(scope: Scope): Promise<number> {
  const screen = createScreen();
  const beganAt = performance.now();
  const plan = process.env['QUICK'] === '1' ? QUICK_PLAN : FULL_PLAN;
  const seed = readSeed();
  const random = seededRandom(seed);
  screen.line(`Calls across clusters, measured: the ${plan.name} plan, seed ${seed}`);
  screen.line();
  const cli = await findTemporalCli({ log: (line) => screen.line(line) });
  const step = async <T>(what: string, work: Promise<T>): Promise<T> => {
    const stepBeganAt = performance.now();
    const result = await screen.during(what, scope.orInterrupted(work));
    screen.line(`  ${what}: ${inWords(performance.now() - stepBeganAt)}`);
    return result;
  };

  const first = openSubScope(scope);
  const stands = await step(
    'two stands, eager off and eager on',
    Promise.all([
      startStand(first, { cli, name: EAGER_OFF, eager: false, links: false }),
      startStand(first, { cli, name: EAGER_ON, eager: true, links: false }),
    ]),
  );
  const [, eagerOn] = stands;
  const others = plan.othersOnEagerOnly ? [eagerOn] : stands;
  const settings = await readSettings(plan, seed, eagerOn);
  const measured = {
    oneAtATime: await step('one call at a time', measureOneAtATime(stands, plan, random)),
    slowTarget: await step('a target of 1 s', measureSlowTarget(eagerOn, plan, random)),
    census: await step('histories and requests', takeCensus(others, plan)),
    rates: await step('fixed rates', measureFixedRates(others, plan, random)),
    throughput: await step('throughput', measureThroughput(others, plan, random)),
  };
  await step('stop', first.end());

  const second = openSubScope(scope);
  const linked = await step(
    'a stand with links',
    startStand(second, { cli, name: 'eager on, links', eager: true, links: true }),
  );
  const crossings = await step('crossings', measureCrossings(linked, plan, random));
  await step('stop', second.end());

  const results: Results = { settings, ...measured, crossings };
  const files = await writeReport(results);
  screen.line();
  screen.line(reportText(results));
  screen.line();
  screen.line(`All of it took ${inWords(performance.now() - beganAt)}. Written: ${files.join(', ')}`);
  return 0;
}

/** The seed of the order: the one that is asked for, or any. */
function readSeed(): number {
  const asked = process.env['BENCH_SEED'];
  if (asked === undefined || asked === '') return randomInt(1_000_000);
  const seed = Number(asked);
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new Error(`BENCH_SEED=${asked}: expected a whole number`);
  return seed;
}

await runInScope(bench);
