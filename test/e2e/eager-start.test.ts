/** The wrapper's first workflow task comes with its start where one process has both sides, and faults change nothing. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.js';
import {
  createTwoClusters,
  requestFor,
  startBridge,
  startCrossCluster,
  startTargets,
  type TestBridge,
  type TestWorker,
  type TwoClusters,
} from '../support/harness.js';
import { isStartedEagerly, targetsOf } from '../support/inspect.js';

const LIMIT = { timeout: 90_000 };

describe('the start of a wrapper', () => {
  let clusters: TwoClusters;
  let targets: TestWorker;
  let toB: FaultProxy;
  let bridges: TestBridge[] = [];

  const call = async (value: string) => {
    const handle = await startCrossCluster(clusters, requestFor('Echo', [value]));
    const { result } = (await handle.result()) as { result: unknown };
    assert.equal(result, value);
    return handle.workflowId;
  };
  const stopBridges = async () => {
    await Promise.all(bridges.map((bridge) => bridge.stop()));
    bridges = [];
  };

  before(async () => {
    clusters = await createTwoClusters();
    [targets, toB] = await Promise.all([startTargets(clusters.b), startFaultProxy(clusters.b.address)]);
  });
  after(async () => {
    await stopBridges();
    await targets.stop();
    await toB.close();
    await clusters.close();
  });

  test('brings its first task along in a process with both sides', LIMIT, async () => {
    bridges = [await startBridge(clusters)];
    assert.ok(await isStartedEagerly(clusters.b, await call('eager')));
    await stopBridges();
  });

  test('brings none along where the sides are apart', LIMIT, async () => {
    bridges = await Promise.all(
      ['caller', 'handler'].map((role) => startBridge(clusters, { env: { BRIDGE_ROLE: role } })),
    );
    assert.equal(await isStartedEagerly(clusters.b, await call('apart')), false);
    await stopBridges();
  });

  test('whose reply is lost, with the first task in it, starts one target', LIMIT, async () => {
    bridges = [await startBridge(clusters, { addressOfB: toB.address })];
    toB.cutReply({ method: 'StartWorkflowExecution', times: 1 });
    const callerId = await call('after the task’s time-out');
    assert.equal((await targetsOf(clusters.b, callerId)).length, 1);
    await stopBridges();
  });
});
