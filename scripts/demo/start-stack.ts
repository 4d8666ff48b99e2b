import { relative } from 'node:path';
import type { DevServer } from '../stack/dev-server.js';
import type { Service } from '../stack/service.js';
import { FULFILLMENT_QUEUE, ORDER_QUEUE } from './names.js';
import type { ClusterPorts, DemoPorts } from './ports.js';
import type { Scope } from '../stack/scope.js';
import { inWords, type Screen } from './screen.js';
import { addressOf, startBridge, startClusters, startWorkers, type PartOptions } from './stack.js';

/** Both clusters, the bridge and the demo's workers. */
export interface Stack {
  readonly a: DevServer;
  readonly b: DevServer;
  readonly bridge: Service;
  readonly workers: Service;
  readonly clustersMs: number;
  readonly allMs: number;
}

/** Starts all of it, and has it stopped at the end of the scope. */
export async function startStack(
  scope: Scope,
  screen: Screen,
  cli: string,
  ports: DemoPorts,
  options: PartOptions,
): Promise<Stack> {
  const beganAt = Date.now();
  const at = { a: addressOf(ports.a), b: addressOf(ports.b) };
  const failed = new AbortController();
  // The workers bundle their workflows while the clusters come up.
  const workersStarting = startWorkers(scope, at, options, AbortSignal.any([scope.signal, failed.signal]));
  workersStarting.catch(() => undefined);
  try {
    const clusters = await screen.during('starting two clusters', startClusters(scope, cli, ports));
    const clustersMs = Date.now() - beganAt;
    const services = Promise.all([startBridge(scope, at, options), workersStarting]);
    const [bridge, workers] = await screen.during('starting the bridge and the demo workers', services);
    return { ...clusters, bridge, workers, clustersMs, allMs: Date.now() - beganAt };
  } catch (error) {
    failed.abort(error);
    await workersStarting.catch(() => undefined);
    throw error;
  }
}

/** Shows where both clusters are. */
export function clusterRows(ports: DemoPorts, screen: Screen, note = ''): void {
  const { paint } = screen;
  const text = ({ grpc, ui }: ClusterPorts): string =>
    `localhost:${grpc}  UI ${paint.underline(`http://localhost:${ui}`)}`;
  screen.line(`  ${paint.cyan('cluster A')}  ${text(ports.a)}`);
  screen.line(`  ${paint.magenta('cluster B')}  ${text(ports.b)}${note}`);
}

/** Shows what runs, and where. */
export function showStack(stack: Stack, ports: DemoPorts, screen: Screen): void {
  clusterRows(ports, screen, `  (both up after ${inWords(stack.clustersMs)})`);
  const { pid, logFile } = stack.bridge;
  screen.line(`  bridge     temporal-bridge run, process ${pid}, log ${shortPath(logFile)}`);
  screen.line(
    `  workers    A: OrderWorkflow on ${ORDER_QUEUE}; B: FulfillmentWorkflow on ${FULFILLMENT_QUEUE}`,
  );
  screen.line(`             (all of it up after ${inWords(stack.allMs)})`);
  screen.line();
}

/** The path as seen from here, if that is shorter. */
export function shortPath(path: string): string {
  const short = relative(process.cwd(), path);
  return short.length < path.length ? short : path;
}
