import { setTimeout as sleep } from 'node:timers/promises';
import { VARIANTS } from './names.js';
import type { Plan } from './plan.js';
import { shuffled, type Random } from './random.js';
import type { Series } from './results.js';
import type { Stand } from './stand.js';
import { assertTargets, countTargets, targetsOfAll } from './target-count.js';
import { timeCall } from './time-call.js';

/** How long the target takes. */
export const SLOW_TARGET_MS = 1_000;
/** Calls mostly sleep, so they overlap; each is started this long after the one before. */
const STAGGER_MS = 200;

/** Times calls whose target takes a second. */
export async function measureSlowTarget(stand: Stand, plan: Plan, random: Random): Promise<Series[]> {
  const before = await countTargets(stand);
  const calls = new Map(VARIANTS.map((variant) => [variant, [] as Promise<number>[]]));
  for (let round = 0; round < plan.slowTargetSamples; round++) {
    for (const variant of shuffled(VARIANTS, random)) {
      const call = timeCall(stand, variant, SLOW_TARGET_MS);
      // A failure is thrown below.
      call.catch(() => undefined);
      calls.get(variant)?.push(call);
      await sleep(STAGGER_MS);
    }
  }
  const series = await Promise.all(
    [...calls].map(async ([variant, samples]) => ({
      stand: stand.name,
      variant: variant.name,
      samples: await Promise.all(samples),
    })),
  );
  const made = [...calls].map(([variant, { length }]) => [variant, length] as const);
  await assertTargets(stand, 'the calls of a slow target, of all variants,', before, targetsOfAll(made));
  return series;
}
