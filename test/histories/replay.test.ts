/** Histories of released versions replay with the current workflow code: calls in flight survive an upgrade. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { Worker, bundleWorkflowCode, type ReplayWorkerOptions } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { prebuiltBundlePath } from '../../src/bridge/workflow-bundles.js';
import { ensureRuntime } from '../support/harness.js';
import { historyFromPlain, type History } from '../support/history-json.js';
import { readBundlesDir } from '../support/test-env.js';

ensureRuntime();
const folder = fileURLToPath(new URL('.', import.meta.url));
const bundle = (name: 'caller' | 'handler') => ({
  codePath: prebuiltBundlePath(name, `${readBundlesDir()}/`),
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

for (const { name: version } of versions) {
  describe(`a history of version ${version}`, () => {
    for (const file of fixturesOf(version)) {
      test(`${file} replays`, async () => {
        await replay(file, { workflowBundle: bundle(isCaller(file) ? 'caller' : 'handler') });
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
      ...['completed', 'failed', 'refused', 'canceled', 'timed-out'].map((end) => `remote-call-${end}`),
    ]) {
      assert.ok(ends.includes(name), name);
    }
  });

  test('do not replay with workflow code that does something else', async () => {
    const workflowBundle = await bundleWorkflowCode({
      workflowsPath: join(folder, 'incompatible-workflow.ts'),
    });
    for (const file of fixturesOf('0.1.0').filter(isCaller)) {
      await assert.rejects(replay(file, { workflowBundle }), DeterminismViolationError, file);
    }
  });

  test('do not replay under another workflow id: the completion would be another call’s', async () => {
    const { history } = readHistory('0.1.0/cross-cluster-by-signal.json');
    const replayed = Worker.runReplayHistory({ workflowBundle: bundle('caller') }, history, 'another-id');
    await assert.rejects(replayed, DeterminismViolationError);
  });
});
