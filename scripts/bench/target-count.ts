import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { Variant } from './names.js';
import { TARGET_TYPE } from './names.js';
import type { Stand } from './stand.js';

const SETTLE_TIMEOUT_MS = 15_000;
const ASK_EVERY_MS = 200;

/** How many targets have run on each cluster. */
export interface TargetCount {
  readonly a: number;
  readonly b: number;
}

/** How many targets so many calls of a variant run on each cluster. */
export function targetsOf(variant: Variant, calls: number): TargetCount {
  if (variant.family === 'baseline') return { a: 0, b: 0 };
  return variant.name === 'child' ? { a: calls, b: 0 } : { a: 0, b: calls };
}

/** How many targets several series of calls run on each cluster. */
export function targetsOfAll(series: Iterable<readonly [variant: Variant, calls: number]>): TargetCount {
  const sum = { a: 0, b: 0 };
  for (const [variant, calls] of series) {
    const { a, b } = targetsOf(variant, calls);
    sum.a += a;
    sum.b += b;
  }
  return sum;
}

/** Counts the targets that have been started on each cluster. */
export async function countTargets({ clientA, clientB }: Stand): Promise<TargetCount> {
  const count = async (client: Client): Promise<number> =>
    (await client.workflow.count(`WorkflowType = '${TARGET_TYPE}'`)).count;
  const [a, b] = await Promise.all([count(clientA), count(clientB)]);
  return { a, b };
}

/**
 * Holds that each call has run its target once. The servers' lists lag behind, so a smaller count is asked for again.
 *
 * @throws {Error} naming what was run, if there were more or fewer targets
 */
export async function assertTargets(
  stand: Stand,
  what: string,
  before: TargetCount,
  expected: TargetCount,
): Promise<void> {
  const deadline = performance.now() + SETTLE_TIMEOUT_MS;
  for (;;) {
    const now = await countTargets(stand);
    const ran = { a: now.a - before.a, b: now.b - before.b };
    if (ran.a === expected.a && ran.b === expected.b) return;
    const isTooMany = ran.a > expected.a || ran.b > expected.b;
    if (isTooMany || performance.now() > deadline) {
      throw new Error(
        `${what} on the stand "${stand.name}" ran ${ran.a} targets on A and ${ran.b} on B, ` +
          `and should have run ${expected.a} and ${expected.b}`,
      );
    }
    await sleep(ASK_EVERY_MS);
  }
}
