/** Cluster B is put back to a backup: what it has started and ended since is forgotten, and A has gone on. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { WorkflowHandle } from '@temporalio/client';
import { exists, remoteIdsOf, whenStarted, type RemoteIds } from '../support/anchor.js';
import { backUp, restore } from '../support/databases.js';
import { requestFor, startCrossCluster } from '../support/harness.js';
import { EVENT, applicationFailureOf, countEvents, whenClosed } from '../support/inspect.js';
import { setUpOutageStage, type OutageStage } from '../support/outage-stage.js';

const SETTINGS = {
  BRIDGE_FALLBACK_FIRST: '1s',
  BRIDGE_FALLBACK_MAX: '1s',
  BRIDGE_LEASE_FIRST: '1s',
  BRIDGE_LEASE_MAX: '1s',
};

interface Begun extends RemoteIds {
  readonly caller: WorkflowHandle;
}

const resultOf = async ({ caller }: Begun) =>
  ((await caller.result()) as { readonly result: unknown }).result;

describe('cluster B is put back to a backup', () => {
  let stage: OutageStage;
  let endedSince: Begun;
  let openAllAlong: Begun;
  let madeSince: Begun;

  const begin = async (): Promise<Begun> => {
    const caller = await startCrossCluster(stage.clusters, requestFor('Gate'));
    const remote = await remoteIdsOf(stage.clusters.b, caller);
    await whenStarted(remote.target);
    return { caller, ...remote };
  };

  before(async () => {
    stage = await setUpOutageStage(SETTINGS);
    [endedSince, openAllAlong] = await Promise.all([begin(), begin()]);
    await backUp(stage.databases.b);
    await endedSince.target.signal('open', 'the one answer');
    assert.equal(await resultOf(endedSince), 'the one answer');
    madeSince = await begin();
    await restore(stage.databases.b);
  });
  after(() => stage?.close());

  it('a call that was made since is OUTCOME_LOST, and nothing is started again', async () => {
    assert.equal((await applicationFailureOf(madeSince.caller)).type, 'OUTCOME_LOST');
    assert.equal(await exists(madeSince.target), false);
  });

  it('a call that is open all along gets its answer', async () => {
    await openAllAlong.target.signal('open', 'later');
    assert.equal(await resultOf(openAllAlong), 'later');
  });

  it('a call that has ended since keeps its outcome on A; its target runs again on B until the lease cancels it', async () => {
    assert.equal((await whenClosed(endedSince.target)).status.name, 'CANCELLED');
    assert.equal(await resultOf(endedSince), 'the one answer');
    // A second signal would have the request id of the first, and its caller has closed; the look may have come before both.
    await whenClosed(endedSince.wrapper);
    assert.ok((await countEvents(endedSince.caller, EVENT.signaled)) <= 1);
  });
});
