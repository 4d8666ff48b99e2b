import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DevServer } from '../../scripts/stack/dev-server.js';
import { startDevServer } from '../../scripts/stack/dev-server.js';
import type { ServerWithDatabase } from './databases.js';
import type { KeptBridge } from './bridge-process.js';
import { keepBridgeRunning } from './bridge-process.js';
import type { FaultProxy } from './fault-proxy.js';
import { startFaultProxy } from './fault-proxy.js';
import type { TwoClusters } from './harness.js';
import { bridgeEnv, createTwoClusters, startTargets } from './harness.js';
import { readTestEnv } from './test-env.js';

/**
 * Two servers of a test's own, on database files, with each of the bridge's roles in a process of its own that is
 * started again when it ends. Each role reaches its own cluster directly and the other one through a proxy.
 */
export interface OutageStage {
  readonly clusters: TwoClusters;
  readonly servers: { readonly a: DevServer; readonly b: DevServer };
  /** The servers with their database files. */
  readonly databases: { readonly a: ServerWithDatabase; readonly b: ServerWithDatabase };
  /** The link over which the caller side reaches B, and the one over which the handler side reaches A. */
  readonly links: { readonly toA: FaultProxy; readonly toB: FaultProxy };
  readonly roles: { readonly caller: KeptBridge; readonly handler: KeptBridge };
  close(): Promise<void>;
}

/** Sets up the stage; targets run on queue `targets` of B, in the test's process. */
export async function setUpOutageStage(env: Readonly<Record<string, string>> = {}): Promise<OutageStage> {
  const folder = await mkdtemp(join(tmpdir(), 'outage-'));
  const { cli } = readTestEnv();
  const fileOf = (name: 'a' | 'b'): string => join(folder, name, 'temporal.db');
  const [a, b] = await Promise.all(
    (['a', 'b'] as const).map((name) => startDevServer({ name, cli, dbFilename: fileOf(name) })),
  );
  if (!a || !b) throw new Error('no servers');
  const clusters = await createTwoClusters({ a, b });
  const [toA, toB, targets] = await Promise.all([
    startFaultProxy(a.address),
    startFaultProxy(b.address),
    startTargets(clusters.b),
  ]);
  const settings = { BRIDGE_LOG_LEVEL: 'info', ...env };
  const [caller, handler] = await Promise.all([
    keepBridgeRunning('caller', bridgeEnv(clusters, { addressOfB: toB.address, env: settings })),
    keepBridgeRunning('handler', bridgeEnv(clusters, { addressOfA: toA.address, env: settings })),
  ]);
  await Promise.all([caller.ready(), handler.ready()]);
  return {
    clusters,
    servers: { a, b },
    databases: { a: { server: a, file: fileOf('a') }, b: { server: b, file: fileOf('b') } },
    links: { toA, toB },
    roles: { caller, handler },
    close: async () => {
      await Promise.all([caller.stop(), handler.stop(), targets.stop()]);
      await Promise.all([toA.close(), toB.close(), clusters.close()]);
      await Promise.all([a.stop(), b.stop()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
