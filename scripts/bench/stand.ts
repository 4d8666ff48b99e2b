import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { SIGNING_KEY_FILE, VERIFY_KEYS_FILE, newKeys } from '../../src/cli/keys-command.js';
import { BRIDGE, brokenPart, plainEnvironment } from '../demo/stack.js';
import type { Scope } from '../demo/scope.js';
import type { DevServer } from '../stack/dev-server.js';
import { cacheDir } from '../stack/paths.js';
import { startService, type Service } from '../stack/service.js';
import type { Variant } from './names.js';
import type { Place } from './place.js';
import { WORKERS_READY } from './run-workers.js';
import { startClusters, type ClustersOptions } from './stand-clusters.js';
import { startCaller } from './start-caller.js';
import { BRIDGE_WORKER_ENV } from './worker-options.js';

const READY_TIMEOUT_MS = 120_000;

/** How a stand is set up. With links, a bridge process runs on each side of them. */
export interface StandOptions extends ClustersOptions {
  /** Further settings of the bridge. */
  readonly bridgeEnv?: Readonly<Record<string, string>>;
}

/** Everything that calls run on: two clusters, the bridge, and the workers. */
export interface Stand {
  readonly name: string;
  readonly a: DevServer;
  readonly b: DevServer;
  readonly clientA: Client;
  readonly clientB: Client;
  /** Process ids by part: `server A`, `server B`, `bridge` (or `bridge-caller` and `bridge-handler`), `callers`, `targets`. */
  readonly processes: () => Readonly<Record<string, number>>;
  /** Rejects when a process of the stand ends, be it by itself or at the end of the scope; never resolves. */
  readonly broken: Promise<never>;
  /** Delays everything that crosses between the clusters by this many milliseconds, each way. Only with links. */
  readonly setDelay: (delayMs: number) => void;
  /** Starts a caller. */
  readonly start: (variant: Variant, workMs: number) => Promise<WorkflowHandle>;
}

/** A program of the stand. */
interface Program {
  readonly what: string;
  /** Arguments of `node`. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly isReadyLine: (line: string) => boolean;
}

/** Starts a stand; it is stopped at the end of the scope. */
export async function startStand(scope: Scope, options: StandOptions): Promise<Stand> {
  const { name, links, eager } = options;
  const clusters = await startClusters(scope, options);
  const { a, b, clientA, clientB, aFromB, bFromA } = clusters;
  const folder = await mkdtemp(join(tmpdir(), 'temporal-bridge-bench-'));
  scope.defer(() => rm(folder, { recursive: true, force: true }));
  newKeys({ stdout: { write: () => true } }, { out: folder });

  const signingKey = { BRIDGE_SEAL_SIGNING_KEY_FILE: join(folder, SIGNING_KEY_FILE) };
  const verifyKeys = { BRIDGE_SEAL_VERIFY_KEYS_FILE: join(folder, VERIFY_KEYS_FILE) };
  const onA = { CLUSTER_A_HOST: a.address, CLUSTER_B_HOST: bFromA };
  const caller = { ...onA, ...signingKey, BRIDGE_ROLE: 'caller' };
  const handler = {
    CLUSTER_A_HOST: aFromB,
    CLUSTER_B_HOST: b.address,
    ...verifyKeys,
    BRIDGE_ROLE: 'handler',
  };
  // With eager starts the plugin, too, has the handler side beside it.
  const both = { ...onA, ...signingKey, ...verifyKeys, BRIDGE_ROLE: 'both' };
  const place: Place = { a: a.address, b: b.address, bFromA };
  const programs = [
    ...(links
      ? [bridge('bridge-caller', caller), bridge('bridge-handler', handler)]
      : [bridge('bridge', both)]),
    workers('callers', place, eager && !links ? both : caller),
    workers('targets', place, {}),
  ];
  const services = await Promise.all(
    programs.map((program) => startProgram(scope, program, options, folder)),
  );
  return {
    name,
    a,
    b,
    clientA,
    clientB,
    processes: () => ({
      'server A': a.pid,
      'server B': b.pid,
      ...Object.fromEntries(programs.map(({ what }, index) => [what, services[index]?.pid ?? NaN])),
    }),
    broken: brokenPart([a, b], services),
    setDelay: clusters.setDelay,
    start: (variant, workMs) => startCaller(clientA, variant, workMs),
  };
}

function bridge(what: string, env: Readonly<Record<string, string>>): Program {
  return {
    what,
    args: [BRIDGE, 'run'],
    // The line that says that it is ready is of this level.
    env: { ...env, BRIDGE_LOG_LEVEL: 'info' },
    isReadyLine: (line) => line.includes('"msg":"bridge ready"'),
  };
}

function workers(what: 'callers' | 'targets', place: Place, env: Readonly<Record<string, string>>): Program {
  const file = fileURLToPath(new URL(`${what}.ts`, import.meta.url));
  return {
    what,
    args: ['--import', import.meta.resolve('tsx'), file, JSON.stringify(place)],
    env,
    isReadyLine: (line) => line === WORKERS_READY,
  };
}

async function startProgram(
  scope: Scope,
  { what, args, env, isReadyLine }: Program,
  { name, bridgeEnv }: StandOptions,
  folder: string,
): Promise<Service> {
  const started = await startService({
    name: `${what} (${name})`,
    args,
    env: {
      ...plainEnvironment(),
      BRIDGE_LOG_FORMAT: 'json',
      BRIDGE_LOG_LEVEL: 'warn',
      ...BRIDGE_WORKER_ENV,
      ...bridgeEnv,
      ...env,
    },
    logFile: join(cacheDir, 'bench', name.replaceAll(/\W+/g, '-'), `${what}.log`),
    scratchFolder: folder,
    isReadyLine,
    readyTimeoutMs: READY_TIMEOUT_MS,
    startSignal: scope.signal,
  });
  scope.defer(() => started.stop());
  return started;
}
