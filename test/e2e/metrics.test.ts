/** What is read at the metrics' address of real processes after calls of every kind: exact counts, and no ids. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { WorkflowFailedError } from '@temporalio/client';
import type { WorkflowHandle } from '@temporalio/client';
import { LABEL_VALUES, LATENCY_BUCKETS_MS, METRICS } from '../../src/bridge/metrics/metric-table.js';
import type { BridgeProcess } from '../support/bridge-process.js';
import { spawnBridge } from '../support/bridge-process.js';
import type { FaultProxy } from '../support/fault-proxy.js';
import type { TestWorker, TwoClusters } from '../support/harness.js';
import {
  bridgeEnv,
  createTwoClusters,
  requestFor,
  startCrossCluster,
  startTargets,
} from '../support/harness.js';
import { eventually, listExecutions, targetsOf } from '../support/inspect.js';
import { startFaultProxy } from '../support/fault-proxy.js';
import type { Scrape } from '../support/prometheus.js';
import { scrape } from '../support/prometheus.js';
import { openStage } from '../support/stage.js';

const LIMIT = { timeout: 180_000 };
const PATH = { source_cluster: 'cluster-a', destination_cluster: 'cluster-b' };

/** A process for each role, each with a proxy before the other role's cluster. */
interface Roles {
  readonly clusters: TwoClusters;
  readonly caller: BridgeProcess;
  readonly handler: BridgeProcess;
  readonly toA: FaultProxy;
  readonly toB: FaultProxy;
  close(): Promise<void>;
}

async function startRoles(env: Readonly<Record<string, string>>): Promise<Roles> {
  const clusters = await createTwoClusters();
  const [toA, toB] = await Promise.all(
    [clusters.a, clusters.b].map(({ address }) => startFaultProxy(address)),
  );
  assert.ok(toA && toB);
  const [caller, handler, targets] = await Promise.all([
    spawnBridge('caller', bridgeEnv(clusters, { addressOfB: toB.address, env })),
    spawnBridge('handler', bridgeEnv(clusters, { addressOfA: toA.address, env })),
    startTargets(clusters.b),
  ] satisfies [Promise<BridgeProcess>, Promise<BridgeProcess>, Promise<TestWorker>]);
  await Promise.all([caller.ready(), handler.ready()]);
  return {
    clusters,
    caller,
    handler,
    toA,
    toB,
    close: async () => {
      toA.heal();
      toB.heal();
      await Promise.all([caller.stop(), handler.stop(), targets.stop()]);
      await Promise.all([toA.close(), toB.close(), clusters.close()]);
    },
  };
}

/** How often a process has logged such a line. */
const logged = ({ logs }: BridgeProcess, message: RegExp): number =>
  logs.filter(({ msg }) => message.test(msg)).length;

const targetStarted = ({ clusters }: Roles, call: WorkflowHandle) =>
  eventually('the target runs', async () => (await targetsOf(clusters.b, call.workflowId))[0]);

/** The upper bounds of a histogram's buckets, in their order. */
const bounds = (found: Scrape, name: string): (string | undefined)[] => {
  const [first] = found.all(`${name}_count`);
  return found.all(`${name}_bucket`, first?.labels).map(({ labels }) => labels['le']);
};

