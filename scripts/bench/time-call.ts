import { setTimeout as sleep } from 'node:timers/promises';
import type { Variant } from './names.js';
import type { Stand } from './stand.js';
import { answerOf } from './start-caller.js';

/** A call that takes longer than this is an error. */
const CALL_TIMEOUT_MS = 60_000;

/**
 * Makes one call and gives how long its caller took, from before its start to its result.
 *
 * @param startedAt when the call should have been started: earlier than now, if the machine is late
 * @throws {Error} naming the variant, if the call fails, takes too long or brings another answer
 */
export async function timeCall(
  stand: Stand,
  variant: Variant,
  workMs: number,
  startedAt = performance.now(),
): Promise<number> {
  const waiting = new AbortController();
  const overdue = sleep(CALL_TIMEOUT_MS, undefined, { signal: waiting.signal }).then(() => {
    throw new Error(`no result after ${CALL_TIMEOUT_MS / 1000} s`);
  });
  overdue.catch(() => undefined);
  try {
    const call = stand.start(variant, workMs).then((handle) => handle.result() as Promise<unknown>);
    const result = await Promise.race([call, overdue, stand.broken]);
    const endedAt = performance.now();
    const answer = answerOf(variant, result);
    if (answer !== 'answer') throw new Error(`the answer was ${JSON.stringify(answer)}`);
    return endedAt - startedAt;
  } catch (error) {
    throw new Error(`a call by "${variant.label}" failed on the stand "${stand.name}"`, { cause: error });
  } finally {
    waiting.abort();
  }
}
