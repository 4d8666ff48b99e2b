/** Histories of released versions replay with the current workflow code: calls in flight survive an upgrade. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { Worker, bundleWorkflowCode, type ReplayWorkerOptions } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { prebuiltBundlePath } from '../../src/bridge/workflow-bundles.js';
import { ensureRuntime } from '../support/harness.js';
import { historyFromPlain, type History } from '../support/history-json.js';
import { readBundlesDir } from '../support/test-env.js';
import type { Manifest } from './manifest.js';
import { hashOf, keepsHistories, manifestProblems } from './manifest.js';

ensureRuntime();
const folder = fileURLToPath(new URL('.', import.meta.url));
const bundle = (name: 'caller' | 'handler', isTraced = false) => ({
  codePath: prebuiltBundlePath(name, `${readBundlesDir()}/`, isTraced),
});

const bundled = (name: string) => bundleWorkflowCode({ workflowsPath: join(folder, name) });
const libraryBundle = bundled('library-callers.ts');
const tracedLibraryBundle = bundleWorkflowCode({
  workflowsPath: join(folder, 'library-callers.ts'),
  // What the SDK's OpenTelemetry plugin adds to a user's bundle.
  workflowInterceptorModules: [
    fileURLToPath(import.meta.resolve('@temporalio/interceptors-opentelemetry/lib/workflow-interceptors')),
  ],
});

function readHistory(file: string): { history: History; workflowId: string } {
  const history = historyFromPlain(JSON.parse(readFileSync(join(folder, file), 'utf8')));
  const workflowId = history.events?.[0]?.workflowExecutionStartedEventAttributes?.workflowId;
  assert.ok(workflowId, `${file} names no workflow id`);
  return { history, workflowId };
}

/** Call ids are made of the workflow's id, so the replay needs the recorded one. */
async function replay(file: string, options: ReplayWorkerOptions): Promise<void> {
  const { history, workflowId } = readHistory(file);
  await Worker.runReplayHistory(options, history, workflowId);
}

const versions = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
const fixturesOf = (version: string) =>
  readdirSync(join(folder, version))
    .filter((name) => name.endsWith('.json'))
    .map((name) => `${version}/${name}`);
const isCaller = (file: string) => file.includes('/cross-cluster-');
const isLibrary = (file: string) => file.includes('/library-');

/** The code that a fixture's workflow runs: a workflow author's, or that of the bridge's workers. */
async function bundleFor(file: string, isTraced = false) {
  if (isLibrary(file)) return isTraced ? tracedLibraryBundle : libraryBundle;
  return bundle(isCaller(file) ? 'caller' : 'handler', isTraced);
}

for (const { name: version } of versions) {
  describe(`a history of version ${version}`, () => {
    for (const file of fixturesOf(version)) {
      test(`${file} replays`, async () => {
        await replay(file, { workflowBundle: await bundleFor(file) });
      });
      test(`${file} replays when tracing has been switched on meanwhile`, async () => {
        await replay(file, { workflowBundle: await bundleFor(file, true) });
      });
    }
  });
}

describe('the fixtures', () => {
  test('are there for every way in which a call ends, on both sides', () => {
    assert.ok(versions.length > 0);
    const ends = fixturesOf('0.1.0').map((file) => file.replace(/^.*\/(.*)\.json$/, '$1'));
    for (const name of [
      ...['by-signal', 'by-fallback', 'failed', 'timed-out', 'canceled', 'invalid-request'].map(
        (end) => `cross-cluster-${end}`,
      ),
      ...['completed', 'failed', 'refused', 'canceled', 'timed-out', 'leased', 'caller-gone', 'attached'].map(
        (end) => `remote-call-${end}`,
      ),
      ...[
        ...['by-signal', 'by-fallback', 'failed', 'cancelled', 'handle', 'handed-over', 'resumed'],
        ...['resumed-by-fallback', 'attached', 'closed-open'],
      ].map((kind) => `library-${kind}`),
    ]) {
      assert.ok(ends.includes(name), name);
    }
  });

  test('do not replay with workflow code that does something else', async () => {
    for (const [name, isOf] of [
      ['incompatible-workflow.ts', isCaller],
      ['incompatible-library-callers.ts', isLibrary],
    ] as const) {
      const workflowBundle = await bundled(name);
      const files = fixturesOf('0.1.0').filter(isOf);
      assert.ok(files.length > 0);
      for (const file of files)
        await assert.rejects(replay(file, { workflowBundle }), DeterminismViolationError, file);
    }
  });

  test('replay under whatever workflow id, as in whatever namespace: a replay’s are the SDK’s own', async () => {
    const { history } = readHistory('0.1.0/cross-cluster-by-signal.json');
    await Worker.runReplayHistory({ workflowBundle: bundle('caller') }, history, 'another-id');
  });
});

describe('the rule that fixtures are only ever added', () => {
  const declared = '# Changelog\n\n## 1.0.0 (2030-01-01)\n\nThe first.\n\n## 0.9.0\n';
  const announced =
    '# Changelog; until 1.0 nothing is kept\n\n## Unreleased (1.0.0)\n\n## 0.9.0\n\n1.0 is near.\n';
  const fixtures = new Map([
    ['1.0.0/one.json', '{"events":[1]}'],
    ['1.0.0/two.json', '{"events":[2]}'],
  ]);
  const manifest = Object.fromEntries([...fixtures].map(([name, text]) => [name, hashOf(text)]));

  test('holds for the fixtures that are here', () => {
    const path = join(folder, 'manifest.json');
    const found = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Manifest) : undefined;
    const texts = versions
      .flatMap(({ name }) => fixturesOf(name))
      .map((file) => [file, readFileSync(join(folder, file), 'utf8')] as const);
    const changelog = readFileSync(join(folder, '..', '..', 'CHANGELOG.md'), 'utf8');
    assert.deepEqual(manifestProblems(changelog, found, new Map(texts)), []);
  });

  test('begins with the version 1.0 that the changelog declares', () => {
    for (const text of [declared, '## [2.3.1]\n', '## v10.0.0\n']) assert.ok(keepsHistories(text), text);
    for (const text of [announced, '', '## 0.10.0\n']) assert.equal(keepsHistories(text), false, text);
    assert.deepEqual(manifestProblems(announced, undefined, fixtures), []);
    assert.deepEqual(manifestProblems(declared, undefined, fixtures), ['manifest.json is missing']);
    assert.deepEqual(manifestProblems(declared, manifest, fixtures), []);
  });

  test('sees a fixture that has changed, is gone, or was not entered', () => {
    const changed = new Map([...fixtures, ['1.0.0/one.json', '{"events":[]}']]);
    assert.deepEqual(manifestProblems(declared, manifest, changed), ['1.0.0/one.json has changed']);
    const fewer = new Map([...fixtures].slice(1));
    assert.deepEqual(manifestProblems(declared, manifest, fewer), ['1.0.0/one.json is gone']);
    const more = new Map([...fixtures, ['1.1.0/three.json', '{}']]);
    assert.deepEqual(manifestProblems(declared, manifest, more), [
      '1.1.0/three.json is not in manifest.json',
    ]);
  });
});
