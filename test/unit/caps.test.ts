/** Caps without clusters: the rate's bucket, what is kept, and how long a call is held. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BoundedMap } from '../../src/bridge/caps/bounded-map.js';
import { UNKNOWN_PAIR, pairKey, pairKeyOfMemo, pairMemo } from '../../src/bridge/caps/call-pair.js';
import { holdMs } from '../../src/bridge/caps/hold-time.js';
import { StartRate } from '../../src/bridge/caps/start-rate.js';
import { FIRST_HOLD_MS, MAX_HOLD_MS } from '../../src/shared/limits.js';
import { jsonPayload } from '../../src/shared/payloads.js';

/** Tries a start every millisecond; gives when one was let go on. */
function startsOf(rate: StartRate, pair: string, forMs: number): number[] {
  const starts: number[] = [];
  for (let nowMs = 0; nowMs < forMs; nowMs += 1)
    if (rate.take(pair, { nowMs, isQueued: false }) === 0) starts.push(nowMs);
  return starts;
}

describe('the rate of starts', () => {
  for (const perSecond of [1, 3, 7, 100])
    it(`of ${perSecond} a second is held over ten seconds, and in no second twice the rate is exceeded`, () => {
      const starts = startsOf(new StartRate(perSecond), 'pair', 10_000);
      const long = starts.length;
      assert.ok(long >= perSecond * 10 && long <= perSecond * 11, `${long}`);
      for (const at of starts) {
        const within = starts.filter((other) => at <= other && other < at + 1000).length;
        assert.ok(within <= 2 * perSecond, `${within} from ${at}`);
      }
    });

  it('lets a burst of one second’s worth go, and no more', () => {
    for (const perSecond of [1, 3, 7, 10_000]) {
      const rate = new StartRate(perSecond);
      for (let n = 0; n < perSecond; n += 1) assert.equal(rate.take('pair', { nowMs: 5 }), 0);
      assert.ok(rate.take('pair', { nowMs: 5 }) > 0);
    }
  });

  it('sends those over it back one after the other, within 30 s', () => {
    const rate = new StartRate(10);
    for (let n = 0; n < 10; n += 1) rate.take('pair', { nowMs: 0 });
    const waits = Array.from({ length: 298 }, () => rate.take('pair', { nowMs: 0 }));
    assert.deepEqual(
      waits.slice(0, 3).map((wait) => Math.round(wait)),
      [200, 300, 400],
    );
    const longest = Math.max(...waits);
    assert.ok(longest <= MAX_HOLD_MS && longest >= MAX_HOLD_MS - 200, `${longest}`);
    // There is no place left within 30 s: those beyond come back apart.
    assert.deepEqual(
      [0, 0.5, 1].map((part) => rate.take('pair', { nowMs: 0, random: () => part })),
      [MAX_HOLD_MS, MAX_HOLD_MS * 0.75, MAX_HOLD_MS / 2],
    );
  });

  it('keeps what is free for those who wait: a call that comes for the first time goes behind them', () => {
    const rate = new StartRate(1);
    assert.equal(rate.take('pair', { nowMs: 0 }), 0);
    const first = rate.take('pair', { nowMs: 0 });
    assert.equal(first, 2000);
    assert.equal(rate.take('pair', { nowMs: 1500 }), 1500);
    assert.equal(rate.take('pair', { nowMs: first, wasHeld: true }), 0);
    assert.equal(rate.take('pair', { nowMs: 3000, wasHeld: true }), 0);
    // Nobody waits any more.
    assert.equal(rate.take('pair', { nowMs: 4000 }), 0);
  });

  it('lets none starve: each is through by its place, however many come meanwhile', () => {
    const rate = new StartRate(4);
    const due = new Map<number, number[]>();
    const throughAfter: number[] = [];
    const come = (nowMs: number, since: number, wasHeld: boolean): void => {
      const waitMs = rate.take('pair', { nowMs, wasHeld });
      if (waitMs === 0) throughAfter.push(nowMs - since);
      else due.set(nowMs + waitMs, [...(due.get(nowMs + waitMs) ?? []), since]);
    };
    for (let n = 0; n < 12; n += 1) come(0, 0, false);
    for (let nowMs = 50; nowMs < 8000; nowMs += 50) {
      if (nowMs % 250 === 0) come(nowMs, nowMs, false);
      for (const since of due.get(nowMs) ?? []) come(nowMs, since, true);
    }
    assert.ok(throughAfter.length >= 30, `${throughAfter.length}`);
    const stillWaiting = [...due].filter(([at]) => at >= 8000).flatMap(([, since]) => since);
    const longest = Math.max(...throughAfter, ...stillWaiting.map((since) => 8000 - since));
    assert.ok(longest <= 3000, `${longest} ms`);
  });

  it('keeps pairs apart, and a bounded number of them', () => {
    const rate = new StartRate(1, 100);
    assert.equal(rate.take('first', { nowMs: 0 }), 0);
    assert.ok(rate.take('first', { nowMs: 0 }) > 0);
    assert.equal(rate.take('second', { nowMs: 0 }), 0);
    for (let n = 0; n < 1000; n += 1) rate.take(`pair ${n}`, { nowMs: 0 });
    assert.equal(rate.pairs, 100);
  });
});

describe('what caps keep', () => {
  it('is bounded: the least recently written goes first', () => {
    const map = new BoundedMap<string, number>(2);
    map.set('a', 1);
    map.set('b', 2);
    map.set('a', 3);
    map.set('c', 4);
    assert.deepEqual([map.get('a'), map.get('b'), map.get('c'), map.size], [3, undefined, 4, 2]);
  });
});

describe('a hold', () => {
  it('doubles from 1 s to 30 s, half of it left to chance', () => {
    assert.deepEqual(
      [1, 2, 3, 4, 5, 6, 1000].map((holds) => holdMs(holds, () => 0)),
      [1, 2, 4, 8, 16, 30, 30].map((s) => s * 1000),
    );
    assert.equal(
      holdMs(1, () => 1),
      FIRST_HOLD_MS / 2,
    );
  });
});

describe('the pair in a memo', () => {
  it('comes back as it was written', () => {
    const pair = { cluster: 'a', namespace: 'n', workflowType: 'T' };
    assert.equal(pairKeyOfMemo(jsonPayload(pairMemo(pair))), pairKey(pair));
  });

  for (const memo of [
    null,
    'text',
    7,
    {},
    [],
    ['a', 'b'],
    ['a', 'b', 'c', 'd'],
    ['a', 'b', 3],
    [['a'], 'b', 'c'],
  ])
    it(`is unknown if it is ${JSON.stringify(memo)}`, () => {
      assert.equal(pairKeyOfMemo(jsonPayload(memo)), UNKNOWN_PAIR);
    });

  it('is unknown if there is none, or of another codec', () => {
    assert.equal(pairKeyOfMemo(undefined), UNKNOWN_PAIR);
    const sealed = { metadata: { encoding: Buffer.from('binary/encrypted') }, data: Buffer.from('x') };
    assert.equal(pairKeyOfMemo(sealed), UNKNOWN_PAIR);
  });
});
