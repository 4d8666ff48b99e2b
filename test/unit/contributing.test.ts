/** What CONTRIBUTING.md points at is there. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { listTestFiles } from '../../scripts/test-runner/test-files.js';
import { repoRoot } from '../../scripts/stack/paths.js';
import { codeOf, readDocument, readTable } from '../support/markdown.js';

const document = readDocument('CONTRIBUTING.md');

/** Top-level names that hold code; text in backticks that begins with one of them is a path. */
const PATH = /`((?:src|workflows-[ab]|test|scripts|docs|\.ci)(?:\/[\w./-]*)?)`/g;

describe('CONTRIBUTING.md', () => {
  it('names only paths that exist', () => {
    const paths = [...document.matchAll(PATH)].map(([, path = '']) => path);
    assert.ok(paths.length >= 10, `only ${paths.length} paths found`);
    for (const path of paths) assert.ok(existsSync(join(repoRoot, path)), `${path} does not exist`);
  });

  it('has a row for every folder of code', () => {
    const rows = readTable(document).rows.map(([folder]) => codeOf(folder));
    for (const folder of [
      'src/shared',
      'src/workflow',
      'src/bridge',
      'src/cli',
      'workflows-a',
      'workflows-b',
    ]) {
      assert.ok(rows.includes(folder), folder);
    }
  });

  it('has a row for every folder of tests', async () => {
    const rows = readTable(document).rows.map(([folder]) => codeOf(folder));
    const folders = (await listTestFiles('all', [])).map((file) => file.split('/').slice(0, 2).join('/'));
    for (const folder of new Set(folders)) assert.ok(rows.includes(folder), folder);
  });
});
