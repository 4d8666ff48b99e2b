/** Words of a diagnosis. */
import { ageText, safe } from '../text.js';
import type { PendingActivity, QueueLook } from './call-view.js';

/** A queue by its name. */
export function name(queue: QueueLook): string {
  return safe(queue.name, 100);
}

/** What an activity failed with last. */
export function said({ lastFailure }: PendingActivity): string {
  return safe(lastFailure?.message ?? '', 250);
}

/** How often an activity was tried. */
export function tries({ attempt, isStarted }: PendingActivity): string {
  const made = isStarted ? attempt : attempt - 1;
  return counted(Math.max(1, made), 'attempt', 'attempts');
}

/** When an activity is tried again. */
export function next({ nextAttemptAt, isStarted }: PendingActivity, now: number): string {
  if (isStarted) return 'right now';
  return nextAttemptAt === undefined ? 'soon' : `in ${ageText(nextAttemptAt - now)}`;
}

/** A number with its noun; nothing for none. */
export function counted(count: number, one: string, many: string): string {
  return count === 0 ? '' : `${count} ${count === 1 ? one : many}`;
}
