/**
 * Cluster B forgets a target whose outcome has not been told yet. A server's shortest retention is 1 h, so the target is
 * deleted, which is what retention does. What a look finds where the wrapper is gone, too: test/e2e/fallback-gone.test.ts.
 */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { deleteExecution, remoteIdsOf, whenStarted } from '../support/anchor.js';
import { requestFor, startCrossCluster } from '../support/harness.js';
import { eventually, whenClosed } from '../support/inspect.js';
import { openStage } from '../support/stage.js';

it('an outcome that waits for the link is delivered after its target is forgotten: the open wrapper holds it', async (t) => {
  const stage = await openStage(t);
  const { b } = stage.clusters;
  const toA = await stage.proxy('a');
  await Promise.all([
    stage.bridge({ env: { BRIDGE_ROLE: 'caller', BRIDGE_FALLBACK_FIRST: '1h' } }),
    stage.bridge({ env: { BRIDGE_ROLE: 'handler' }, addressOfA: toA.address }),
    stage.targets(),
  ]);
  const call = await startCrossCluster(stage.clusters, requestFor('Gate', [], { timeout: '2h' }));
  const { target, wrapper } = await remoteIdsOf(b, call);
  await whenStarted(target);
  toA.cut();
  await target.signal('open', 'kept by the wrapper');
  await whenClosed(target);
  await eventually('the delivery is tried again', async () => {
    const { raw } = await wrapper.describe();
    return raw.pendingActivities?.some(({ activityType, lastFailure }) => {
      return activityType?.name === 'SendCompletion' && lastFailure;
    });
  });
  await deleteExecution(b, target);
  assert.equal((await wrapper.describe()).status.name, 'RUNNING');
  toA.heal();
  assert.equal(((await call.result()) as { readonly result: string }).result, 'kept by the wrapper');
  assert.equal(((await wrapper.result()) as { readonly delivered: string }).delivered, 'signal');
});
