/** Cluster B is lost for good: an empty one answers at its address. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Connection } from '@temporalio/client';
import { anchorBackedOff, exists, remoteIdsOf, whenStarted } from '../support/anchor.js';
import { replaceByEmpty } from '../support/databases.js';
import { requestFor, startCrossCluster } from '../support/harness.js';
import { applicationFailureOf, whenClosed } from '../support/inspect.js';
import { setUpOutageStage } from '../support/outage-stage.js';
import { createNamespace } from '../support/test-env.js';

const LOOKS_OFTEN = {
  BRIDGE_FALLBACK_FIRST: '1s',
  BRIDGE_FALLBACK_MAX: '1s',
  BRIDGE_START_RETRY_MAX: '1s',
};

describe('cluster B is lost for good, and an empty one takes its place', () => {
  it('open calls wait until the namespace is there, and are OUTCOME_LOST then; calls not started yet are made on the new one', async () => {
    const stage = await setUpOutageStage(LOOKS_OFTEN);
    try {
      const { a, b } = stage.clusters;
      const ended = await startCrossCluster(stage.clusters, requestFor('Echo', ['kept on A']));
      const open = await startCrossCluster(stage.clusters, requestFor('Gate'));
      const { target, callId } = await remoteIdsOf(b, open);
      await whenStarted(target);
      await whenClosed(ended);

      await replaceByEmpty(stage.databases.b);
      const made = await startCrossCluster(stage.clusters, requestFor('Echo', ['made meanwhile']));
      const { attempt } = await anchorBackedOff(open);
      for (const call of [open, made]) {
        const { lastFailure } = await anchorBackedOff(call, (attempt ?? 0) + 3);
        assert.equal(lastFailure?.applicationFailureInfo?.type, 'REMOTE_UNREACHABLE');
        assert.equal((await call.describe()).status.name, 'RUNNING');
      }

      await createNamespace(b.client.connection as Connection, b.namespace);
      const lost = await applicationFailureOf(open);
      assert.equal(lost.type, 'OUTCOME_LOST');
      assert.equal((lost.details?.[0] as { readonly callId: string }).callId, callId);
      assert.equal(await exists(target), false, 'nothing was started again');
      assert.equal(((await made.result()) as { readonly result: string }).result, 'made meanwhile');
      assert.equal(((await ended.result()) as { readonly result: string }).result, 'kept on A');
      const next = await startCrossCluster(stage.clusters, requestFor('Echo', ['as before']));
      assert.equal(((await next.result()) as { readonly result: string }).result, 'as before');
      assert.equal((await a.client.workflow.count('ExecutionStatus = "Running"')).count, 0);
    } finally {
      await stage.close();
    }
  });
});
