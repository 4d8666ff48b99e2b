import { msToNumber } from '@temporalio/common/lib/time.js';
import type { Duration } from '@temporalio/common';
import { isWellFormed } from '../shared/bytes.js';
import { formatDuration } from '../shared/duration.js';
import { MAX_CALL_TIMEOUT_MS, MAX_NAME_CHARS, MIN_CALL_TIMEOUT_MS } from '../shared/limits.js';
import { RESERVED_TASK_QUEUE } from '../shared/names.js';
import { invalidOption } from './outcome-value.js';

/** A duration in whole milliseconds; `undefined` where the option is absent. */
export function millis(field: string, duration: unknown, minMs: number, maxMs: number): number | undefined {
  if (duration === undefined) return undefined;
  const range = `a duration of ${formatDuration(minMs)} to ${formatDuration(maxMs)}`;
  let ms: number;
  try {
    ms = msToNumber(duration as Duration);
  } catch {
    throw invalidOption(field, range, duration);
  }
  if (!Number.isFinite(ms) || ms < minMs || ms > maxMs) throw invalidOption(field, range, duration);
  return Math.ceil(ms);
}

/** A time-out in whole milliseconds, 1 ms to 365 days. */
export const timeoutMs = (field: string, duration: unknown) =>
  millis(field, duration, MIN_CALL_TIMEOUT_MS, MAX_CALL_TIMEOUT_MS);

/** A text that is there, and not too long. */
export function text(field: string, value: unknown, maxChars: number): string {
  if (typeof value !== 'string' || value === '' || value.length > maxChars || !isWellFormed(value))
    throw invalidOption(field, `a text of 1 to ${maxChars} characters`, value);
  return value;
}

/** A task queue that workers can poll. */
export function taskQueue(field: string, value: unknown): string {
  const queue = text(field, value, MAX_NAME_CHARS);
  if (RESERVED_TASK_QUEUE.test(queue))
    throw invalidOption(field, 'a task queue that is not Temporal’s own', queue);
  return queue;
}

/** An object, and not `null`. */
export function object<T extends object>(field: string, value: T): T {
  if (typeof value !== 'object' || (value as T | null) === null)
    throw invalidOption(field, 'an object', value);
  return value;
}

/** Options that children of the SDK have and remote workflows have not, and what to do instead. */
const NOT_HERE: Readonly<Record<string, string>> = {
  cronSchedule: 'none, since a cron workflow never ends: start it with a client',
  searchAttributes: 'typedSearchAttributes in its place',
  workflowIdConflictPolicy: 'none, since a running workflow is never taken over',
};

/**
 * Options of these names only: one that is passed over in silence (a time-out with a slip of the pen in it) would be missed
 * when it is needed.
 */
export function known<T extends object>(what: string, options: T, names: readonly string[]): T {
  for (const name of Object.keys(object(what, options))) {
    if (!names.includes(name))
      throw invalidOption(name, NOT_HERE[name] ?? `one of ${names.join(', ')}`, 'an unknown option');
  }
  return options;
}
