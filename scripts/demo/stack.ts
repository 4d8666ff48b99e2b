import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SIGNING_KEY_FILE, VERIFY_KEYS_FILE, newKeys } from '../../src/cli/keys-command.js';
import { startDevServer, type DevServer } from '../stack/dev-server.js';
import { repoRoot } from '../stack/paths.js';
import { startService, type Service } from '../stack/service.js';
import type { ClusterPorts, DemoPorts } from './ports.js';
import type { Scope } from './scope.js';

/** The command line of the bridge, as `npm run build` makes it. */
export const BRIDGE = join(repoRoot, 'dist', 'src', 'cli', 'main.js');
const READY_TIMEOUT_MS = 60_000;

/** Two clusters that know nothing of each other. */
export interface Clusters {
  readonly a: DevServer;
  readonly b: DevServer;
}

/** Where the two clusters answer, `host:port`. */
export interface ClusterAddresses {
  readonly a: string;
  readonly b: string;
}

/** Address of a cluster on this machine. */
export function addressOf(ports: ClusterPorts): string {
  return `127.0.0.1:${ports.grpc}`;
}

/** Starts both clusters, in memory, and has them stopped at the end of the scope. */
export async function startClusters(scope: Scope, cli: string, ports: DemoPorts): Promise<Clusters> {
  const start = async (name: 'A' | 'B', { grpc, ui }: ClusterPorts): Promise<DevServer> => {
    const server = await startDevServer({
      name,
      cli,
      port: grpc,
      portVariable: `DEMO_${name}_PORT`,
      uiPort: ui,
      uiPortVariable: `DEMO_${name}_UI_PORT`,
      startSignal: scope.signal,
    });
    scope.defer(() => server.stop());
    return server;
  };
  const [a, b] = await allOf([start('A', ports.a), start('B', ports.b)]);
  return { a, b };
}

/**
 * Starts the bridge as what it is, a program of its own, with the settings of a newcomer and throw-away seal keys; and
 * has it stopped at the end of the scope.
 */
export async function startBridge(scope: Scope, at: ClusterAddresses, logFolder: string): Promise<Service> {
  if (!existsSync(BRIDGE)) throw new Error(`${BRIDGE} is not there: run "make build" first`);
  const folder = await mkdtemp(join(tmpdir(), 'temporal-bridge-'));
  scope.defer(() => rm(folder, { recursive: true, force: true }));
  newKeys({ stdout: { write: () => true } }, { out: folder });
  const bridge = await startService({
    name: 'bridge',
    args: [BRIDGE, 'run'],
    env: {
      ...plainEnvironment(),
      CLUSTER_A_HOST: at.a,
      CLUSTER_A_NAMESPACE: 'default',
      CLUSTER_A_NAME: 'cluster-a',
      CLUSTER_B_HOST: at.b,
      CLUSTER_B_NAMESPACE: 'default',
      CLUSTER_B_NAME: 'cluster-b',
      BRIDGE_SEAL_SIGNING_KEY_FILE: join(folder, SIGNING_KEY_FILE),
      BRIDGE_SEAL_VERIFY_KEYS_FILE: join(folder, VERIFY_KEYS_FILE),
      BRIDGE_LOG_FORMAT: 'json',
    },
    logFile: join(logFolder, 'bridge.log'),
    scratchFolder: folder,
    isReadyLine: (line) => line.includes('"msg":"bridge ready"'),
    readyTimeoutMs: READY_TIMEOUT_MS,
    startSignal: scope.signal,
  });
  scope.defer(() => bridge.stop());
  return bridge;
}

/**
 * Starts the demo's workers, A's and B's, in a process, and has it stopped at the end of the scope. Resolves when they
 * poll; the clusters may come up meanwhile.
 */
export async function startWorkers(
  scope: Scope,
  at: ClusterAddresses,
  logFolder: string,
  startSignal: AbortSignal = scope.signal,
): Promise<Service> {
  const folder = await mkdtemp(join(tmpdir(), 'temporal-bridge-'));
  scope.defer(() => rm(folder, { recursive: true, force: true }));
  const workers = await startService({
    name: 'demo workers',
    args: [
      '--import',
      import.meta.resolve('tsx'),
      fileURLToPath(new URL('workers.ts', import.meta.url)),
      at.a,
      at.b,
    ],
    env: plainEnvironment(),
    logFile: join(logFolder, 'workers.log'),
    scratchFolder: folder,
    isReadyLine: (line) => line === 'demo workers ready',
    readyTimeoutMs: READY_TIMEOUT_MS,
    startSignal,
  });
  scope.defer(() => workers.stop());
  return workers;
}

/** Starts the bridge and the demo's workers beside clusters that run. */
export async function startBridgeAndWorkers(
  scope: Scope,
  at: ClusterAddresses,
  logFolder: string,
): Promise<{ readonly bridge: Service; readonly workers: Service }> {
  await mkdir(logFolder, { recursive: true });
  const [bridge, workers] = await allOf([
    startBridge(scope, at, logFolder),
    startWorkers(scope, at, logFolder),
  ]);
  return { bridge, workers };
}

/** Rejects when a part of the stack ends by itself; never resolves. */
export function brokenPart(clusters: readonly DevServer[], services: readonly Service[]): Promise<never> {
  const broken = new Promise<never>((_, reject) => {
    for (const server of clusters) {
      server.onExit(() => reject(new Error(`cluster ${server.name} ended by itself`)));
    }
    for (const { name, logFile, exited } of services) {
      void exited.then(({ code, signal }) =>
        reject(
          new Error(`the ${name} ended by itself (${signal ?? `exit code ${code}`}); its log is ${logFile}`),
        ),
      );
    }
  });
  broken.catch(() => undefined);
  return broken;
}

/** This process's environment without the settings that the user may have for another bridge or cluster. */
export function plainEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(?:BRIDGE|CLUSTER_[AB]|TEMPORAL|OTEL)_/.test(name)),
  );
}

/** Like `Promise.all`, but waits for all of them even if one fails: none is left half started. */
async function allOf<T, U>(promises: readonly [Promise<T>, Promise<U>]): Promise<[T, U]> {
  await Promise.allSettled(promises);
  return await Promise.all(promises);
}
