import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ANCHOR_GRACE_MS } from '../../src/shared/limits.js';
import { anchorBackedOff } from '../support/anchor.js';
import { EVENT, countEvents, eventually } from '../support/inspect.js';
import { openStage } from '../support/stage.js';

test('calls expire by themselves if no caller-side bridge comes back', async (t) => {
  const stage = await openStage(t);
  const { a } = stage.clusters;
  await Promise.all([stage.callers(), stage.targets()]);
  const callerSide = await stage.bridge({ env: { BRIDGE_ROLE: 'caller' } });
  const start = (workflowId: string, timeoutMs: number) =>
    a.client.workflow.start('CallAndTell', {
      taskQueue: 'callers',
      workflowId,
      args: [{ workflowType: 'Echo', timeoutMs }],
    });
  // One call is taken up, one is not; nobody takes up the wrapper, and no outcome is sent.
  const takenUp = await start('taken-up', 5_000);
  await anchorBackedOff(takenUp);
  await callerSide.stop();
  const left = await start('left', 1_000);
  const patience = 2 * ANCHOR_GRACE_MS;
  for (const [caller, started] of [
    [takenUp, 'yes'],
    [left, 'unknown'],
  ] as const) {
    const { status } = await eventually(
      `${caller.workflowId} has ended`,
      async () => {
        const found = await caller.describe();
        return found.status.name !== 'RUNNING' && found;
      },
      patience,
    );
    assert.equal(status.name, 'COMPLETED');
    assert.deepEqual(await caller.result(), { ended: 'CALL_EXPIRED', details: { started } });
    assert.equal(await countEvents(caller, EVENT.activityTimedOut), 1);
  }
});