describe('metrics of calls that end by signal', () => {
  let roles: Roles;
  let onCaller: Scrape;
  let onHandler: Scrape;
  let calls: WorkflowHandle[];

  before(async () => {
    roles = await startRoles({ BRIDGE_START_RETRY_FIRST: '200ms', BRIDGE_LEASE_FIRST: '500ms' });
    const { clusters, caller, handler, toA, toB } = roles;
    const echo = await startCrossCluster(clusters, requestFor('Echo', ['here']));
    await echo.result();

    const failing = await startCrossCluster(clusters, requestFor('Fail'));
    await assert.rejects(failing.result(), WorkflowFailedError);

    // Its target is cancelled by the lease, and nobody is told.
    const gone = await startCrossCluster(clusters, requestFor('Gate'));
    await targetStarted(roles, gone);
    await gone.terminate();
    await handler.logged(/^Completion dropped: the caller is gone$/);

    toB.cut();
    const early = await startCrossCluster(clusters, requestFor('Echo', ['early']));
    await caller.logged(/cannot be reached, the call waits$/);
    toB.heal();
    await early.result();

    const late = await startCrossCluster(clusters, requestFor('Sleep', [1_000]));
    await targetStarted(roles, late);
    toA.cut();
    await handler.logged(/^Completion not sent yet/);
    toA.heal();
    await late.result();

    calls = [echo, failing, gone, early, late];
    await eventually('every wrapper has ended', async () => {
      const open = await listExecutions(clusters.b, 'ExecutionStatus = "Running"');
      return open.length === 0;
    });
    [onCaller, onHandler] = await Promise.all([scrape(caller), scrape(handler)]);
  }, LIMIT);
  after(() => roles.close());

  test('count each call once, where it started and where its outcome was handed over', () => {
    assert.equal(onCaller.sum('bridge_calls_started'), calls.length);
    assert.deepEqual(onHandler.counts('bridge_calls_completed', 'outcome', 'way'), {
      'completed signal': 3,
      'failed signal': 1,
    });
    assert.deepEqual(onHandler.counts('bridge_completions_dropped', 'reason'), { 'caller-gone': 1 });
    assert.equal(onCaller.sum('bridge_calls_completed'), 0);
  });

  test('count each try that failed, by reason', () => {
    const failed = logged(roles.caller, /cannot be reached, the call waits$/);
    assert.ok(failed > 0);
    assert.deepEqual(onCaller.counts('bridge_remote_start_errors', 'reason'), { unreachable: failed });
    assert.equal(onCaller.sum('bridge_remote_poll_errors'), 0);
    const retries = logged(roles.handler, /^Completion not sent yet/);
    assert.equal(onHandler.sum('bridge_completion_delivery_retries'), retries);
  });

  test('count the looks whether callers live', () => {
    const { ended, running = 0 } = onHandler.counts('bridge_lease_checks', 'result');
    assert.equal(ended, 1);
    // The call whose completion waited for the link had its lease looked at, too.
    assert.ok(running >= 0);
  });

  test('have latencies of the calls that ended, in buckets from 5 ms to 1 h', () => {
    for (const name of ['bridge_cross_cluster_latency_ms', 'bridge_completion_delivery_ms']) {
      assert.deepEqual(bounds(onHandler, name), [...LATENCY_BUCKETS_MS.map(String), '+Inf'], name);
      assert.equal(onHandler.sum(`${name}_count`), 4, name);
    }
    assert.deepEqual(onHandler.counts('bridge_cross_cluster_latency_ms_count', 'outcome'), {
      completed: 3,
      failed: 1,
    });
    const longest = onHandler.sum('bridge_cross_cluster_latency_ms_sum', { outcome: 'completed' }) ?? 0;
    assert.ok(longest >= 1_000, `the target alone took 1,000 ms: ${longest}`);
    const delivery = onHandler.sum('bridge_completion_delivery_ms_sum') ?? 0;
    assert.ok(delivery < longest, 'a delivery is a part of its call');
    assert.equal(onCaller.sum('bridge_cross_cluster_latency_ms_count'), undefined);
  });

  test('do not count a waiting anchor or lease as failed, the SDK’s own neither', () => {
    const failed = 'temporal_activity_execution_failed';
    const executed = 'temporal_activity_execution_latency_count';
    for (const [found, type] of [
      [onCaller, 'StartWorkflowInRemote'],
      [onHandler, 'WatchCaller'],
    ] as const) {
      assert.ok((found.sum(executed, { activity_type: type }) ?? 0) > 0, `${type} was executed`);
      assert.equal(found.sum(failed, { activity_type: type }) ?? 0, 0, type);
    }
    // It would have: what really failed is there.
    const reallyFailed =
      (onHandler.sum(failed) ?? 0) + (onHandler.sum('temporal_local_activity_execution_failed') ?? 0);
    assert.ok(reallyFailed > 0);
  });

  test('name clusters and queues, and no call', async () => {
    const allowed = new Set<string>([
      ...Object.values(LABEL_VALUES).flat(),
      ...['cluster-a', 'cluster-b', 'bridge-queue', 'bridge-handler-queue'],
    ]);
    const ids = (await listExecutions(roles.clusters.b, '')).flatMap(({ workflowId, runId }) => [
      workflowId,
      runId,
    ]);
    const callers = await Promise.all(calls.map((call) => call.describe()));
    ids.push(...callers.flatMap(({ workflowId, runId }) => [workflowId, runId]));
    for (const { text, samples } of [onCaller, onHandler]) {
      assert.deepEqual(
        ids.filter((id) => text.includes(id)),
        [],
      );
      assert.doesNotMatch(text, /[0-9a-f]{64}/);
      for (const { name, labels } of samples) {
        if (!name.startsWith('bridge_') || name === 'bridge_build_info') continue;
        // The SDK adds where the workflow runs, and its type.
        if (name === 'bridge_inputs_refused') continue;
        const { le: _, ...others } = labels;
        for (const value of Object.values(others)) assert.ok(allowed.has(value), `${name} ${value}`);
      }
    }
  });

  test('show the queues’ depth, the clusters and the build', () => {
    for (const [found, cluster, queue, role] of [
      [onCaller, 'cluster-a', 'bridge-queue', 'caller'],
      [onHandler, 'cluster-b', 'bridge-handler-queue', 'handler'],
    ] as const) {
      for (const task_type of LABEL_VALUES.task_type)
        assert.equal(found.sum('bridge_queue_depth', { cluster, task_queue: queue, task_type }), 0);
      assert.equal(found.sum('bridge_build_info', { role }), 1);
      for (const name of ['cluster-a', 'cluster-b']) {
        assert.equal(found.sum('bridge_cluster_reachable', { cluster: name }), 1);
        assert.ok((found.sum('bridge_heartbeat_age_ms', { cluster: name }) ?? Infinity) < 30_000);
      }
    }
  });

  test('count the calls that are open', LIMIT, async () => {
    const { clusters, handler } = roles;
    const open = await startCrossCluster(clusters, requestFor('Gate'));
    await eventually(
      'the open call is counted',
      async () => (await scrape(handler)).sum('bridge_calls_in_flight', { cluster: 'cluster-b' }) === 1,
    );
    await open.terminate();
  });
});

