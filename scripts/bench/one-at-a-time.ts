import type { Variant } from './names.js';
import { VARIANTS } from './names.js';
import { WARM_UP_ROUNDS, type Plan } from './plan.js';
import { shuffled, type Random } from './random.js';
import type { Series } from './results.js';
import type { Stand } from './stand.js';
import { assertTargets, countTargets, targetsOfAll } from './target-count.js';
import { timeCall } from './time-call.js';

/** The variants whose calls do not mostly sleep. */
export const PROMPT_VARIANTS = VARIANTS.filter(({ name }) => name !== 'published');
const PUBLISHED = VARIANTS.filter(({ name }) => name === 'published');

/**
 * Times calls one at a time: in each round one of every variant on every stand, in an order of its own. The published
 * bridge's calls sleep for seconds, so they run beside the others, spread over the rounds.
 */
export async function measureOneAtATime(
  stands: readonly Stand[],
  plan: Plan,
  random: Random,
): Promise<Series[]> {
  const pairs = pairsOf(stands, PROMPT_VARIANTS);
  const publishedPairs = pairsOf(stands, PUBLISHED);
  const before = await Promise.all(stands.map(countTargets));
  await Promise.all(publishedPairs.map(({ stand, variant }) => timeCall(stand, variant, 0)));
  for (let round = 0; round < WARM_UP_ROUNDS; round++) {
    for (const { stand, variant } of shuffled(pairs, random)) await timeCall(stand, variant, 0);
  }

  const samples = new Map([...pairs, ...publishedPairs].map((pair) => [pair, [] as number[]]));
  const roundsPerPublished = Math.ceil(plan.rounds / plan.publishedSamples);
  const background: Promise<void>[] = [];
  const inBackground = (pair: Pair): void => {
    const call = timeCall(pair.stand, pair.variant, 0).then((ms) => void samples.get(pair)?.push(ms));
    // A failure is thrown below.
    call.catch(() => undefined);
    background.push(call);
  };
  for (let round = 0; round < plan.rounds; round++) {
    if (round % roundsPerPublished === 0) publishedPairs.forEach(inBackground);
    for (const pair of shuffled(pairs, random)) {
      samples.get(pair)?.push(await timeCall(pair.stand, pair.variant, 0));
    }
  }
  await Promise.all(background);

  for (const [index, stand] of stands.entries()) {
    const calls = [...samples].filter(([pair]) => pair.stand === stand);
    const warmUps = (variant: Variant): number => (PUBLISHED.includes(variant) ? 1 : WARM_UP_ROUNDS);
    await assertTargets(
      stand,
      'the calls one at a time, of all variants,',
      before[index] ?? { a: 0, b: 0 },
      targetsOfAll(calls.map(([{ variant }, { length }]) => [variant, length + warmUps(variant)])),
    );
  }
  return [...samples].map(([{ stand, variant }, series]) => ({
    stand: stand.name,
    variant: variant.name,
    samples: series,
  }));
}

/** A variant on a stand. */
export interface Pair {
  readonly stand: Stand;
  readonly variant: Variant;
}

/** Every variant on every stand. */
export function pairsOf(stands: readonly Stand[], variants: readonly Variant[]): Pair[] {
  return stands.flatMap((stand) => variants.map((variant) => ({ stand, variant })));
}
