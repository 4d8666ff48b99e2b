import { join } from 'node:path';
import { startDevServer, type DevServer } from '../stack/dev-server.js';
import { bridgeProgram, scriptProgram, sealKeySettings, startProgram } from '../stack/programs.js';
import type { Scope } from '../stack/scope.js';
import type { Service } from '../stack/service.js';
import type { ClusterPorts, DemoPorts } from './ports.js';
import { traceSettings } from './user-tracing.js';

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

/** What the parts of the stack have to know beside the clusters. */
export interface PartOptions {
  /** Holds their logs. */
  readonly folder: string;
  /** Where their spans go to, by OTLP over HTTP; absent: they are not traced. */
  readonly otlpUrl?: string | undefined;
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
export async function startBridge(
  scope: Scope,
  at: ClusterAddresses,
  { folder, otlpUrl }: PartOptions,
): Promise<Service> {
  const keys = await sealKeySettings(scope);
  return await startProgram(scope, {
    name: 'bridge',
    ...bridgeProgram(),
    env: {
      CLUSTER_A_HOST: at.a,
      CLUSTER_A_NAMESPACE: 'default',
      CLUSTER_A_NAME: 'cluster-a',
      CLUSTER_B_HOST: at.b,
      CLUSTER_B_NAMESPACE: 'default',
      CLUSTER_B_NAME: 'cluster-b',
      ...keys.caller,
      ...keys.handler,
      BRIDGE_LOG_FORMAT: 'json',
      ...traceSettings(otlpUrl),
    },
    logFile: join(folder, 'bridge.log'),
  });
}

/**
 * Starts the demo's workers, A's and B's, in a process, and has it stopped at the end of the scope. Resolves when they
 * poll; the clusters may come up meanwhile.
 */
export function startWorkers(
  scope: Scope,
  at: ClusterAddresses,
  { folder, otlpUrl }: PartOptions,
  startSignal?: AbortSignal,
): Promise<Service> {
  const program = {
    name: 'demo workers',
    ...scriptProgram(
      new URL('workers.ts', import.meta.url),
      ['--shop', at.a, '--warehouse', at.b],
      'demo workers ready',
    ),
    env: traceSettings(otlpUrl),
    logFile: join(folder, 'workers.log'),
  };
  return startProgram(scope, program, startSignal);
}

/** Starts the bridge and the demo's workers beside clusters that run. */
export async function startBridgeAndWorkers(
  scope: Scope,
  at: ClusterAddresses,
  options: PartOptions,
): Promise<{ readonly bridge: Service; readonly workers: Service }> {
  const [bridge, workers] = await allOf([startBridge(scope, at, options), startWorkers(scope, at, options)]);
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

/** Like `Promise.all`, but waits for all of them even if one fails: none is left half started. */
async function allOf<T, U>(promises: readonly [Promise<T>, Promise<U>]): Promise<[T, U]> {
  await Promise.allSettled(promises);
  return await Promise.all(promises);
}
