/** What package.json asks of an installation. */
import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { repoRoot } from '../../scripts/stack/paths.js';

type Versions = Readonly<Record<string, string>>;

interface Manifest {
  readonly dependencies: Versions;
  readonly peerDependencies: Versions;
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional?: boolean }>>;
  readonly devDependencies: Versions;
}

/** A package's name at the head of an import of its files. */
const IMPORT = /(?:from|import)\s*\(?\s*'((?:@[\w.-]+\/)?[\w-][\w.-]*)(?:\/[^']*)?'/g;

async function importsOfShippedCode(): Promise<Set<string>> {
  const found = new Set<string>();
  for (const folder of ['src', 'workflows-a', 'workflows-b']) {
    const names = await readdir(join(repoRoot, folder), { recursive: true });
    for (const name of names.filter((one) => one.endsWith('.ts'))) {
      const text = await readFile(join(repoRoot, folder, name), 'utf8');
      for (const [, imported = ''] of text.matchAll(IMPORT)) found.add(imported);
    }
  }
  return found;
}

describe('package.json', () => {
  let manifest: Manifest;
  before(async () => {
    manifest = JSON.parse(await readFile(join(repoRoot, 'package.json'), 'utf8')) as Manifest;
  });

  test('asks for everything that the shipped code imports', async () => {
    const imported = await importsOfShippedCode();
    assert.ok(imported.has('@temporalio/workflow') && imported.has('commander'), 'the imports are not found');
    const asked = { ...manifest.dependencies, ...manifest.peerDependencies };
    assert.deepEqual(
      [...imported].filter((name) => !Object.hasOwn(asked, name)),
      [],
    );
  });

  // Two copies of the SDK in one process do not know each other's errors, payload converters and workflows.
  test("leaves the choice of the Temporal SDK's version to the installing project", () => {
    const pinned = Object.entries(manifest.dependencies).filter(
      ([name, range]) => name.startsWith('@temporalio/') && !range.startsWith('^'),
    );
    assert.deepEqual(pinned, []);
    const own = Object.keys(manifest.dependencies).filter((name) => name.startsWith('@temporalio/'));
    assert.deepEqual(own, ['@temporalio/interceptors-opentelemetry'], 'make it a peer dependency');
    for (const range of Object.values(manifest.peerDependencies)) assert.match(range, /^\^/);
  });

  test('is developed against one version of each peer', () => {
    for (const [name, range] of Object.entries(manifest.peerDependencies)) {
      assert.equal(manifest.devDependencies[name], range.slice(1), name);
    }
  });

  test('asks for the testing package only if one has it', () => {
    const optional = Object.entries(manifest.peerDependenciesMeta).filter(([, meta]) => meta.optional);
    assert.deepEqual(
      optional.map(([name]) => name),
      ['@temporalio/testing'],
    );
  });
});
