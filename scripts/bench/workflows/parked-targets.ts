/** The targets on B: each waits until it is released. */
import { condition, defineSignal, setHandler, workflowInfo } from '@temporalio/workflow';
import type { ParkedAnswer } from '../parked-names.js';
import { RELEASE } from '../parked-names.js';

/** Waits for the signal, with no timer, and answers with its own id. */
export async function ParkedTarget(number: number): Promise<ParkedAnswer> {
  let isReleased = false;
  setHandler(defineSignal(RELEASE), () => {
    isReleased = true;
  });
  await condition(() => isReleased);
  return { number, targetId: workflowInfo().workflowId };
}
