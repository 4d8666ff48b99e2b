/** docs/api says what the doc comments say. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { apiDocsDir, buildApiDocs } from '../../scripts/build-api-docs.js';
import { repoRoot } from '../../scripts/stack/paths.js';

async function readPages(folder: string): Promise<Map<string, string>> {
  const names = (await readdir(folder).catch(() => [])).sort();
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  return new Map(names.map((name, at) => [name, texts[at] ?? '']));
}

describe('docs/api', () => {
  let folder: string;
  let findings: readonly string[];
  let made: Map<string, string>;
  let committed: Map<string, string>;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'api-docs-'));
    findings = await buildApiDocs(folder);
    [made, committed] = await Promise.all([readPages(folder), readPages(apiDocsDir)]);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  test('is what `make api-docs` makes of the doc comments now', () => {
    const stale = [...new Set([...made.keys(), ...committed.keys()])].filter(
      (name) => made.get(name) !== committed.get(name),
    );
    assert.deepEqual(stale, [], 'run `make api-docs`');
  });

  test('has a page for every entry of the package', async () => {
    const { exports } = JSON.parse(await readFile(join(repoRoot, 'package.json'), 'utf8')) as {
      exports: Readonly<Record<string, unknown>>;
    };
    const entries = Object.keys(exports).filter((name) => !name.endsWith('.json'));
    const titles = entries.map((name) => `# temporal-bridge${name.slice(1)}\n`);
    const pages = [...made.values()];
    assert.deepEqual(
      titles.filter((title) => !pages.some((page) => page.startsWith(title))),
      [],
    );
  });

  test('names no place on the machine that made it', () => {
    for (const [name, text] of made) assert.doesNotMatch(text, /node_modules|file:\/\//, name);
    for (const [name, text] of made) assert.ok(!text.includes(repoRoot), name);
  });

  test('describes every type that the entries refer to', () => {
    assert.deepEqual(findings, []);
  });
});
