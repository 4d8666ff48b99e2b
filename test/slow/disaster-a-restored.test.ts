/** Cluster A is put back to a backup: what it has recorded since is forgotten, and B has gone on. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { WorkflowHandle } from '@temporalio/client';
import { remoteIdsOf, whenStarted, type RemoteIds } from '../support/anchor.js';
import { backUp, restore } from '../support/databases.js';
import { requestFor, startCrossCluster, startLibraryCallers, type TestWorker } from '../support/harness.js';
import { listExecutions, whenClosed } from '../support/inspect.js';
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

const resultOf = async (caller: WorkflowHandle) =>
  ((await caller.result()) as { readonly result: unknown }).result;

describe('cluster A is put back to a backup', () => {
  let stage: OutageStage;
  let callers: TestWorker;
  const begin = async (request: unknown, workflowId?: string): Promise<Begun> => {
    const caller = await startCrossCluster(stage.clusters, request, workflowId ? { workflowId } : {});
    const remote = await remoteIdsOf(stage.clusters.b, caller);
    await whenStarted(remote.target);
    return { caller, ...remote };
  };
  const runsOf = async ({ target }: RemoteIds): Promise<number> =>
    (await listExecutions(stage.clusters.b, `WorkflowId = "${target.workflowId}"`, 1)).length;
  const targetsOf = (workflowId: string) =>
    listExecutions(stage.clusters.b, `WorkflowId STARTS_WITH "bridge-cluster-a-${workflowId}-"`, 1);

  let endedSince: Begun;
  let openAllAlong: Begun;
  let unknownToA: Begun;
  let again: WorkflowHandle;
  let firstAnswer: unknown;
  const answersOf = new Map<string, unknown>();

  before(async () => {
    stage = await setUpOutageStage(SETTINGS);
    const { a } = stage.clusters;
    callers = await startLibraryCallers(a);
    [endedSince, openAllAlong] = await Promise.all([begin(requestFor('Gate')), begin(requestFor('Gate'))]);
    again = await a.client.workflow.start('CallsFromHandlers', {
      taskQueue: 'callers',
      workflowId: 'calls-again',
    });
    await backUp(stage.databases.a);

    await endedSince.target.signal('open', 'the one answer');
    assert.equal(await resultOf(endedSince.caller), 'the one answer');
    unknownToA = await begin(requestFor('Gate'), 'unknown-to-a');
    firstAnswer = await again.executeUpdate('call-update', { args: [{ type: 'OwnRunId' }] });
    for (const scope of ['run', 'workflow-id'] as const) {
      const { caller } = await begin(requestFor('OwnRunId', [], { scope, key: 'k' }), `scope-${scope}`);
      answersOf.set(scope, await resultOf(caller));
    }
    // Its cache is ahead of what A will know: it answers no task of a workflow that it remembers otherwise.
    await callers.stop();
    await restore(stage.databases.a);
    callers = await startLibraryCallers(a);
  });
  after(async () => {
    await callers?.stop();
    await stage?.close();
  });

  it('a call that has ended since is open again, and gets the same answer from the same target', async () => {
    const { caller } = endedSince;
    assert.equal(await resultOf(caller), 'the one answer');
    assert.equal(await runsOf(endedSince), 1);
  });

  it('a call that is open all along gets its answer', async () => {
    await openAllAlong.target.signal('open', 'later');
    assert.equal(await resultOf(openAllAlong.caller), 'later');
  });

  it('a caller that makes its call again attaches to the target that it had', async () => {
    assert.equal(await again.executeUpdate('call-update', { args: [{ type: 'OwnRunId' }] }), firstAnswer);
    assert.equal((await targetsOf('calls-again')).length, 1);
    await again.signal('go-on');
    await again.result();
  });

  it('the target of a caller that A no longer knows is cancelled by the lease', async () => {
    assert.equal((await whenClosed(unknownToA.target)).status.name, 'CANCELLED');
    const { delivered } = (await unknownToA.wrapper.result()) as { readonly delivered: string };
    assert.equal(delivered, 'caller-gone');
  });

  it('a caller that is started again under its id calls a second target', async () => {
    const { caller } = await begin(requestFor('OwnRunId', [], { scope: 'run', key: 'k' }), 'scope-run');
    assert.notEqual(await resultOf(caller), answersOf.get('run'));
    assert.equal((await targetsOf('scope-run')).length, 2);
  });

  it('in scope workflow-id it gets the answer that it had', async () => {
    const { caller } = await begin(
      requestFor('OwnRunId', [], { scope: 'workflow-id', key: 'k' }),
      'scope-workflow-id',
    );
    assert.equal(await resultOf(caller), answersOf.get('workflow-id'));
    assert.equal((await targetsOf('scope-workflow-id')).length, 1);
  });
});
