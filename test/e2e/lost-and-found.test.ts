import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { status } from '@grpc/grpc-js';
import type { FaultProxy } from '../support/fault-proxy.js';
import { startFaultProxy } from '../support/fault-proxy.js';
import type { TestBridge, TestWorker, TwoClusters } from '../support/harness.js';
import {
  createTwoClusters,
  requestFor,
  startBridge,
  startCrossCluster,
  startTargets,
} from '../support/harness.js';
import { targetsOf } from '../support/inspect.js';

const LOOK = 'DescribeWorkflowExecution';

describe('a waiting call whose handler cluster answers oddly', () => {
  let clusters: TwoClusters;
  let proxy: FaultProxy;
  let bridge: TestBridge;
  let targets: TestWorker;

  before(async () => {
    clusters = await createTwoClusters();
    proxy = await startFaultProxy(clusters.b.address);
    const env = {
      BRIDGE_COMPLETION_SIGNALS: 'false',
      BRIDGE_FALLBACK_FIRST: '200ms',
      BRIDGE_FALLBACK_MAX: '400ms',
    };
    [bridge, targets] = await Promise.all([
      startBridge(clusters, { env, addressOfB: proxy.address }),
      startTargets(clusters.b),
    ]);
  });
  after(async () => {
    await bridge.stop();
    await targets.stop();
    await proxy.close();
    await clusters.close();
  });

  for (const [what, code, message] of [
    ['that its namespace is missing', status.NOT_FOUND, 'Namespace handler is not found.'],
    ['as a gateway that lost its server', status.UNIMPLEMENTED, 'Received HTTP status code 404'],
    ['that its namespace fails over', status.FAILED_PRECONDITION, 'Namespace is active in another cluster'],
    ['that an argument is invalid', status.INVALID_ARGUMENT, 'odd'],
  ] as const) {
    test(`goes on waiting when it answers a look ${what}, and gets its outcome later`, async () => {
      const call = await startCrossCluster(clusters, requestFor('Gate'));
      const [target] = await targetsOf(clusters.b, call.workflowId);
      const fault = proxy.refuse({ method: LOOK, status: code, message, times: 3 });
      await fault.done;
      await clusters.b.client.workflow.getHandle(target?.workflowId ?? '').signal('open', 'found');
      assert.equal(((await call.result()) as { result: unknown }).result, 'found');
    });
  }

  test('goes on waiting when one look finds nothing', async () => {
    const call = await startCrossCluster(clusters, requestFor('Gate'));
    const [target] = await targetsOf(clusters.b, call.workflowId);
    // One look asks for the target, then for the wrapper.
    const fault = proxy.refuse({
      method: LOOK,
      status: status.NOT_FOUND,
      message: 'workflow not found',
      times: 2,
    });
    await fault.done;
    await clusters.b.client.workflow.getHandle(target?.workflowId ?? '').signal('open', 'found');
    assert.equal(((await call.result()) as { result: unknown }).result, 'found');
  });
});
