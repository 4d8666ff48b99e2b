import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { brokenPart } from '../demo/stack.js';
import { startDevServer, type DevServer } from '../stack/dev-server.js';
import { cacheDir } from '../stack/paths.js';
import { bridgeProgram, scriptProgram, sealKeySettings, startProgram } from '../stack/programs.js';
import type { Program } from '../stack/programs.js';
import type { Scope } from '../stack/scope.js';
import type { Service } from '../stack/service.js';
import type { ParkedPlace } from './parked-names.js';
import type { ParkedSettings } from './parked-settings.js';
import { bridgeSettings } from './parked-settings.js';
import { WORKERS_READY } from './run-workers.js';

const LOG_FOLDER = join(cacheDir, 'bench-parked');

/** A part of the stand that runs as a process of its own. */
export type ParkedProcess = 'server A' | 'server B' | 'bridge' | 'callers' | 'targets';

/** Everything that the parked calls run on: two clusters, the bridge, a worker on each side. */
export interface ParkedStand {
  readonly a: DevServer;
  readonly b: DevServer;
  readonly clientA: Client;
  readonly clientB: Client;
  readonly pids: Readonly<Record<ParkedProcess, number>>;
  /** Rejects when a part ends by itself. */
  readonly broken: Promise<never>;
}

/** Starts the stand; it is stopped at the end of the scope. */
export async function startParkedStand(
  scope: Scope,
  cli: string,
  settings: ParkedSettings,
): Promise<ParkedStand> {
  const server = async (name: 'A' | 'B'): Promise<DevServer> => {
    const started = await startDevServer({ name, cli, startSignal: scope.signal });
    scope.defer(() => started.stop());
    return started;
  };
  const [a, b] = await Promise.all([server('A'), server('B')]);
  const [clientA, clientB] = [a, b].map(({ address }) => {
    const connection = Connection.lazy({ address });
    scope.defer(() => connection.close());
    return new Client({ connection });
  }) as [Client, Client];

  const keys = await sealKeySettings(scope);
  const start = (name: string, program: Omit<Program, 'name' | 'logFile'>): Promise<Service> =>
    startProgram(scope, { ...program, name, logFile: join(LOG_FOLDER, `${name}.log`) });
  const worker = (name: 'callers' | 'targets', address: string): Promise<Service> => {
    const place: ParkedPlace = { address, cache: settings.cache };
    const file = new URL(`parked-${name}.ts`, import.meta.url);
    return start(name, { ...scriptProgram(file, [JSON.stringify(place)], WORKERS_READY), env: {} });
  };
  // A newcomer's settings, with keys, and what the measurement changes.
  const bridgeEnv = {
    CLUSTER_A_HOST: a.address,
    CLUSTER_B_HOST: b.address,
    ...keys.caller,
    ...keys.handler,
    BRIDGE_LOG_FORMAT: 'json',
    ...bridgeSettings(settings),
  };
  const [bridge, callers, targets] = await Promise.all([
    start('bridge', { ...bridgeProgram(), env: bridgeEnv }),
    worker('callers', a.address),
    worker('targets', b.address),
  ]);
  return {
    a,
    b,
    clientA,
    clientB,
    pids: {
      'server A': a.pid,
      'server B': b.pid,
      bridge: bridge.pid,
      callers: callers.pid,
      targets: targets.pid,
    },
    broken: brokenPart([a, b], [bridge, callers, targets]),
  };
}
