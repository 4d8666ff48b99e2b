/** Text that the command line prints: safe, cut, aligned. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ageText, columnsOf, fit, pad, paletteFor, safe, tableLines } from '../../src/cli/text.js';
import { printableJson } from '../../src/shared/escape.js';
import { openProgress } from '../../src/cli/call/progress.js';

describe('text', () => {
  it('escapes what would steer a terminal, and cuts what is long', () => {
    assert.equal(
      safe('a\u001b[31mb\u0007\u009b\u202ec\u200b'),
      'a\\u{1b}[31mb\\u{7}\\u{9b}\\u{202e}c\\u{200b}',
    );
    assert.equal(safe('x'.repeat(400)), `${'x'.repeat(300)}…(+100)`);
  });

  it('counts wide characters twice, and cuts between characters', () => {
    assert.equal(pad('日本', 6), '日本  ');
    assert.equal(fit('日本語', 5), '日本…');
    assert.equal(fit('日本語', 6), '日本語');
    assert.equal(fit('👩‍👩‍👧x', 2), '…');
    assert.equal(fit('abc', 3), 'abc');
  });

  it('aligns columns, and cuts them for a terminal only', () => {
    const columns = [{ title: 'A', max: 4 }, { title: 'B' }];
    const rows = [
      ['日本語', 'x'],
      ['abcdef', 'y'],
    ];
    assert.deepEqual(tableLines(columns, rows, Number.POSITIVE_INFINITY), [
      'A       B',
      '日本語  x',
      'abcdef  y',
    ]);
    assert.deepEqual(tableLines(columns, rows, 80), ['A     B', '日…   x', 'abc…  y']);
    assert.deepEqual(tableLines(columns, rows, 5), ['A   …', '日… …', 'abc……']);
  });

  const ages: readonly (readonly [ms: number, text: string])[] = [
    [-5, '0ms'],
    [0, '0ms'],
    [340.4, '340ms'],
    [1_234, '1.2s'],
    [12_345, '12s'],
    [725_000, '12m5s'],
    [273_000_000, '3d3h'],
  ];
  for (const [ms, text] of ages) {
    it(`writes ${ms} ms as ${text}`, () => {
      assert.equal(ageText(ms), text);
    });
  }

  it('knows no width and no colours where no terminal is', () => {
    const file = { write: () => true, columns: 40 };
    assert.equal(columnsOf(file), Number.POSITIVE_INFINITY);
    assert.equal(columnsOf({ ...file, isTTY: true }), 40);
    assert.equal(paletteFor(file).red('x'), 'x');
  });

  it('writes JSON that is the same value, and steers no terminal', () => {
    const value = { text: 'a\u001b\u009b\u202e\u2028 ü 日' };
    const json = printableJson(value);
    assert.deepEqual(JSON.parse(json), value);
    assert.equal(json, '{"text":"a\\u001b\\u009b\\u202e\\u2028 ü 日"}');
    assert.equal(printableJson(undefined), 'null');
  });
});

describe('progress of a call', () => {
  it('writes a line for each step once, and for what hangs once, whatever its age', () => {
    const lines: string[] = [];
    const progress = openProgress({ stderr: { write: (text) => lines.push(text) } });
    const made = { step: 'made', text: 'w started on A', at: 1_000 } as const;
    progress.steps([made]);
    progress.steps([made, { step: 'recorded', text: 'call x recorded on A', at: 1_012 }]);
    progress.waitingFor('the target has run for 3s');
    progress.waitingFor('nobody polls; waited for 3s', 'start one');
    progress.waitingFor('nobody polls; waited for 1m4s', 'start one');
    progress.done();
    assert.deepEqual(lines, [
      '✓           w started on A\n',
      '✓    +12ms  call x recorded on A\n',
      '…           nobody polls; waited for 3s\n',
      '            → start one\n',
    ]);
  });

  it('shows the same live on a terminal, cut to its width', () => {
    const written: string[] = [];
    const stderr = { write: (text: string) => written.push(text), isTTY: true, columns: 30, rows: 10 };
    const progress = openProgress({ stderr });
    progress.steps([{ step: 'made', text: `${'w'.repeat(40)} started on A`, at: 1_000 }]);
    progress.waitingFor('nobody polls', 'start one');
    progress.done();
    const shown = written.join('');
    assert.ok(shown.includes(`${'w'.repeat(17)}…`), shown);
    assert.ok(shown.includes('→ start one') && shown.includes('\u001b['));
  });
});
