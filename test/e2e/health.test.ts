/** Whether a process says that it lives and is ready, while links and servers fail and come back. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { DevServer } from '../../scripts/stack/dev-server.js';
import { startDevServer } from '../../scripts/stack/dev-server.js';
import { pickFreePort } from '../../scripts/stack/ports.js';
import type { BridgeProcess } from '../support/bridge-process.js';
import { spawnBridge } from '../support/bridge-process.js';
import type { FaultProxy } from '../support/fault-proxy.js';
import { startFaultProxy } from '../support/fault-proxy.js';
import type { TwoClusters } from '../support/harness.js';
import { bridgeEnv, createSide } from '../support/harness.js';
import { eventually } from '../support/inspect.js';
import { healthOf, healthUrl, scrape } from '../support/prometheus.js';
import { readTestEnv } from '../support/test-env.js';

const LIMIT = { timeout: 180_000 };

/** Waits until it is ready, or not ready any more; it lives all the while. */
const untilReady = (bridge: BridgeProcess, isReady: boolean) =>
  eventually(
    isReady ? 'it is ready' : 'it is not ready any more',
    async () => {
      const { livez, readyz, report } = await healthOf(bridge);
      assert.equal(livez, 200);
      assert.equal(readyz, report.ready ? 200 : 503);
      assert.equal(report.ready, report.problems.length === 0);
      return report.ready === isReady && report;
    },
    90_000,
  );

