/** `BridgePlugin` on a user's own worker: added and removed while workflows run, and with the start of calls on it. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { bundleWorkflowCode } from '@temporalio/worker';
import type { WorkflowHandle } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import { BridgePlugin, resolveConfig } from '../../src/index.js';
import { LIBRARY_CALLERS_PATH, bridgeEnv } from '../support/harness.js';
import type { Stage } from '../support/stage.js';
import { openStage } from '../support/stage.js';
import { isStartedEagerly } from '../support/inspect.js';
import { openGate } from '../support/workflows/targets.js';
import { SILENT } from '../support/silent-logger.js';

const BRIDGE_ACTIVITY = 'StartWorkflowInRemote';

/** The task queue of each call that a history holds. */
async function callQueues(handle: WorkflowHandle): Promise<(string | null | undefined)[]> {
  const { events } = await handle.fetchHistory();
  return (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: activity }) =>
    activity?.activityType?.name === BRIDGE_ACTIVITY ? [activity.taskQueue?.name] : [],
  );
}

describe('a worker with the plugin', () => {
  let stage: Stage;
  const startHere = () => ({
    config: resolveConfig(bridgeEnv(stage.clusters), { BRIDGE_ROLE: 'caller' }),
  });
  /** A worker of the library callers with these plugins; its bundle is its own. */
  const worker = (plugins: BridgePlugin[]) =>
    stage.libraryCallers({ workflowsPath: LIBRARY_CALLERS_PATH, plugins });
  const gateOf = async (call: WorkflowHandle) => {
    const { client } = stage.clusters.b;
    for (;;) {
      for await (const { workflowId } of client.workflow.list({
        query: `WorkflowType = 'Gate' AND ExecutionStatus = 'Running'`,
      })) {
        if (workflowId.includes(call.workflowId)) return client.workflow.getHandle(workflowId);
      }
    }
  };

  before(async () => {
    stage = await openStage();
    await stage.targets();
  });
  after(() => stage.close());

  test('calls through the bridge’s queue as one without', async () => {
    const bridge = await stage.bridge();
    const caller = await worker([new BridgePlugin()]);
    const handle = await stage.start('Execute', { type: 'Echo', args: ['x'] });
    assert.equal(await handle.result(), 'x');
    assert.deepEqual(await callQueues(handle), ['bridge-queue']);
    await caller.stop();
    await bridge.stop();
  });

  test('starts its calls itself where it is told to, and needs no caller-side bridge', async () => {
    const bridge = await stage.bridge({ env: { BRIDGE_ROLE: 'handler' } });
    const caller = await worker([new BridgePlugin({ startHere: startHere() })]);
    const handle = await stage.start('SignalAtOnce', { type: 'Collector' }, [1]);
    assert.deepEqual(await handle.result(), { seen: [1], updated: { set: 'last' }, result: [1, 'last'] });
    assert.deepEqual(await callQueues(handle), ['callers']);
    await caller.stop();
    await bridge.stop();
  });

  test('runs the handler side beside it where it is told to, and needs no bridge at all', async () => {
    const config = resolveConfig(bridgeEnv(stage.clusters));
    const caller = await worker([new BridgePlugin({ startHere: { config, handlerSide: true } })]);
    const call = async () => {
      const handle = await stage.start('Execute', { type: 'Echo', args: ['x'] });
      assert.equal(await handle.result(), 'x');
      return handle;
    };
    await call();
    // By the second one the handler side polls.
    assert.ok(await isStartedEagerly(stage.clusters.b, (await call()).workflowId));
    await caller.stop();
  });

  test('cannot run the handler side with a configuration of the caller’s alone', () => {
    assert.throws(
      () => new BridgePlugin({ startHere: { ...startHere(), handlerSide: true } }),
      /handlerSide; expected a configuration of role both, got role caller/,
    );
  });

  for (const [from, to] of [
    ['without', 'with'],
    ['with', 'without'],
  ] as const) {
    test(`takes over calls that were made ${from} it by one ${to} it, and their histories replay in both`, async () => {
      const bridge = await stage.bridge();
      const plugins = { with: () => [new BridgePlugin({ startHere: startHere() })], without: () => [] };
      const first = await worker(plugins[from]());
      const call = await stage.start('ExecuteThenWait', { type: 'Gate' });
      const gate = await gateOf(call);
      await first.stop();
      const second = await worker(plugins[to]());
      await gate.signal(openGate, 'opened');
      await call.signal('go-on');
      assert.equal(await call.result(), 'opened');
      assert.deepEqual(await callQueues(call), [from === 'with' ? 'callers' : 'bridge-queue']);
      const history = await call.fetchHistory();
      for (const replayedBy of ['with', 'without'] as const) {
        const plugin = plugins[replayedBy]();
        const workflowBundle = await bundleWorkflowCode({
          workflowsPath: LIBRARY_CALLERS_PATH,
          plugins: plugin,
          logger: SILENT,
        });
        await Worker.runReplayHistory({ workflowBundle }, history, call.workflowId);
      }
      await second.stop();
      await bridge.stop();
    });
  }
});
