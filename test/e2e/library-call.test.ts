/** The library as a workflow author uses it, on a worker that has nothing of the bridge installed. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Stage } from '../support/stage.js';
import { openStage } from '../support/stage.js';

describe('a workflow that calls through the library', () => {
  let stage: Stage;
  before(async () => {
    stage = await openStage();
    await Promise.all([stage.bridge(), stage.targets(), stage.libraryCallers()]);
  });
  after(() => stage.close());

  test('gets the value of the remote workflow', async () => {
    assert.deepEqual(await stage.call('Execute', { type: 'Echo', args: [{ a: 1 }] }), { a: 1 });
  });

  test('gets a handle when the target runs, and its result', async () => {
    const got = await stage.call<{ workflowId: string; runId: string; value: unknown }>('StartAndResult', {
      type: 'OwnRunId',
    });
    assert.equal(got.value, got.runId);
    assert.match(got.workflowId, /^bridge-cluster-a-StartAndResult-.*-OwnRunId-[0-9a-f]{32}$/);
  });

  test('signals right after the start, queries and updates the target', async () => {
    const { seen, updated, result } = await stage.call<Record<string, unknown>>(
      'SignalAtOnce',
      { type: 'Collector' },
      [1, 2, 3],
    );
    assert.deepEqual([...(seen as number[])].sort(), [1, 2, 3]);
    assert.deepEqual(updated, { set: 'last' });
    assert.deepEqual([...(result as unknown[])].sort(), [1, 2, 3, 'last']);
  });
});
