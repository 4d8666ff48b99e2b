/** The settings in docs/configuration.md are those of the code, with their defaults. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { describeConfig } from '../../src/bridge/config/describe.js';
import { codeOf, readDocument, readTable } from '../support/markdown.js';

const { head, rows } = readTable(readDocument('docs/configuration.md'));
const documented = (column: string) => {
  const at = head.indexOf(column);
  assert.ok(at > 0, `no column ${column}`);
  return rows.map((row) => [codeOf(row[0]), row[at]] as const);
};

describe('docs/configuration.md', () => {
  it('lists each setting with its default, and no other', () => {
    assert.deepEqual(
      documented('Default').map(([name, value]) => [name, value === '–' ? null : codeOf(value)]),
      describeConfig({}).map((row) => [row.env, row.default]),
    );
  });

  it('says what each setting may be and what it does, as the program does', () => {
    assert.deepEqual(
      documented('Range'),
      describeConfig({}).map((row) => [row.env, row.range]),
    );
    assert.deepEqual(
      documented('Meaning'),
      describeConfig({}).map((row) => [row.env, row.doc]),
    );
  });

  it('names no variable of the bridge that does not exist, and neither do the other documents', () => {
    const known = describeConfig({}).map(({ env }): string => env);
    for (const name of ['README.md', 'docs/configuration.md', 'docs/protocol.md']) {
      const named = readDocument(name).match(/\b(?:BRIDGE|CLUSTER_[AB])_[A-Z_]*[A-Z]\b/g) ?? [];
      for (const variable of named) assert.ok(known.includes(variable), `${name} names ${variable}`);
    }
  });
});
