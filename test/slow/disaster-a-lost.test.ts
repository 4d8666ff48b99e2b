/** Cluster A is lost for good: an empty one answers at its address. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Connection } from '@temporalio/client';
import { remoteIdsOf, whenStarted } from '../support/anchor.js';
import { replaceByEmpty } from '../support/databases.js';
import { requestFor, startCrossCluster } from '../support/harness.js';
import { eventually, whenClosed } from '../support/inspect.js';
import { setUpOutageStage } from '../support/outage-stage.js';
import { createNamespace } from '../support/test-env.js';

const WATCH_CALLER = 'WatchCaller';

it('targets run on until the new A has the namespace, then the lease cancels them, but those to be abandoned', async () => {
  const stage = await setUpOutageStage({ BRIDGE_LEASE_FIRST: '1s', BRIDGE_LEASE_MAX: '1s' });
  try {
    const { a, b } = stage.clusters;
    const begin = async (parentClosePolicy: string) => {
      const request = requestFor('Gate', [], { parentClosePolicy });
      const caller = await startCrossCluster(stage.clusters, request);
      const remote = await remoteIdsOf(b, caller);
      await whenStarted(remote.target);
      return remote;
    };
    const deliveredBy = async ({ wrapper }: Awaited<ReturnType<typeof begin>>): Promise<string> => {
      await whenClosed(wrapper);
      return ((await wrapper.result()) as { readonly delivered: string }).delivered;
    };
    const [leased, abandoned] = await Promise.all([begin('REQUEST_CANCEL'), begin('ABANDON')]);

    await replaceByEmpty(stage.databases.a);
    const looksOf = async (): Promise<number> => {
      const { raw } = await leased.wrapper.describe();
      return (
        raw.pendingActivities?.find(({ activityType }) => activityType?.name === WATCH_CALLER)?.attempt ?? 0
      );
    };
    const before = await looksOf();
    await eventually('the lease looks on', async () => (await looksOf()) >= before + 3);
    assert.equal((await leased.target.describe()).status.name, 'RUNNING');

    await createNamespace(a.client.connection as Connection, a.namespace);
    assert.equal((await whenClosed(leased.target)).status.name, 'CANCELLED');
    assert.equal(await deliveredBy(leased), 'caller-gone');
    assert.equal((await abandoned.target.describe()).status.name, 'RUNNING');
    await abandoned.target.signal('open', 'nobody asks');
    assert.equal(await deliveredBy(abandoned), 'caller-gone');
    const next = await startCrossCluster(stage.clusters, requestFor('Echo', ['as before']));
    assert.equal(((await next.result()) as { readonly result: string }).result, 'as before');
  } finally {
    await stage.close();
  }
});
