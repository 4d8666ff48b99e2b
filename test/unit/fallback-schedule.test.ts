import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  DEFAULT_FALLBACK,
  fallbackDelayMs,
  firstFallbackMs,
  giveUpAfterMs,
  backOffMs,
} from '../../src/bridge/fallback-schedule.js';
import { ANCHOR_GRACE_MS, MAX_CALL_TIMEOUT_MS, MAX_FALLBACK_MS } from '../../src/shared/limits.js';

const MINUTE = 60_000;
const HOUR = 3_600_000;

const settings = fc.record({
  firstMs: fc.integer({ min: 100, max: HOUR }),
  maxMs: fc.integer({ min: 100, max: HOUR }),
});
const timeoutMs = fc.option(
  fc.oneof(fc.integer({ min: 1, max: 10 * MINUTE }), fc.integer({ min: 1, max: MAX_CALL_TIMEOUT_MS })),
  { nil: undefined },
);
const looks = fc.oneof(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 100_000 }));
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('the schedule of the fallback poll', () => {
  test('begins after the smaller of the time-out and one minute', () => {
    assert.equal(firstFallbackMs(DEFAULT_FALLBACK, undefined), MINUTE);
    assert.equal(firstFallbackMs(DEFAULT_FALLBACK, MINUTE + 1), MINUTE);
    assert.equal(firstFallbackMs(DEFAULT_FALLBACK, MINUTE - 1), MINUTE - 1);
    fc.assert(
      fc.property(settings, timeoutMs, (given, timeout) => {
        assert.equal(firstFallbackMs(given, timeout), Math.min(given.firstMs, timeout ?? Infinity));
      }),
    );
  });

  test('never looks before the first interval is over', () => {
    fc.assert(
      fc.property(settings, timeoutMs, random, (given, timeout, drawn) => {
        const delay = fallbackDelayMs(given, { timeoutMs: timeout, ageMs: 0, looks: 0 }, () => drawn);
        const first = firstFallbackMs(given, timeout);
        assert.ok(delay >= first && delay <= first * 1.1, `${delay} for ${first}`);
      }),
    );
  });

  test('doubles with each look up to the longest wait: 1, 2, 4, 8, 16, 32, 60, 60 minutes', () => {
    const delays = [0, 1, 2, 3, 4, 5, 6, 7, 1000].map((n) =>
      fallbackDelayMs(DEFAULT_FALLBACK, { timeoutMs: undefined, ageMs: 0, looks: n }, () => 0),
    );
    assert.deepEqual(
      delays.map((delay) => delay / MINUTE),
      [1, 2, 4, 8, 16, 32, 60, 60, 60],
    );
  });

  test('draws each wait from a tenth around the doubled one, below the longest', () => {
    fc.assert(
      fc.property(settings, looks, random, (given, n, drawn) => {
        const delay = fallbackDelayMs(given, { timeoutMs: undefined, ageMs: 0, looks: n }, () => drawn);
        const cap = Math.max(given.firstMs, given.maxMs);
        const doubled = Math.min(given.firstMs * 2 ** n, cap);
        const [least, most] = n === 0 ? [doubled, doubled * 1.1] : [doubled * 0.9, doubled];
        assert.ok(delay >= least && delay <= most, `${delay} of ${doubled}`);
      }),
    );
  });

  test('spreads calls that were made at the same time', () => {
    const draw = (n: number) =>
      new Set(
        Array.from({ length: 100 }, () =>
          fallbackDelayMs(DEFAULT_FALLBACK, { timeoutMs: undefined, ageMs: 0, looks: n }),
        ),
      );
    for (const n of [0, 1, 10]) assert.ok(draw(n).size > 50, `look ${n}`);
  });

  test('never waits beyond the moment at which the caller gives up, and never for no time at all', () => {
    const ageMs = fc.oneof(
      fc.integer({ min: 0, max: 20 * MINUTE }),
      fc.integer({ min: 0, max: 2 * MAX_CALL_TIMEOUT_MS }),
    );
    fc.assert(
      fc.property(settings, timeoutMs, ageMs, looks, random, (given, timeout, age, n, drawn) => {
        const delay = fallbackDelayMs(given, { timeoutMs: timeout, ageMs: age, looks: n }, () => drawn);
        assert.ok(Number.isFinite(delay) && delay > 0, `${delay}`);
        assert.ok(delay <= Math.max(1, giveUpAfterMs(given, timeout) - age), `${delay} at ${age}`);
      }),
      { numRuns: 1_000 },
    );
  });

  test('gives up one interval, of at most a minute, after the time-out, and never without a time-out', () => {
    assert.equal(giveUpAfterMs(DEFAULT_FALLBACK, undefined), Infinity);
    assert.equal(giveUpAfterMs(DEFAULT_FALLBACK, 10 * MINUTE), 11 * MINUTE);
    assert.equal(giveUpAfterMs(DEFAULT_FALLBACK, 10_000), 20_000);
    fc.assert(
      fc.property(settings, fc.integer({ min: 1, max: MAX_CALL_TIMEOUT_MS }), (given, timeout) => {
        const extra = giveUpAfterMs(given, timeout) - timeout;
        assert.equal(extra, Math.min(given.firstMs, timeout, MINUTE));
        // An attempt that would begin after the activity's own time-out is not waited for by a server.
        const scheduleToClose = timeout + Math.min(timeout, MINUTE) + ANCHOR_GRACE_MS;
        assert.ok(timeout + extra < scheduleToClose);
      }),
    );
  });

  test('keeps below the longest wait that the anchor activity lets the server keep', () => {
    fc.assert(
      fc.property(settings, timeoutMs, looks, random, (given, timeout, n, drawn) => {
        if (n === 0) return;
        const delay = fallbackDelayMs(given, { timeoutMs: timeout, ageMs: 0, looks: n }, () => drawn);
        assert.ok(delay <= MAX_FALLBACK_MS);
      }),
    );
  });
});

describe('the schedule of tries at a cluster that cannot be reached', () => {
  test('doubles up to the longest wait, less at most a tenth', () => {
    const failures = fc.integer({ min: 1, max: 100_000 });
    fc.assert(
      fc.property(settings, failures, random, (given, n, drawn) => {
        const delay = backOffMs(given, n, () => drawn);
        const doubled = Math.min(given.firstMs * 2 ** (n - 1), given.maxMs);
        assert.ok(delay > 0 && delay >= doubled * 0.9 && delay <= doubled, `${delay} of ${doubled}`);
      }),
    );
  });
});