describe('metrics of calls that end by the fallback', () => {
  let roles: Roles;
  let onCaller: Scrape;
  let onHandler: Scrape;

  before(async () => {
    roles = await startRoles({
      BRIDGE_COMPLETION_SIGNALS: 'false',
      BRIDGE_FALLBACK_FIRST: '300ms',
      BRIDGE_FALLBACK_MAX: '300ms',
    });
    const { clusters, caller, handler, toB } = roles;
    await (await startCrossCluster(clusters, requestFor('Echo', ['here']))).result();
    const failing = await startCrossCluster(clusters, requestFor('Fail'));
    await assert.rejects(failing.result(), WorkflowFailedError);
    const cutOff = await startCrossCluster(clusters, requestFor('Sleep', [1_000]));
    await targetStarted(roles, cutOff);
    await caller.logged(/^Call started$/);
    toB.cut();
    await caller.logged(/cannot be reached, the call waits$/);
    toB.heal();
    await cutOff.result();
    [onCaller, onHandler] = await Promise.all([scrape(caller), scrape(handler)]);
  }, LIMIT);
  after(() => roles.close());

  test('count each call once, on the caller side', () => {
    assert.equal(onCaller.sum('bridge_calls_started'), 3);
    assert.deepEqual(onCaller.counts('bridge_calls_completed', 'outcome', 'way'), {
      'completed fallback': 2,
      'failed fallback': 1,
    });
    assert.equal(onCaller.sum('bridge_cross_cluster_latency_ms_count'), 3);
    assert.deepEqual(bounds(onCaller, 'bridge_cross_cluster_latency_ms'), [
      ...LATENCY_BUCKETS_MS.map(String),
      '+Inf',
    ]);
    assert.equal(onHandler.sum('bridge_calls_completed'), 0);
    assert.deepEqual(onHandler.counts('bridge_completions_dropped', 'reason'), { 'signals-off': 3 });
    assert.equal(onHandler.sum('bridge_completion_delivery_ms_count'), undefined);
  });

  test('count each look by what it found', () => {
    const failed = logged(roles.caller, /cannot be reached, the call waits$/);
    const looks = onCaller.counts('bridge_fallback_checks', 'result');
    assert.equal(looks['ended'], 3);
    assert.equal(looks['unreachable'], failed);
    assert.deepEqual(onCaller.counts('bridge_remote_poll_errors', 'reason'), { unreachable: failed });
    assert.equal(onCaller.sum('bridge_remote_start_errors'), 0);
  });

  test('do not count a look at a waiting call, or an outcome that is no value, as a failed activity', () => {
    assert.equal(onCaller.sum('temporal_activity_execution_failed') ?? 0, 0);
  });
});

test(
  'a process of both sides exposes what docs/observability.md lists, with these types and labels',
  LIMIT,
  async (t) => {
    const stage = await openStage(t);
    const { clusters } = stage;
    const [bridge] = await Promise.all([
      stage.bridgeProcess('both', { BRIDGE_FALLBACK_FIRST: '100ms' }),
      stage.targets(),
    ]);
    await (await startCrossCluster(clusters, requestFor('Echo', ['here']))).result();
    const found = await eventually('all gauges are set', async () => {
      const now = await scrape(bridge);
      return (
        now.sum('bridge_calls_in_flight') !== undefined && now.sum('bridge_queue_depth') !== undefined && now
      );
    });
    const exposed = [...found.types].filter(([name]) => name.startsWith('bridge_'));
    assert.deepEqual(
      Object.fromEntries(exposed),
      Object.fromEntries(Object.entries(METRICS).map(([name, { type }]) => [name, type])),
    );
    for (const [name, { type, labels }] of Object.entries(METRICS)) {
      const samples = found.all(type === 'histogram' ? `${name}_count` : name);
      assert.ok(samples.length > 0, name);
      for (const sample of samples)
        assert.deepEqual(Object.keys(sample.labels).sort(), [...labels].sort(), name);
    }
    for (const sample of found.all('bridge_calls_started')) assert.deepEqual(sample.labels, PATH);
  },
);