describe('health', { concurrency: true }, () => {
  let clusters: Pick<TwoClusters, 'a' | 'b'>;
  let onOwnServers: Pick<TwoClusters, 'a' | 'b'>;
  let servers: DevServer[];
  let toB: FaultProxy;
  const bridges: BridgeProcess[] = [];

  const start = async (...args: Parameters<typeof spawnBridge>): Promise<BridgeProcess> => {
    const bridge = await spawnBridge(...args);
    bridges.push(bridge);
    return bridge;
  };

  before(async () => {
    const { cli } = readTestEnv();
    servers = await Promise.all(['A', 'B'].map((name) => startDevServer({ name, cli })));
    const { clusterA, clusterB } = readTestEnv();
    const [ownA, ownB] = servers;
    assert.ok(ownA && ownB);
    // No worker runs in this process.
    const sides = await Promise.all([clusterA, clusterB, ownA, ownB].map((server) => createSide(server)));
    const [a, b, c, d] = sides;
    assert.ok(a && b && c && d);
    clusters = { a, b };
    onOwnServers = { a: c, b: d };
    toB = await startFaultProxy(clusters.b.address);
  }, LIMIT);
  after(async () => {
    toB.heal();
    for (const server of servers) server.thaw();
    await Promise.all(bridges.map((bridge) => bridge.stop()));
    await toB.close();
    const sides = [clusters, onOwnServers].flatMap(({ a, b }) => [a, b]);
    await Promise.all(sides.map(({ client }) => client.connection.close()));
    await Promise.all(servers.map((server) => server.stop()));
  }, LIMIT);

  test('a cut link makes a bridge not ready, and a healed one ready again', LIMIT, async () => {
    const bridge = await start('caller', bridgeEnv(clusters, { addressOfB: toB.address }));
    const before = await untilReady(bridge, true);
    assert.deepEqual(
      before.workers.map(({ name, state, polls }) => [name, state, polls]),
      [['caller-side', 'RUNNING', 'yes']],
    );
    toB.cut();
    const { problems, clusters: found } = await untilReady(bridge, false);
    assert.equal(problems.length, 1, problems.join('\n'));
    assert.match(
      problems[0] ?? '',
      new RegExp(`^cluster-b at ${toB.address} has not answered for 3\\d s .*UNAVAILABLE`),
    );
    assert.deepEqual(
      found.map(({ name, reachable }) => [name, reachable]),
      [
        ['cluster-b', false],
        ['cluster-a', true],
      ],
    );
    const metrics = await scrape(bridge);
    assert.equal(metrics.sum('bridge_cluster_reachable', { cluster: 'cluster-b' }), 0);
    assert.equal(metrics.sum('bridge_cluster_reachable', { cluster: 'cluster-a' }), 1);
    assert.ok((metrics.sum('bridge_heartbeat_age_ms', { cluster: 'cluster-b' }) ?? 0) > 30_000);
    toB.heal();
    await untilReady(bridge, true);
    assert.equal((await scrape(bridge)).sum('bridge_cluster_reachable'), 2);
  });

  for (const [at, name, role] of [
    [0, 'cluster-a', 'caller'],
    [1, 'cluster-b', 'handler'],
  ] as const) {
    test(`a server that answers nothing makes the ${role} side that polls it not ready`, LIMIT, async () => {
      // Its other cluster is one that all tests share.
      const own = role === 'caller' ? { a: onOwnServers.a } : { b: onOwnServers.b };
      const bridge = await start(role, bridgeEnv({ ...clusters, ...own }));
      await untilReady(bridge, true);
      servers[at]?.freeze();
      const { problems } = await untilReady(bridge, false);
      assert.equal(problems.length, 1, problems.join('\n'));
      assert.ok(problems[0]?.startsWith(`${name} at `), problems[0]);
      servers[at]?.thaw();
      await untilReady(bridge, true);
    });
  }

  test(
    'a worker that believes that it polls, but is not seen to, makes a bridge not ready',
    LIMIT,
    async () => {
      const toA = await startFaultProxy(clusters.a.address);
      const refusal = toA.refuse({ method: 'PollActivityTaskQueue', status: 14 });
      const bridge = await start('caller', bridgeEnv(clusters, { addressOfA: toA.address }));
      await bridge.ready();
      const { problems, workers } = await eventually('all else is well', async () => {
        const { report } = await healthOf(bridge);
        assert.equal(report.ready, false);
        const allAnswer = report.clusters.length === 2 && report.clusters.every(({ reachable }) => reachable);
        return allAnswer && report.workers[0]?.state === 'RUNNING' && report;
      });
      assert.deepEqual(problems, ['caller-side worker has not been seen to poll bridge-queue on cluster-a']);
      assert.equal(workers[0]?.polls, 'no');
      refusal.remove();
      await untilReady(bridge, true);
      await bridge.stop();
      await toA.close();
    },
  );

  test(
    'a bridge whose clusters are down lives, says what it waits for, and shows metrics',
    LIMIT,
    async () => {
      const nowhere = `127.0.0.1:${await pickFreePort()}`;
      const env = bridgeEnv(clusters, { addressOfA: nowhere });
      const bridge = await start('caller', env);
      await eventually('its report names what it waits for', async () => {
        const { livez, report } = await healthOf(bridge);
        assert.deepEqual([livez, report.ready], [200, false]);
        const names = ['caller-side worker on cluster-a is WAITING: ', 'cluster-a at '];
        return names.every((name) => report.problems.some((problem) => problem.startsWith(name)));
      });
      const attempts = () =>
        bridge.logs.filter(({ msg }) => msg.startsWith('caller-side worker waits')).length;
      await eventually('three attempts to connect have failed', async () => {
        // Left to itself, the SDK's runtime would end with each failed attempt, and the exporter with it.
        const found = await scrape(bridge);
        assert.equal(found.sum('bridge_cluster_reachable', { cluster: 'cluster-a' }), 0);
        assert.equal(found.sum('bridge_calls_started'), 0);
        return attempts() >= 3;
      });
    },
  );

  test('an address that was asked for and is taken keeps the bridge from starting', LIMIT, async () => {
    const first = await start('caller', bridgeEnv(clusters));
    const taken = new URL(await healthUrl(first)).host;
    const second = await start('caller', bridgeEnv(clusters, { env: { BRIDGE_HTTP_ADDRESS: taken } }));
    assert.deepEqual(await second.exited, { code: 2, signal: null });
    const text = second.logs.map(({ msg }) => msg).join('\n');
    assert.match(
      text,
      new RegExp(`BRIDGE_HTTP_ADDRESS: is taken; .* ${taken} \\(EADDRINUSE\\); .*port 0 for any free`),
    );
    assert.doesNotMatch(text, /worker polls/);
  });

  test('a bridge that is told not to serves nothing', LIMIT, async () => {
    const bridge = await start('caller', bridgeEnv(clusters, { env: { BRIDGE_HTTP_ADDRESS: 'off' } }));
    await bridge.ready();
    assert.equal(bridge.logs.filter(({ msg }) => msg === 'health and metrics').length, 0);
  });
});
