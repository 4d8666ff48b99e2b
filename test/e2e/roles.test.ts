import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import type { BridgeProcess, Role } from '../support/bridge-process.js';
import { spawnBridge } from '../support/bridge-process.js';
import type { FaultProxy } from '../support/fault-proxy.js';
import { startFaultProxy } from '../support/fault-proxy.js';
import type { TestWorker, TwoClusters } from '../support/harness.js';
import {
  bridgeEnv,
  createTwoClusters,
  requestFor,
  startCrossCluster,
  startTargets,
} from '../support/harness.js';
import { eventually, targetsOf } from '../support/inspect.js';
import type { SealKeyFiles } from '../support/seal-keys.js';
import { createSealKeyFiles } from '../support/seal-keys.js';

const DRAINED = { code: 0, signal: null };

describe('the roles, each in a process of its own, with the keys that it needs', () => {
  let keys: SealKeyFiles;
  let otherKeys: SealKeyFiles;
  let clusters: TwoClusters;
  let targets: TestWorker;
  let toB: FaultProxy;
  const running = new Set<BridgeProcess>();

  before(async () => {
    [keys, otherKeys, clusters] = await Promise.all([
      createSealKeyFiles(),
      createSealKeyFiles(),
      createTwoClusters(),
    ]);
    [targets, toB] = await Promise.all([startTargets(clusters.b), startFaultProxy(clusters.b.address)]);
  });
  afterEach(async () => {
    await Promise.all([...running].map((bridge) => bridge.stop()));
    running.clear();
  });
  after(async () => {
    await targets.stop();
    await Promise.all([toB.close(), clusters.close(), keys.remove(), otherKeys.remove()]);
  });

  const start = async (role: Role, env = keys[role], addressOfB = clusters.b.address) => {
    const bridge = await spawnBridge(role, bridgeEnv(clusters, { env, addressOfB }));
    running.add(bridge);
    await bridge.ready();
    return bridge;
  };
  const startBoth = () => Promise.all([start('caller'), start('handler')]);
  const countLogged = (bridge: BridgeProcess, message: string): number =>
    bridge.logs.filter(({ msg }) => msg === message).length;
  const callMany = (n: number, workflowType: string) =>
    Promise.all(
      Array.from({ length: n }, (_, i) => startCrossCluster(clusters, requestFor(workflowType, [i]))),
    );
  const resultOf = async (handle: { result(): Promise<unknown> }): Promise<unknown> =>
    ((await handle.result()) as { result: unknown }).result;

  it('a signing key for the caller and verify keys for the handler are all that a call needs', async () => {
    await startBoth();
    const [call] = await callMany(1, 'Echo');
    assert.ok(call);
    assert.equal(await resultOf(call), 0);
  });

  it('two replicas of each role share the work', async () => {
    const replicas = await Promise.all([startBoth(), startBoth()]);
    const calls = await callMany(40, 'Echo');
    assert.deepEqual(
      await Promise.all(calls.map(resultOf)),
      calls.map((_, i) => i),
    );
    for (const [role, message] of [
      [0, 'Call started'],
      [1, 'Completion sent'],
    ] as const) {
      const shares = () => replicas.map((pair) => countLogged(pair[role], message));
      await eventually(
        `40 times ${message}`,
        () => shares().reduce((sum, share) => sum + share) >= calls.length,
      );
      assert.ok(
        shares().every((share) => share > 0),
        `${message}: ${shares().join(' and ')}`,
      );
    }
  });

  it('after SIGTERM both roles exit 0 with calls in flight, and the next processes end these calls', async () => {
    const first = await startBoth();
    const gates = await callMany(5, 'Gate');
    const targetIds = await Promise.all(
      gates.map(async ({ workflowId }) => (await targetsOf(clusters.b, workflowId))[0]?.workflowId ?? ''),
    );
    const short = await callMany(20, 'Echo');
    for (const bridge of first) assert.deepEqual(await bridge.stop(), DRAINED);
    running.clear();
    await startBoth();
    for (const [i, id] of targetIds.entries()) {
      await clusters.b.client.workflow.getHandle(id).signal('open', i);
    }
    for (const calls of [gates, short]) {
      assert.deepEqual(
        await Promise.all(calls.map(resultOf)),
        calls.map((_, i) => i),
      );
    }
  });

  it('after SIGTERM a start that is under way ends before the process does', async () => {
    const env = { ...keys.caller, BRIDGE_SHUTDOWN_GRACE: '20s' };
    const [caller] = await Promise.all([start('caller', env, toB.address), start('handler')]);
    let release = (): void => undefined;
    toB.hold('StartWorkflowExecution', new Promise<void>((resolve) => (release = resolve)));
    const [call] = await callMany(1, 'Echo');
    assert.ok(call);
    await toB.waitForCall('StartWorkflowExecution');
    const exited = caller.stop();
    await caller.logged(/^Draining$/);
    release();
    assert.deepEqual(await exited, DRAINED);
    running.delete(caller);
    assert.equal(countLogged(caller, 'Call started'), 1);
    await start('caller');
    assert.equal(await resultOf(call), 0);
  });

  it('a call waits while no handler knows the key of its seal, and ends once one does', async () => {
    const [caller, wrong] = await Promise.all([start('caller'), start('handler', otherKeys.handler)]);
    const [call] = await callMany(1, 'Echo');
    assert.ok(call);
    const started = await caller.logged(/^Call started$/);
    await eventually('the wrapper waits, and says why', async () => {
      for await (const wrapper of clusters.b.client.workflow.list({
        query: 'WorkflowType = "RemoteCallWorkflow" AND ExecutionStatus = "Running"',
      })) {
        const { raw } = await clusters.b.client.workflow.getHandle(wrapper.workflowId).describe();
        const [pending] = raw.pendingActivities ?? [];
        if (/key/.test(pending?.lastFailure?.message ?? '')) return true;
      }
      return false;
    });
    assert.equal((await targetsOf(clusters.b, call.workflowId, 0)).length, 0);
    await start('handler');
    assert.deepEqual(await wrong.stop(), DRAINED);
    running.delete(wrong);
    assert.equal(await resultOf(call), 0);
    assert.equal(started['sourceWorkflowId'], call.workflowId);
  });
});
