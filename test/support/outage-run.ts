import assert from 'node:assert/strict';
import type { OutageStage } from './outage-stage.js';
import { setUpOutageStage } from './outage-stage.js';
import { assertEachCallOnce, startSteadyCalls, untilNothingIsOpen } from './steady-calls.js';

/**
 * The longest time after the last fault in which nothing needs to end: the bridge's longest wait between two tries
 * (1 minute), and the 30 s that an attempt of a killed process costs.
 */
const STUCK_AFTER_MS = 120_000;

/** What a test counted, for its note. */
export type Counts = Readonly<Record<string, string | number>>;

/**
 * Makes calls at a steady rate while faults happen, and afterwards checks: every call has one outcome, the right one;
 * every target ran exactly once; nothing is open on either side; no process of the bridge ended unless it was killed.
 */
export async function callsSurvive(
  name: string,
  faults: (stage: OutageStage) => Promise<Counts>,
): Promise<void> {
  const stage = await setUpOutageStage();
  try {
    const { clusters, roles } = stage;
    const load = startSteadyCalls(clusters, 'call');
    const counts = await faults(stage);
    const calls = await load.stop();
    const healedAt = Date.now();
    await untilNothingIsOpen(clusters, STUCK_AFTER_MS);
    const drained = seconds(Date.now() - healedAt);
    const { slowestMs } = await assertEachCallOnce(clusters, calls);
    assert.deepEqual([...roles.caller.ownExits, ...roles.handler.ownExits], [], 'processes that gave up');
    const told = Object.entries({
      ...counts,
      'slowest call': seconds(slowestMs),
      'all ended after': drained,
    });
    console.log(
      `note: ${name}: ${calls.length} calls, ${told.map(([what, n]) => `${what} ${n}`).join(', ')}`,
    );
  } finally {
    await stage.close();
  }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
