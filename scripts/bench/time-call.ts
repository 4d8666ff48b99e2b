import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import type { Variant } from './names.js';
import type { Stand } from './stand.js';
import { answerOf } from './start-caller.js';

/** A call that takes longer than this is an error. */
const CALL_TIMEOUT_MS = 60_000;

/**
 * Makes one call and gives how long its caller took, from before its start to its end as A recorded it. Not to the moment
 * at which the client hears of it: a server now and then forgets to wake a client that waits for a result, until its long
 * poll ends after 20 s.
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
  const { closeTime } = await (await makeCall(stand, variant, workMs)).describe();
  if (!closeTime) throw new Error(`a caller of "${variant.label}" has a result, and is open`);
  return closeTime.getTime() - (performance.timeOrigin + startedAt);
}

/**
 * Makes one call and waits for its result.
 *
 * @throws {Error} naming the variant, if the call fails, takes too long or brings another answer
 */
export async function makeCall(stand: Stand, variant: Variant, workMs: number): Promise<WorkflowHandle> {
  const waiting = new AbortController();
  const overdue = sleep(CALL_TIMEOUT_MS, undefined, { signal: waiting.signal }).then(() => {
    throw new Error(`no result after ${CALL_TIMEOUT_MS / 1000} s`);
  });
  overdue.catch(() => undefined);
  try {
    const handle = await Promise.race([stand.start(variant, workMs), overdue, stand.broken]);
    const result: unknown = await Promise.race([handle.result(), overdue, stand.broken]);
    const answer = answerOf(variant, result);
    if (answer !== 'answer') throw new Error(`the answer was ${JSON.stringify(answer)}`);
    return handle;
  } catch (error) {
    throw new Error(`a call by "${variant.label}" failed on the stand "${stand.name}"`, { cause: error });
  } finally {
    waiting.abort();
  }
}
