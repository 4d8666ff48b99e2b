import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { labelNamesIn, metricNamesIn } from './promql.js';

describe('the names of the metrics in an expression', () => {
  const cases: readonly (readonly [string, ...string[]])[] = [
    ['up', 'up'],
    ['up{job="a"} == 0', 'up'],
    ['up == bool 0', 'up'],
    ['absent(bridge_build_info)', 'bridge_build_info'],
    ['sum by (job, le) (rate(a_bucket{x="b_c{d}"}[5m])) * 60 > 5', 'a_bucket'],
    ['sum(rate(a[5m:1m])) by (b)', 'a'],
    ['a_total offset 15m unless on (x) b:c_d', 'a_total', 'b:c_d'],
    ['a * on (job, instance) group_left (role) max without (x) (b)', 'a', 'b'],
    ['label_replace(a, "cluster", "$1", "b", "(.*)") or a', 'a'],
    ['histogram_quantile(0.99, a_bucket) > 1e3', 'a_bucket'],
    ['max_over_time(a[1d]) > -Inf # not_a_metric', 'a'],
    ['{__name__="a_b", x="y"}', 'a_b'],
    ['topk(3, a) / ignoring(c) b', 'a', 'b'],
    ['a{job=~"$job"} @ 1609746000', 'a'],
    ['vector(1)'],
  ];
  for (const [expression, ...names] of cases)
    it(`of ${expression}`, () => assert.deepEqual(metricNamesIn(expression), names));
});

describe('the labels in an expression', () => {
  const cases: readonly (readonly [string, ...string[]])[] = [
    ['up'],
    ['up{job="a{b=1}", x!~"c,d"} == 0', 'job', 'x'],
    ['sum by (job, le) (rate(a[5m])) / on(c) group_left () b', 'job', 'le', 'c'],
    ['sum(a{b=~"c"}) by (b)', 'b'],
  ];
  for (const [expression, ...names] of cases)
    it(`of ${expression}`, () => assert.deepEqual(labelNamesIn(expression), names));
});
