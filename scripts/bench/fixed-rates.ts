import { setTimeout as sleep } from 'node:timers/promises';
import { PROMPT_VARIANTS, pairsOf, type Pair } from './one-at-a-time.js';
import type { Plan } from './plan.js';
import { shuffled, type Random } from './random.js';
import type { RateSeries } from './results.js';
import type { Stand } from './stand.js';
import { assertTargets, countTargets, targetsOf } from './target-count.js';
import { timeCall } from './time-call.js';

/** Times calls that are started at fixed rates, whether or not the earlier ones have ended. */
export async function measureFixedRates(
  stands: readonly Stand[],
  plan: Plan,
  random: Random,
): Promise<RateSeries[]> {
  const blocks = plan.rates.flatMap((perSecond) =>
    pairsOf(stands, PROMPT_VARIANTS).map((pair) => ({ ...pair, perSecond })),
  );
  const series: RateSeries[] = [];
  for (const block of shuffled(blocks, random)) {
    series.push(await measureBlock(block, block.perSecond, plan.rateSeconds));
  }
  return series;
}

async function measureBlock(
  { stand, variant }: Pair,
  perSecond: number,
  seconds: number,
): Promise<RateSeries> {
  const before = await countTargets(stand);
  const beganAt = performance.now();
  const calls: Promise<number>[] = [];
  for (let index = 0; index < perSecond * seconds; index++) {
    const dueAt = beganAt + (index * 1_000) / perSecond;
    await sleep(Math.max(0, dueAt - performance.now()));
    // From the time at which it was due: a caller does not care whose fault it is that it starts late.
    const call = timeCall(stand, variant, 0, dueAt);
    // A failure is thrown below.
    call.catch(() => undefined);
    calls.push(call);
  }
  const samples = await Promise.all(calls);
  const what = `the calls by "${variant.label}" at ${perSecond} a second`;
  await assertTargets(stand, what, before, targetsOf(variant, samples.length));
  return { stand: stand.name, variant: variant.name, perSecond, samples };
}
