import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.js';
import { diffRequests, readServiceRequests } from '../../scripts/stack/server-metrics.js';
import { createNamespace, readTestEnv } from '../support/test-env.js';

const env = readTestEnv();

/** Both kinds of client that the SDK has: grpc-js and the Rust core's. */
const CLIENTS = {
  Connection: (address: string) => Connection.connect({ address }),
  NativeConnection: (address: string) => NativeConnection.connect({ address }),
};

for (const [kind, connect] of Object.entries(CLIENTS)) {
  describe(`the fault proxy, used by a ${kind}`, () => {
    let direct: Connection;
    let namespace: string;
    let proxy: FaultProxy;
    let connection: Connection | NativeConnection;
    let client: Client;

    before(async () => {
      direct = await Connection.connect({ address: env.clusterA.address });
      namespace = await createNamespace(direct);
    });
    after(() => direct.close());
    beforeEach(async () => {
      proxy = await startFaultProxy(env.clusterA.address);
      connection = await connect(proxy.address);
      client = new Client({ connection, namespace });
    });
    afterEach(async () => {
      await connection.close();
      await proxy.close();
    });

    const start = (workflowId: string) =>
      client.workflow.start('none', { taskQueue: 'none', workflowId, args: ['x'.repeat(500_000)] });
    const withDeadline = <T>(ms: number, call: () => Promise<T>) =>
      client.withDeadline(Date.now() + ms, call);

    it('passes calls, large payloads and error statuses through', async () => {
      const workflowId = randomUUID();
      const handle = await start(workflowId);
      assert.equal((await handle.describe()).status.name, 'RUNNING');
      const history = await handle.fetchHistory();
      assert.equal(history.events?.length, 2);
      await assert.rejects(start(workflowId), { name: 'WorkflowExecutionAlreadyStartedError' });
      await assert.rejects(client.workflow.getHandle('absent').describe(), { name: 'WorkflowNotFoundError' });
      assert.equal(proxy.calls()['StartWorkflowExecution'], 2);
    });

    it('carries a long poll that is answered later', async () => {
      const handle = await start(randomUUID());
      const result = assert.rejects(handle.result(), { name: 'WorkflowFailedError' });
      await proxy.waitForCall('GetWorkflowExecutionHistory');
      await sleep(300);
      await handle.terminate();
      await result;
    });

    it('loses the reply of a start that the server has carried out, and the retry goes through', async () => {
      const before = await readServiceRequests(env.clusterA.metricsUrl, { namespaces: [namespace] });
      const cut = proxy.cutReply({ method: 'StartWorkflowExecution' });
      const handle = await start(randomUUID());
      await cut.done;
      assert.equal(cut.struck, 1);
      assert.equal((await handle.describe()).status.name, 'RUNNING');
      const after = await readServiceRequests(env.clusterA.metricsUrl, { namespaces: [namespace] });
      assert.equal(diffRequests(before, after)['StartWorkflowExecution'], 2);
      assert.equal(proxy.calls()['StartWorkflowExecution'], 2);
    });

    it('holds the calls after a lost reply until told', async () => {
      let release = (): void => undefined;
      const holdUntil = new Promise<void>((resolve) => (release = resolve));
      proxy.cutReply({ method: 'StartWorkflowExecution', holdUntil });
      let isStarted = false;
      const started = start(randomUUID()).then(() => (isStarted = true));
      await proxy.waitForCall('StartWorkflowExecution', 2);
      await sleep(300);
      assert.equal(isStarted, false);
      release();
      await started;
    });

    it('answers with a status of its own', async () => {
      const refusal = proxy.refuse({
        method: 'StartWorkflowExecution',
        status: 7,
        message: 'not allowed, says ä',
      });
      await assert.rejects(start(randomUUID()), (error: Error) => /not allowed/.test(String(error.cause)));
      refusal.remove();
      await start(randomUUID());
    });

    it('recovers from a cut link', async () => {
      proxy.cut();
      let isStarted = false;
      const started = start(randomUUID()).then(() => (isStarted = true));
      await sleep(500);
      assert.equal(isStarted, false);
      assert.equal(proxy.openConnections(), 0);
      proxy.heal();
      await started;
    });

    it('lets nothing through a black hole, and what it held afterwards', async () => {
      proxy.blackhole();
      let isStarted = false;
      const started = withDeadline(20_000, () => start(randomUUID())).then(() => (isStarted = true));
      await sleep(700);
      assert.equal(isStarted, false);
      assert.equal(proxy.calls()['StartWorkflowExecution'], undefined);
      proxy.heal();
      await started;
    });

    it('delays calls both ways', async () => {
      proxy.delay(150);
      const begun = performance.now();
      await client.workflowService.getSystemInfo({});
      assert.ok(performance.now() - begun >= 290);
    });
  });
}
