/** The target of every call, on B and, for the child workflow, on A. */
import { sleep } from '@temporalio/workflow';

/** Answers at once, or after this many milliseconds. */
export async function Answer(workMs: number): Promise<string> {
  if (workMs > 0) await sleep(workMs);
  return 'answer';
}
