import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { drawChart, type Chart } from '../../scripts/bench/chart.js';
import { asMarkdown, asText, number, type Table } from '../../scripts/bench/table.js';

const TABLE: Table = {
  title: 'Latency',
  notes: ['In milliseconds.'],
  head: ['', 'p50', 'which'],
  textColumns: [0, 2],
  rows: [
    ['a child', '9.5', 'x|y'],
    ['Nexus', '123.0', 'z'],
  ],
};

describe('a table of the benchmark', () => {
  it('is aligned for a terminal: text to the left, numbers to the right', () => {
    assert.deepEqual(asText(TABLE), [
      'Latency',
      '  In milliseconds.',
      '',
      '           p50  which',
      '---------------------',
      'a child    9.5  x|y',
      'Nexus    123.0  z',
    ]);
  });

  it('is Markdown that a cell cannot break', () => {
    assert.deepEqual(asMarkdown(TABLE), [
      '### Latency',
      '',
      'In milliseconds.',
      '',
      '|  | p50 | which |',
      '| --- | ---: | --- |',
      '| a child | 9.5 | x\\|y |',
      '| Nexus | 123.0 | z |',
    ]);
  });

  it('shows a dash where there is no value, and no negative zero', () => {
    assert.equal(number(undefined), '–');
    assert.equal(number(NaN, 2), '–');
    assert.equal(number(Infinity), '–');
    assert.equal(number(-0.01, 1), '0.0');
    assert.equal(number(-0.06, 1), '-0.1');
    assert.equal(number(1.25, 1), '1.3');
  });
});

const CHART: Chart = {
  title: 'Calls & "callers" <A>',
  subtitle: 'ms',
  legend: ['eager off', 'eager on'],
  groups: [
    {
      label: 'one < two',
      bars: [
        { p50: 10, p90: 20 },
        { p50: 8, p90: 8 },
      ],
    },
    {
      label: 'none',
      bars: [
        { p50: 0, p90: 0 },
        { p50: 0, p90: 0 },
      ],
    },
  ],
  footnote: 'that is all',
};

describe('the chart of the benchmark', () => {
  it('is well-formed: every element is closed, in order, and texts are escaped', () => {
    const svg = drawChart(CHART);
    const open: string[] = [];
    const withoutTags = svg.replaceAll(/<(\/?)([a-z]+)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>/g, (...match) => {
      const [, end, name, , selfClosing] = match as [string, string, string, string, string];
      if (end) assert.equal(open.pop(), name);
      else if (!selfClosing) open.push(name);
      return '';
    });
    assert.deepEqual(open, []);
    assert.doesNotMatch(withoutTags, /[<]/);
    assert.doesNotMatch(withoutTags, /&(?!amp;|lt;|gt;|quot;)/);
    assert.match(svg, /Calls &amp; &quot;callers&quot; &lt;A&gt;/);
  });

  it('draws a bar to the median and a paler one to the 90th percentile, for each of a group', () => {
    const svg = drawChart(CHART);
    assert.equal(svg.match(/class="bar-0"/g)?.length, 1 + CHART.groups.length);
    assert.equal(svg.match(/class="bar-1 beyond"/g)?.length, CHART.groups.length);
    assert.match(svg, />10 \/ 20</);
    assert.match(svg, />8 \/ 8</);
  });

  it('has only finite numbers and no bar below nothing', () => {
    const svg = drawChart(CHART);
    assert.doesNotMatch(svg, /NaN|Infinity|undefined/);
    assert.doesNotMatch(svg, /width="-/);
  });

  it('carries its colours for light and dark, and fetches nothing', () => {
    const svg = drawChart(CHART);
    assert.match(svg, /prefers-color-scheme: dark/);
    assert.doesNotMatch(svg, /href|url\(|@import/);
  });
});
