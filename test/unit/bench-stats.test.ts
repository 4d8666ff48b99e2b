import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { seededRandom, shuffled } from '../../scripts/bench/random.js';
import { median, percentile, summaryOf } from '../../scripts/bench/stats.js';

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

describe('the statistics of the benchmark', () => {
  it('take the nearest rank, whatever the order of the samples', () => {
    const samples = upTo(100).reverse();
    assert.equal(percentile(samples, 50), 50);
    assert.equal(percentile(samples, 90), 90);
    assert.equal(percentile(samples, 100), 100);
    assert.equal(percentile(samples, 0), 1);
    assert.equal(percentile([7], 99), 7);
    assert.equal(median([3, 1, 2]), 2);
    assert.equal(median([4, 1, 2, 3]), 2);
  });

  it('leave the samples as they were', () => {
    const samples = [3, 1, 2];
    percentile(samples, 50);
    assert.deepEqual(samples, [3, 1, 2]);
  });

  it('say nothing of no samples', () => {
    assert.throws(() => percentile([], 50), RangeError);
  });

  it('give a 99th percentile only of 300 samples and more', () => {
    assert.equal(summaryOf(upTo(299)).p99, undefined);
    assert.deepEqual(summaryOf(upTo(300)), { count: 300, p50: 150, p90: 270, p99: 297, max: 300 });
  });
});

describe('the order of the benchmark', () => {
  it('is the same for the same seed, and another for another', () => {
    const order = (seed: number): number[] => shuffled(upTo(20), seededRandom(seed));
    assert.deepEqual(order(1), order(1));
    assert.notDeepEqual(order(1), order(2));
  });

  it('holds every item once', () => {
    const items = upTo(20);
    const order = shuffled(items, seededRandom(7));
    assert.deepEqual(
      order.toSorted((a, b) => a - b),
      items,
    );
    assert.deepEqual(items, upTo(20));
  });

  it('puts each item first about as often as the others', () => {
    const random = seededRandom(3);
    const first = [0, 0, 0];
    for (let run = 0; run < 3_000; run++) {
      const [item = 0] = shuffled([0, 1, 2], random);
      first[item] = (first[item] ?? 0) + 1;
    }
    for (const count of first) assert.ok(count > 900 && count < 1_100, `${first.join(', ')} of 3,000`);
  });
});
