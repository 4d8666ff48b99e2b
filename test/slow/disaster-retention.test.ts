/** Cluster B forgets closed workflows after seconds: what that does to outcomes that nobody has fetched yet. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startDevServer, type DevServer } from '../../scripts/stack/dev-server.js';
import { exists, remoteIdsOf, whenStarted } from '../support/anchor.js';
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.js';
import type { TestWorker, TwoClusters } from '../support/harness.js';
import {
  createTwoClusters,
  requestFor,
  startBridge,
  startCrossCluster,
  startTargets,
} from '../support/harness.js';
import { applicationFailureOf, eventually, whenClosed } from '../support/inspect.js';
import { readTestEnv } from '../support/test-env.js';

/** The server waits this long, and up to as long again, before it deletes a workflow that has closed. */
const RETENTION_S = 10;
const FORGETS_SOON = {
  'history.retentionTimerJitterDuration': '1s',
  'system.namespaceMinRetentionLocal': '1s',
};

describe('a handler cluster whose retention is too short', () => {
  let server: DevServer;
  let clusters: TwoClusters;
  let targets: TestWorker;
  let toA: FaultProxy;

  before(async () => {
    const { cli, clusterA } = readTestEnv();
    server = await startDevServer({ name: 'B', cli, dynamicConfig: FORGETS_SOON });
    clusters = await createTwoClusters({ a: clusterA, b: server });
    await clusters.b.client.workflowService.updateNamespace({
      namespace: clusters.b.namespace,
      config: { workflowExecutionRetentionTtl: { seconds: RETENTION_S as never } },
    });
    [targets, toA] = await Promise.all([startTargets(clusters.b), startFaultProxy(clusters.a.address)]);
  });
  after(async () => {
    await targets?.stop();
    await toA?.close();
    await clusters?.close();
    await server?.stop();
  });

  it('an outcome that waits for the link is delivered after its target is forgotten: its wrapper is still open', async () => {
    const [caller, handler] = await Promise.all([
      startBridge(clusters, { env: { BRIDGE_ROLE: 'caller' } }),
      startBridge(clusters, { env: { BRIDGE_ROLE: 'handler' }, addressOfA: toA.address }),
    ]);
    try {
      const call = await startCrossCluster(clusters, requestFor('Gate'));
      const { target, wrapper } = await remoteIdsOf(clusters.b, call);
      await whenStarted(target);
      toA.cut();
      await target.signal('open', 'kept by the wrapper');
      await eventually('the target is forgotten', async () => !(await exists(target)), 120_000);
      assert.equal((await wrapper.describe()).status.name, 'RUNNING');
      toA.heal();
      assert.equal(((await call.result()) as { readonly result: string }).result, 'kept by the wrapper');
    } finally {
      toA.heal();
      await Promise.all([caller.stop(), handler.stop()]);
    }
  });

  it('an outcome that only a look can bring is OUTCOME_LOST if the look comes after both are forgotten', async () => {
    const env = {
      BRIDGE_COMPLETION_SIGNALS: 'false',
      BRIDGE_FALLBACK_FIRST: '40s',
      BRIDGE_FALLBACK_MAX: '40s',
    };
    const bridge = await startBridge(clusters, { env });
    try {
      const call = await startCrossCluster(clusters, requestFor('Echo', ['never fetched']));
      const { target, wrapper } = await remoteIdsOf(clusters.b, call);
      await whenStarted(target);
      await whenClosed(wrapper);
      for (const handle of [target, wrapper])
        await eventually(`${handle.workflowId} is forgotten`, async () => !(await exists(handle)), 120_000);
      assert.equal((await applicationFailureOf(call)).type, 'OUTCOME_LOST');
    } finally {
      await bridge.stop();
    }
  });
});
