import { join } from 'node:path';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { brokenPart } from '../demo/stack.js';
import type { DevServer } from '../stack/dev-server.js';
import { cacheDir } from '../stack/paths.js';
import { bridgeProgram, scriptProgram, sealKeySettings, startProgram } from '../stack/programs.js';
import type { Program } from '../stack/programs.js';
import type { Scope } from '../stack/scope.js';
import type { Variant } from './names.js';
import type { Place } from './place.js';
import { WORKERS_READY } from './run-workers.js';
import { startClusters, type ClustersOptions } from './stand-clusters.js';
import { startCaller } from './start-caller.js';
import { BRIDGE_WORKER_ENV } from './worker-options.js';

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
type Part = Pick<Program, 'args' | 'env' | 'isReadyLine'> & { readonly what: string };

/** Starts a stand; it is stopped at the end of the scope. */
export async function startStand(scope: Scope, options: StandOptions): Promise<Stand> {
  const { name, links, eager } = options;
  const clusters = await startClusters(scope, options);
  const { a, b, clientA, clientB, aFromB, bFromA } = clusters;
  const keys = await sealKeySettings(scope);

  const onA = { CLUSTER_A_HOST: a.address, CLUSTER_B_HOST: bFromA };
  const caller = { ...onA, ...keys.caller, BRIDGE_ROLE: 'caller' };
  const handler = {
    CLUSTER_A_HOST: aFromB,
    CLUSTER_B_HOST: b.address,
    ...keys.handler,
    BRIDGE_ROLE: 'handler',
  };
  // With eager starts the plugin, too, has the handler side beside it.
  const both = { ...onA, ...keys.caller, ...keys.handler, BRIDGE_ROLE: 'both' };
  const place: Place = { a: a.address, b: b.address, bFromA };
  const programs = [
    ...(links
      ? [bridge('bridge-caller', caller), bridge('bridge-handler', handler)]
      : [bridge('bridge', both)]),
    workers('callers', place, eager && !links ? both : caller),
    workers('targets', place, {}),
  ];
  const services = await Promise.all(
    programs.map(({ what, env, ...program }) =>
      startProgram(scope, {
        ...program,
        name: `${what} (${name})`,
        env: {
          BRIDGE_LOG_FORMAT: 'json',
          BRIDGE_LOG_LEVEL: 'warn',
          ...BRIDGE_WORKER_ENV,
          ...options.bridgeEnv,
          ...env,
        },
        logFile: join(cacheDir, 'bench', name.replaceAll(/\W+/g, '-'), `${what}.log`),
      }),
    ),
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

function bridge(what: string, env: Readonly<Record<string, string>>): Part {
  // The line that says that it is ready is of this level.
  return { what, ...bridgeProgram(), env: { ...env, BRIDGE_LOG_LEVEL: 'info' } };
}

function workers(what: 'callers' | 'targets', place: Place, env: Readonly<Record<string, string>>): Part {
  const file = new URL(`${what}.ts`, import.meta.url);
  return { what, ...scriptProgram(file, [JSON.stringify(place)], WORKERS_READY), env };
}
