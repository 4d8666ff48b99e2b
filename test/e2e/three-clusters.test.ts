/** More than one pair of clusters: three servers, several bridges. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { Client, Connection } from '@temporalio/client';
import type { DevServer } from '../../scripts/stack/dev-server.js';
import { startDevServer } from '../../scripts/stack/dev-server.js';
import type { TestSide, TestWorker } from '../support/harness.js';
import {
  createSide,
  createTwoClusters,
  ensureRuntime,
  startBridge,
  startLibraryCallers,
  startTargets,
} from '../support/harness.js';
import { applicationFailureOf, listExecutions } from '../support/inspect.js';
import { createNamespace, readTestEnv } from '../support/test-env.js';
import type { EndView } from '../support/workflows/library-callers.js';

const LIMIT = { timeout: 120_000 };

const entry = (name: string, { address, namespace }: TestSide) => `${name}=${address}/${namespace}`;

/** A side on a side's server, in a new namespace of this name. */
async function namespaceOn({ address, metricsUrl }: TestSide, name: string): Promise<TestSide> {
  const connection = await Connection.connect({ address });
  const namespace = await createNamespace(connection, name);
  return { address, metricsUrl, namespace, client: new Client({ connection, namespace }) };
}

/** Runs a library caller on a side. */
async function call<R>(
  side: TestSide,
  workflow: string,
  args: unknown[],
  workflowId = `caller-${randomUUID()}`,
) {
  const caller = await side.client.workflow.start(workflow, { taskQueue: 'callers', workflowId, args });
  return (await caller.result()) as R;
}

const executionsOf = (side: TestSide, type: string, atLeast: number) =>
  listExecutions(side, `WorkflowType = "${type}"`, atLeast);

