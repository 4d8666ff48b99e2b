/** The callers on A: each makes one call, and returns what it got. */
import { executeRemoteWorkflow } from '../../../src/workflow.js';
import type { ParkedAnswer } from '../parked-names.js';
import { PARKED_TARGET, PARKED_TARGETS_QUEUE } from '../parked-names.js';

/** Calls one target and waits for its answer. */
export function ParkedCaller(number: number): Promise<ParkedAnswer> {
  return executeRemoteWorkflow<(number: number) => Promise<ParkedAnswer>>(PARKED_TARGET, {
    taskQueue: PARKED_TARGETS_QUEUE,
    args: [number],
    timeout: '6h',
  });
}
