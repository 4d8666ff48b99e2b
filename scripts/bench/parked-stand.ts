import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { SIGNING_KEY_FILE, VERIFY_KEYS_FILE, newKeys } from '../../src/cli/keys-command.js';
import type { Scope } from '../demo/scope.js';
import { BRIDGE, brokenPart, plainEnvironment } from '../demo/stack.js';
import { startDevServer, type DevServer } from '../stack/dev-server.js';
import { cacheDir } from '../stack/paths.js';
import { startService, type Service } from '../stack/service.js';
import type { ParkedPlace } from './parked-names.js';
import type { ParkedSettings } from './parked-settings.js';
import { bridgeSettings } from './parked-settings.js';
import { WORKERS_READY } from './run-workers.js';

const READY_TIMEOUT_MS = 120_000;
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
  if (!existsSync(BRIDGE)) throw new Error(`${BRIDGE} is not there: run "make build" first`);
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

  const folder = await mkdtemp(join(tmpdir(), 'temporal-bridge-bench-'));
  scope.defer(() => rm(folder, { recursive: true, force: true }));
  newKeys({ stdout: { write: () => true } }, { out: folder });
  const service = async (
    name: string,
    args: readonly string[],
    env: Readonly<Record<string, string>>,
    isReadyLine: (line: string) => boolean,
  ): Promise<Service> => {
    const started = await startService({
      name,
      args,
      env: { ...plainEnvironment(), ...env },
      logFile: join(LOG_FOLDER, `${name}.log`),
      scratchFolder: folder,
      isReadyLine,
      readyTimeoutMs: READY_TIMEOUT_MS,
      startSignal: scope.signal,
    });
    scope.defer(() => started.stop());
    return started;
  };
  const worker = (name: 'callers' | 'targets', address: string): Promise<Service> => {
    const place: ParkedPlace = { address, cache: settings.cache };
    const program = fileURLToPath(new URL(`parked-${name}.ts`, import.meta.url));
    const args = ['--import', import.meta.resolve('tsx'), program, JSON.stringify(place)];
    return service(name, args, {}, (line) => line === WORKERS_READY);
  };
  const [bridge, callers, targets] = await Promise.all([
    service('bridge', [BRIDGE, 'run'], bridgeEnv(a, b, folder, settings), (line) =>
      line.includes('"msg":"bridge ready"'),
    ),
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

/** The bridge's environment: a newcomer's, with keys, and what the measurement changes. */
function bridgeEnv(
  a: DevServer,
  b: DevServer,
  keys: string,
  settings: ParkedSettings,
): Record<string, string> {
  return {
    CLUSTER_A_HOST: a.address,
    CLUSTER_B_HOST: b.address,
    BRIDGE_SEAL_SIGNING_KEY_FILE: join(keys, SIGNING_KEY_FILE),
    BRIDGE_SEAL_VERIFY_KEYS_FILE: join(keys, VERIFY_KEYS_FILE),
    BRIDGE_LOG_FORMAT: 'json',
    ...bridgeSettings(settings),
  };
}