describe('three clusters', () => {
  let third: DevServer;
  /** Each on a server of its own; `b2` is a second namespace on the server of `b`. */
  let a: TestSide;
  let b: TestSide;
  let c: TestSide;
  let b2: TestSide;
  const running: TestWorker[] = [];
  const keep = async (...workers: Promise<TestWorker>[]) => {
    running.push(...(await Promise.all(workers)));
  };

  before(async () => {
    ensureRuntime();
    third = await startDevServer({ name: 'C', cli: readTestEnv().cli });
    const two = await createTwoClusters();
    ({ a, b } = two);
    [b2, c] = await Promise.all([createSide(b), createSide(third)]);
  });
  after(async () => {
    await Promise.all(running.map((worker) => worker.stop()));
    await Promise.all([a, b, c, b2].map((side) => side.client.connection.close()));
    await third.stop();
  });

  describe('with handler clusters by name', () => {
    before(async () => {
      const queue = '?queue=handlers-of-c';
      const env = { BRIDGE_HANDLER_CLUSTERS: `${entry('cluster-c', c)}${queue} ${entry('b-orders', b2)}` };
      await keep(
        startBridge({ a, b }, { env }),
        // The handler sides of the other two, each on its own.
        startBridge(
          { a, b: c },
          {
            env: {
              BRIDGE_ROLE: 'handler',
              CLUSTER_B_NAME: 'cluster-c',
              BRIDGE_HANDLER_TASK_QUEUE: 'handlers-of-c',
            },
          },
        ),
        startBridge({ a, b: b2 }, { env: { BRIDGE_ROLE: 'handler', CLUSTER_B_NAME: 'b-orders' } }),
        startTargets(b),
        startTargets(b2),
        startTargets(c),
        startLibraryCallers(a),
      );
    });

    test('a call goes to the cluster that it names, else to the default one', LIMIT, async () => {
      const to = (cluster?: string) => ({ type: 'OwnRunId', ...(cluster && { cluster }) });
      const runs = await call<EndView[]>(a, 'ExecuteMany', [
        [to(), to('cluster-b'), to('cluster-c'), to('b-orders'), to('cluster-c')],
      ]);
      const values = runs.map((end) => ('value' in end ? end.value : JSON.stringify(end.error)));
      const runIdsOn = async (side: TestSide, n: number) =>
        (await executionsOf(side, 'OwnRunId', n)).map(({ runId }) => runId).sort();
      assert.deepEqual(await runIdsOn(b, 2), values.slice(0, 2).sort());
      assert.deepEqual(await runIdsOn(c, 2), [values[2], values[4]].sort());
      assert.deepEqual(await runIdsOn(b2, 1), [values[3]]);
    });

    test('one key names calls of their own on two clusters only if it says so', LIMIT, async () => {
      const ends = await call<EndView[]>(a, 'ExecuteMany', [
        [
          { type: 'Echo', args: [1], key: 'k' },
          { type: 'Echo', args: [1], key: 'k', cluster: 'cluster-c' },
        ],
      ]);
      assert.deepEqual(ends[0], { value: 1 });
      assert.ok(ends[1] && 'error' in ends[1]);
      assert.equal(ends[1].error.type, 'CALL_ID_CONFLICT');
    });

    test('handles, signals, queries and the end of a call go to the same cluster', LIMIT, async () => {
      const ends = await call<EndView[]>(a, 'UseHandle', [
        { type: 'Collector', cluster: 'cluster-c' },
        [
          { do: 'signal', name: 'add', args: [1] },
          { do: 'update', name: 'set', args: [2] },
          { do: 'query', name: 'items' },
          { do: 'cancel' },
          { do: 'result' },
        ],
      ]);
      assert.deepEqual(
        ends.slice(1, 3).map((end) => 'value' in end && end.value),
        [{ set: 2 }, [1, 2]],
      );
      const last = ends[4];
      assert.ok(last && 'error' in last && last.error.isCancellation, JSON.stringify(last));
      const [target] = await executionsOf(c, 'Collector', 1);
      assert.equal(target?.status.name, 'CANCELLED');
      assert.deepEqual(await executionsOf(b, 'Collector', 0), []);

      const other = await c.client.workflow.start('Collector', {
        taskQueue: 'targets',
        workflowId: `foreign-${randomUUID()}`,
      });
      const attached = await call<EndView[]>(a, 'UseHandle', [
        { attachTo: other.workflowId, options: { cluster: 'cluster-c' } },
        [{ do: 'signal', name: 'done' }, { do: 'result' }],
      ]);
      assert.deepEqual(attached[1], { value: [] });
    });

    test('an unknown name is refused, naming the known ones', LIMIT, async () => {
      const caller = await a.client.workflow.start('Execute', {
        taskQueue: 'callers',
        workflowId: `caller-${randomUUID()}`,
        args: [{ type: 'Echo', cluster: 'cluster-d' }],
      });
      const failure = await applicationFailureOf(caller);
      assert.equal(failure.type, 'INVALID_REQUEST');
      assert.match(failure.message, /cluster-d; this bridge reaches cluster-b, cluster-c, b-orders;/);
      const steps = ['signal', 'query', 'update'].map((what) => ({ do: what, name: 'x' }));
      const ends = await call<EndView[]>(a, 'UseHandle', [
        { attachTo: 'x', options: { cluster: 'cluster-d' } },
        [...steps, { do: 'cancel' }, { do: 'terminate' }, { do: 'result' }],
      ]);
      for (const end of ends) {
        assert.ok('error' in end);
        assert.equal(end.error.type, 'INVALID_REQUEST');
      }
    });
  });

  test('two bridges serve both directions between the same two clusters', LIMIT, async () => {
    const [one, other] = await Promise.all([createSide(a), createSide(c)]);
    const names = { CLUSTER_A_NAME: 'cluster-c', CLUSTER_B_NAME: 'cluster-a' };
    const workers = await Promise.all([
      startBridge({ a: one, b: other }, { env: { CLUSTER_B_NAME: 'cluster-c' } }),
      startBridge({ a: other, b: one }, { env: names }),
      ...[one, other].flatMap((side) => [startTargets(side), startLibraryCallers(side)]),
    ]);
    try {
      const [there, back] = await Promise.all(
        [one, other].map((side) => call<string>(side, 'Execute', [{ type: 'OwnRunId' }])),
      );
      assert.deepEqual(
        (await executionsOf(other, 'OwnRunId', 1)).map(({ runId }) => runId),
        [there],
      );
      assert.deepEqual(
        (await executionsOf(one, 'OwnRunId', 1)).map(({ runId }) => runId),
        [back],
      );
    } finally {
      await Promise.all(workers.map((worker) => worker.stop()));
      await Promise.all([one, other].map((side) => side.client.connection.close()));
    }
  });

  test(
    'two source clusters share a handler side, and the same caller on both makes two targets',
    LIMIT,
    async () => {
      // The same namespace name, workflow id and key on both: only the clusters tell the calls apart.
      const namespace = `shared-${randomUUID()}`;
      const [one, other, handler] = await Promise.all([
        namespaceOn(a, namespace),
        namespaceOn(c, namespace),
        createSide(b),
      ]);
      const workers = await Promise.all([
        startBridge({ a: one, b: handler }, { env: { BRIDGE_CALLER_CLUSTERS: entry('cluster-c', other) } }),
        startBridge(
          { a: other, b: handler },
          { env: { BRIDGE_ROLE: 'caller', CLUSTER_A_NAME: 'cluster-c' } },
        ),
        startTargets(handler),
        startLibraryCallers(one),
        startLibraryCallers(other),
      ]);
      try {
        const workflowId = 'order-1';
        const made = (sourceCluster: string) => ({
          type: 'OwnRunId',
          key: 'fulfil',
          scope: 'workflow-id',
          sourceCluster,
        });
        const answers = await Promise.all([
          call<string>(one, 'Execute', [made('cluster-a')], workflowId),
          call<string>(other, 'Execute', [made('cluster-c')], workflowId),
        ]);
        const targets = await executionsOf(handler, 'OwnRunId', 2);
        assert.deepEqual(targets.map(({ runId }) => runId).sort(), [...answers].sort());
        assert.deepEqual(targets.map((target) => target.workflowId.replace(/[0-9a-f]{32}$/, '')).sort(), [
          'bridge-cluster-a-order-1-OwnRunId-',
          'bridge-cluster-c-order-1-OwnRunId-',
        ]);
        // Started again, each gets the answer of its own cluster's call.
        assert.equal(await call(one, 'Execute', [made('cluster-a')], workflowId), answers[0]);
        assert.equal(await call(other, 'Execute', [made('cluster-c')], workflowId), answers[1]);
        // In run scope the run ids tell them apart.
        const plain = await Promise.all(
          [one, other].map((side) => call<string>(side, 'Execute', [{ type: 'OwnRunId' }], 'order-2')),
        );
        assert.notEqual(plain[0], plain[1]);

        const mistaken = await one.client.workflow.start('Execute', {
          taskQueue: 'callers',
          workflowId: 'order-3',
          args: [made('cluster-c')],
        });
        const failure = await applicationFailureOf(mistaken);
        assert.equal(failure.type, 'INVALID_REQUEST');
        assert.match(failure.message, /made for cluster cluster-c, this bridge serves cluster-a/);
      } finally {
        await Promise.all(workers.map((worker) => worker.stop()));
        await Promise.all([one, other, handler].map((side) => side.client.connection.close()));
      }
    },
  );
});
