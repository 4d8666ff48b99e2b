import { setTimeout as sleep } from 'node:timers/promises';
import { PROMPT_VARIANTS } from './one-at-a-time.js';
import { WARM_UP_ROUNDS, type Plan } from './plan.js';
import { shuffled, type Random } from './random.js';
import type { CrossingSeries } from './results.js';
import type { Stand } from './stand.js';
import { assertTargets, countTargets, targetsOfAll } from './target-count.js';
import { timeCall } from './time-call.js';

/** The delay of everything between the clusters, each way: what a call takes with it is shown. */
export const DELAY_MS = 30;
/** One so long that the machine's own noise does not count beside it: from this, the crossings are counted. */
export const LONG_DELAY_MS = 300;
const LONG_DELAY_ROUNDS = 5;
/** So long after a change of the delay nothing of the time before is under way. */
const SETTLE_MS = 100;

/** Times calls with and without a delay between the clusters, in turns, on a stand with links. */
export async function measureCrossings(stand: Stand, plan: Plan, random: Random): Promise<CrossingSeries[]> {
  const variants = PROMPT_VARIANTS.filter(({ family }) => family !== 'baseline');
  const before = await countTargets(stand);
  const samples = new Map(
    variants.map((variant) => [
      variant,
      { undelayed: [] as number[], delayed: [] as number[], longDelayed: [] as number[] },
    ]),
  );
  for (let round = -WARM_UP_ROUNDS; round < plan.crossingRounds; round++) {
    for (const which of shuffled(['undelayed', 'delayed'] as const, random)) {
      stand.setDelay(which === 'delayed' ? DELAY_MS : 0);
      await sleep(SETTLE_MS);
      for (const variant of shuffled(variants, random)) {
        const ms = await timeCall(stand, variant, 0);
        if (round >= 0) samples.get(variant)?.[which].push(ms);
      }
    }
  }
  stand.setDelay(LONG_DELAY_MS);
  for (let round = 0; round < LONG_DELAY_ROUNDS; round++) {
    await sleep(LONG_DELAY_MS);
    // At the same time: they mostly wait.
    await Promise.all(
      variants.map(async (variant) => {
        samples.get(variant)?.longDelayed.push(await timeCall(stand, variant, 0));
      }),
    );
  }
  stand.setDelay(0);
  const calls = 2 * (WARM_UP_ROUNDS + plan.crossingRounds) + LONG_DELAY_ROUNDS;
  const made = variants.map((variant) => [variant, calls] as const);
  await assertTargets(stand, 'the calls across the link, of all variants,', before, targetsOfAll(made));
  return [...samples].map(([{ name }, series]) => ({
    variant: name,
    delayMs: DELAY_MS,
    longDelayMs: LONG_DELAY_MS,
    ...series,
  }));
}
