/** Side activities of a workflow: a few at a time, whatever becomes of them. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MAX_OPEN_CALLS, MAX_SIDE_ACTIVITIES } from '../../src/shared/limits.js';
import { inSideSlot } from '../../src/workflow/side-slots.js';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('side activities', () => {
  it('and the open calls together stay below what a server allows', () => {
    assert.ok(MAX_OPEN_CALLS + MAX_SIDE_ACTIVITIES < 2000);
  });

  it('run so many at a time, in their order; one that fails makes room, too', async () => {
    const begun: number[] = [];
    const ends: (() => void)[] = [];
    const all = Array.from({ length: 3 * MAX_SIDE_ACTIVITIES }, (_, n) =>
      inSideSlot(async () => {
        begun.push(n);
        await new Promise<void>((resolve) => ends.push(resolve));
        if (n % 2 === 0) throw new Error(String(n));
        return n;
      }),
    );
    const settled = Promise.allSettled(all);
    await turn();
    assert.equal(begun.length, MAX_SIDE_ACTIVITIES);
    for (let n = 0; n < all.length; n += 1) {
      ends[n]?.();
      await turn();
      assert.equal(begun.length, Math.min(all.length, MAX_SIDE_ACTIVITIES + n + 1));
    }
    assert.deepEqual(
      begun,
      all.map((_, n) => n),
    );
    const results = await settled;
    assert.equal(results.filter(({ status }) => status === 'fulfilled').length, all.length / 2);
  });
});
