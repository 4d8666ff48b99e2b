import { setTimeout as sleep } from 'node:timers/promises';
import { cpuBetween, readCpu } from './cpu.js';
import { variantOf } from './names.js';
import { PROMPT_VARIANTS, pairsOf, type Pair } from './one-at-a-time.js';
import { CPU_IN_FLIGHT, type Plan } from './plan.js';
import { shuffled, type Random } from './random.js';
import type { ThroughputBlock } from './results.js';
import type { Stand } from './stand.js';
import { assertTargets, countTargets, targetsOf } from './target-count.js';
import { makeCall } from './time-call.js';

const MIN_WARM_UP_CALLS = 5;
const LOOK_EVERY_MS = 20;

/** Measures how many calls a second end, with fixed numbers of them in flight. */
export async function measureThroughput(
  stands: readonly Stand[],
  plan: Plan,
  random: Random,
): Promise<ThroughputBlock[]> {
  const blocks: ThroughputBlock[] = [];
  for (let pass = 0; pass < plan.throughputPasses; pass++) {
    const wanted = plan.inFlight.flatMap((inFlight) =>
      pairsOf(stands, PROMPT_VARIANTS).map((pair) => ({ ...pair, inFlight })),
    );
    if (pass === 0 && plan.throughputOfPublished) {
      const published = pairsOf(stands, [variantOf('published')]);
      wanted.push(...published.map((pair) => ({ ...pair, inFlight: CPU_IN_FLIGHT })));
    }
    for (const block of shuffled(wanted, random)) {
      blocks.push(await measureBlock(block, block.inFlight, plan.throughputMs));
    }
  }
  return blocks;
}

/**
 * Keeps so many calls in flight, and counts the ends in a stretch between: after as many calls as are in flight, so that
 * all is warm, and before the last ones, so that as many are in flight all the time. The stretch has at least as many
 * ends as there are calls in flight.
 */
async function measureBlock(
  { stand, variant }: Pair,
  inFlight: number,
  ms: number,
): Promise<ThroughputBlock> {
  const before = await countTargets(stand);
  let ended = 0;
  let isOver = false;
  const keepCalling = async (): Promise<void> => {
    while (!isOver) {
      await makeCall(stand, variant, 0);
      ended += 1;
    }
  };
  const callers = Promise.all(Array.from({ length: inFlight }, keepCalling));
  const untilEnded = async (count: number): Promise<void> => {
    while (ended < count) await Promise.race([sleep(LOOK_EVERY_MS), callers]);
  };
  try {
    await untilEnded(Math.max(inFlight, MIN_WARM_UP_CALLS));
    const first = { ended, at: performance.now(), cpu: await readCpu(stand.processes()) };
    await Promise.race([sleep(ms), callers]);
    await untilEnded(first.ended + inFlight);
    const last = { ended, at: performance.now(), cpu: await readCpu(stand.processes()) };
    isOver = true;
    await callers;
    const what = `the calls by "${variant.label}", ${inFlight} in flight,`;
    await assertTargets(stand, what, before, targetsOf(variant, ended));
    return {
      stand: stand.name,
      variant: variant.name,
      inFlight,
      calls: last.ended - first.ended,
      seconds: (last.at - first.at) / 1_000,
      cpu: cpuBetween(first.cpu, last.cpu),
    };
  } finally {
    isOver = true;
  }
}
