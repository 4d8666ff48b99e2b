import { Client, Connection } from '@temporalio/client';
import type { Scope } from '../stack/scope.js';
import { startDevServer, type DevServer } from '../stack/dev-server.js';
import { startLink, type Link } from '../stack/link.js';
import { pickFreePort } from '../stack/ports.js';
import { NEXUS_ENDPOINT, TARGET_QUEUE } from './names.js';

const HOST = '127.0.0.1';

/** How the clusters of a stand are set up. */
export interface ClustersOptions {
  readonly cli: string;
  readonly name: string;
  /** Eager dispatch of activities and workflows, on both servers. */
  readonly eager: boolean;
  /** A link between the clusters that can be slowed down. */
  readonly links: boolean;
}

/** Two dev servers between which Nexus works, and the way from one to the other. */
export interface StandClusters {
  readonly a: DevServer;
  readonly b: DevServer;
  readonly clientA: Client;
  readonly clientB: Client;
  /** Address of A as B's side reaches it, and of B as A's side does. */
  readonly aFromB: string;
  readonly bFromA: string;
  /** Delays everything that crosses, each way. Does nothing without links. */
  readonly setDelay: (delayMs: number) => void;
}

/** What the servers are set to beside what makes them fast: what Nexus between two dev servers needs, and eager dispatch. */
export function dynamicConfig(
  callbackPort: number | string,
  eager: boolean,
): Readonly<Record<string, unknown>> {
  return {
    'component.callbacks.allowedAddresses': [{ Pattern: '*', AllowInsecure: true }],
    'component.nexusoperations.useSystemCallbackURL': false,
    'component.nexusoperations.callback.endpoint.template': `http://${HOST}:${callbackPort}/namespaces/{{.NamespaceName}}/nexus/callback`,
    'system.enableActivityEagerExecution': eager,
    'system.enableEagerWorkflowStart': eager,
  };
}

/** Starts the clusters of a stand; they are stopped at the end of the scope. */
export async function startClusters(scope: Scope, options: ClustersOptions): Promise<StandClusters> {
  const { cli, name, eager, links } = options;
  const ports = {
    a: await pickFreePort(),
    b: await pickFreePort(),
    aHttp: await pickFreePort(),
    bHttp: await pickFreePort(),
  };
  const way = (port: number): Promise<Way> => (links ? linkTo(scope, port) : Promise.resolve({ port }));
  const [toA, toB, toAHttp, toBHttp] = await Promise.all([
    way(ports.a),
    way(ports.b),
    way(ports.aHttp),
    way(ports.bHttp),
  ]);
  const server = async (which: 'A' | 'B', port: number, httpPort: number, callbackPort: number) => {
    const started = await startDevServer({
      name: `${which} (${name})`,
      cli,
      port,
      httpPort,
      dynamicConfig: dynamicConfig(callbackPort, eager),
      startSignal: scope.signal,
    });
    scope.defer(() => started.stop());
    return started;
  };
  const [a, b] = await Promise.all([
    server('A', ports.a, ports.aHttp, toAHttp.port),
    server('B', ports.b, ports.bHttp, ports.bHttp),
  ]);
  const clientOf = ({ address }: DevServer): Client => {
    const connection = Connection.lazy({ address });
    scope.defer(() => connection.close());
    return new Client({ connection });
  };
  const [clientA, clientB] = [clientOf(a), clientOf(b)];
  await createEndpoints(clientA, clientB, toBHttp.port);
  return {
    a,
    b,
    clientA,
    clientB,
    aFromB: `${HOST}:${toA.port}`,
    bFromA: `${HOST}:${toB.port}`,
    setDelay: (delayMs) => {
      for (const { link } of [toA, toB, toAHttp, toBHttp]) link?.setDelay(delayMs);
    },
  };
}

/** A port that leads to a server, and the link that it belongs to, if there is one. */
interface Way {
  readonly port: number;
  readonly link?: Link;
}

async function linkTo(scope: Scope, port: number): Promise<Way> {
  const link = await startLink(port);
  scope.defer(() => link.close());
  return { port: Number(link.address.split(':')[1]), link };
}

/** A Nexus endpoint on B for the targets' worker, and one on A that leads there. */
async function createEndpoints(a: Client, b: Client, bHttpPort: number): Promise<void> {
  const onB = await b.connection.operatorService.createNexusEndpoint({
    spec: { name: NEXUS_ENDPOINT, target: { worker: { namespace: 'default', taskQueue: TARGET_QUEUE } } },
  });
  const url = `http://${HOST}:${bHttpPort}/nexus/endpoints/${onB.endpoint?.id ?? ''}/services`;
  await a.connection.operatorService.createNexusEndpoint({
    spec: { name: NEXUS_ENDPOINT, target: { external: { url } } },
  });
}
