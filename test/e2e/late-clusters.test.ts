import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Client } from '@temporalio/client';
import type { DevServer } from '../../scripts/stack/dev-server.js';
import { startDevServer } from '../../scripts/stack/dev-server.js';
import { spawnBridge } from '../support/bridge-process.js';
import type { TestSide, TestWorker, TwoClusters } from '../support/harness.js';
import {
  bridgeEnv,
  createTwoClusters,
  requestFor,
  startCrossCluster,
  startTargets,
} from '../support/harness.js';
import { createNamespace, readTestEnv } from '../support/test-env.js';

const DRAINED = { code: 0, signal: null };

describe('clusters that are not there when the bridge starts', () => {
  let folder: string;
  let servers: DevServer[];
  let clusters: TwoClusters;
  let targets: TestWorker;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'late-clusters-'));
    const { cli } = readTestEnv();
    const [a, b] = await Promise.all(
      ['a', 'b'].map((name) => startDevServer({ name, cli, dbFilename: join(folder, name, 'temporal.db') })),
    );
    assert.ok(a && b);
    servers = [a, b];
    clusters = await createTwoClusters({ a, b });
    targets = await startTargets(clusters.b);
  });
  after(async () => {
    await targets.stop();
    await clusters.close();
    await Promise.all(servers.map((server) => server.stop()));
    await rm(folder, { recursive: true });
  });

  const assertCallWorks = async (between: Pick<TwoClusters, 'a'>): Promise<void> => {
    const call = await startCrossCluster(between, requestFor('Echo', ['here']));
    assert.equal(((await call.result()) as { result: unknown }).result, 'here');
  };

  for (const roles of [['caller', 'handler'], ['both']] as const) {
    it(`are waited for, and the log says so: ${roles.join(' and ')}`, async () => {
      await Promise.all(servers.map((server) => server.kill9()));
      const bridges = await Promise.all(roles.map((role) => spawnBridge(role, bridgeEnv(clusters))));
      try {
        for (const [i, line] of [
          [0, /^caller-side worker waits for cluster-a$/],
          [roles.length - 1, /^handler-side worker waits for cluster-b$/],
        ] as const) {
          const found = await bridges[i]?.logged(line);
          assert.equal(found?.level, 'warn');
          assert.equal(found['address'], servers[line.source.includes('cluster-a') ? 0 : 1]?.address);
          assert.match(String(found['why']), /refused|connect/i);
        }
        await Promise.all(servers.map((server) => server.restart()));
        await Promise.all(bridges.map((bridge) => bridge.ready()));
        await assertCallWorks(clusters);
      } finally {
        const exits = await Promise.all(bridges.map((bridge) => bridge.stop()));
        assert.deepEqual(
          exits,
          roles.map(() => DRAINED),
        );
      }
    });
  }

  it('do not keep a bridge that is told to stop: the server is down', async () => {
    await servers[0]?.kill9();
    const bridge = await spawnBridge('caller', bridgeEnv(clusters));
    await bridge.logged(/waits for cluster-a/);
    assert.deepEqual(await bridge.stop(), DRAINED);
    await servers[0]?.restart();
  });

  it('do not keep a bridge that is told to stop: the server accepts connections and answers nothing', async () => {
    servers[0]?.freeze();
    try {
      const bridge = await spawnBridge('caller', bridgeEnv(clusters));
      await bridge.logged(/^bridge starts$/);
      assert.deepEqual(await bridge.stop(), DRAINED);
    } finally {
      servers[0]?.thaw();
    }
  });

  it('do not keep a bridge that polled and is told to stop: the server answers no more', async () => {
    const bridge = await spawnBridge('caller', bridgeEnv(clusters));
    await bridge.ready();
    servers[0]?.freeze();
    try {
      assert.deepEqual(await bridge.stop(), DRAINED);
    } finally {
      servers[0]?.thaw();
    }
  });

  it('are namespaces that are registered later: the bridge gets going by itself', async () => {
    const namespace = `late-${randomUUID()}`;
    const { connection } = clusters.a.client;
    const a: TestSide = { ...clusters.a, namespace, client: new Client({ connection, namespace }) };
    const bridge = await spawnBridge('both', bridgeEnv({ a, b: clusters.b }));
    const line = await bridge.logged(/^caller-side worker waits for cluster-a$/);
    assert.match(String(line['why']), /not found/);
    await createNamespace(a.client.connection as Parameters<typeof createNamespace>[0], namespace);
    await bridge.ready();
    await assertCallWorks({ a });
    assert.deepEqual(await bridge.stop(), DRAINED);
  });
});
