import { MAX_SIDE_ACTIVITIES } from '../shared/limits.js';

interface Slots {
  busy: number;
  readonly waiting: (() => void)[];
}

const SLOTS = Symbol.for('temporal-bridge.side-slots/1');
const holder = globalThis as { [SLOTS]?: Slots };

/**
 * Runs one of the activities that come beside a call's own (a cancellation, a goodbye, a look at a start), a few at a time:
 * a thousand calls that are cancelled at once would need more pending activities than a server allows, which fails the
 * workflow task for ever.
 */
export async function inSideSlot<R>(run: () => Promise<R>): Promise<R> {
  const slots = (holder[SLOTS] ??= { busy: 0, waiting: [] });
  if (slots.busy < MAX_SIDE_ACTIVITIES) slots.busy += 1;
  else await new Promise<void>((resolve) => slots.waiting.push(resolve));
  try {
    return await run();
  } finally {
    const next = slots.waiting.shift();
    if (next) next();
    else slots.busy -= 1;
  }
}
