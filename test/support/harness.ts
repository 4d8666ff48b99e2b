import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import type { WorkflowHandle } from '@temporalio/client';
import { NativeConnection, Worker, bundleWorkflowCode } from '@temporalio/worker';
import type { WorkerOptions } from '@temporalio/worker';
import { resolveConfig } from '../../src/bridge/config/resolve.js';
import { createLogger } from '../../src/bridge/logger.js';
import type { CodecsByCluster } from '../../src/bridge/run-side.js';
import type { Tracing } from '../../src/bridge/tracing/tracing.js';
import { runBridge } from '../../src/bridge/run.js';
import type { InstallRuntimeOptions } from '../../src/bridge/runtime.js';
import { installRuntime } from '../../src/bridge/runtime.js';
import type { HealthReport } from '../../src/index.js';
import { modulePath } from '../../src/bridge/module-path.js';
import { createNamespace, readTestEnv } from './test-env.js';
import { SILENT } from './silent-logger.js';

/** One cluster as a test uses it: a namespace of its own on a server. */
export interface TestSide {
  readonly address: string;
  readonly namespace: string;
  readonly metricsUrl: string;
  readonly client: Client;
}

/** The caller cluster A and the handler cluster B of one test file. */
export interface TwoClusters {
  readonly a: TestSide;
  readonly b: TestSide;
  close(): Promise<void>;
}

const sdkLines: LogLine[] = [];
const runtimeLog = createLogger({
  level: 'info',
  format: 'json',
  destination: {
    write: (text: string) => {
      for (const line of logLines(text)) {
        sdkLines.push(line);
        if (line.level === 'error') process.stderr.write(`${JSON.stringify(line)}\n`);
      }
    },
  },
});
let runtimeIsInstalled = false;

function logLines(text: string): LogLine[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line) as LogLine);
}

/** What the SDK has logged in this process at `info` and above: its workers' lines and those of workflows. */
export function sdkLogs(): readonly LogLine[] {
  return sdkLines;
}

/** The SDK's runtime is a singleton; its own logs below `error` would drown a test's output. */
export function ensureRuntime(options: InstallRuntimeOptions = {}): void {
  if (!runtimeIsInstalled) installRuntime(runtimeLog, options);
  runtimeIsInstalled = true;
}

/** A side on any server, with a new namespace of its own. */
export async function createSide(server: {
  readonly address: string;
  readonly metricsUrl: string;
}): Promise<TestSide> {
  const connection = await Connection.connect({ address: server.address });
  const namespace = await createNamespace(connection);
  return { ...server, namespace, client: new Client({ connection, namespace }) };
}

/** Two new namespaces on the servers that all test files share, or on the given ones. */
export async function createTwoClusters(
  servers?: Readonly<Record<'a' | 'b', { readonly address: string; readonly metricsUrl: string }>>,
): Promise<TwoClusters> {
  ensureRuntime();
  const { clusterA, clusterB } = servers ? { clusterA: servers.a, clusterB: servers.b } : readTestEnv();
  const [a, b] = await Promise.all([createSide(clusterA), createSide(clusterB)]);
  return {
    a,
    b,
    close: async () => {
      await Promise.all([a.client.connection.close(), b.client.connection.close()]);
    },
  };
}

/** One line of a bridge's log. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly level: string; readonly msg: string };

/** A bridge that runs in the test's process. */
export interface TestBridge {
  /** What it has logged so far. */
  readonly logs: readonly LogLine[];
  readonly health: () => HealthReport;
  stop(): Promise<void>;
}

/** How a test's bridge differs from the default one. */
export interface TestBridgeOptions {
  /** Settings by environment name, beside the clusters' own. */
  readonly env?: Readonly<Record<string, string>>;
  /** Address at which the bridge reaches A, B: for a proxy between. */
  readonly addressOfA?: string;
  readonly addressOfB?: string;
  /** Wait until it polls; default true. */
  readonly waitUntilReady?: boolean;
  /** Payload codecs by cluster, for the bridge itself. */
  readonly codecs?: CodecsByCluster;
  readonly tracing?: Tracing;
}

/** The environment of a bridge between two test clusters. */
export function bridgeEnv(
  { a, b }: Pick<TwoClusters, 'a' | 'b'>,
  options: TestBridgeOptions = {},
): Record<string, string> {
  return {
    BRIDGE_DEV: 'true',
    BRIDGE_LOG_LEVEL: 'debug',
    BRIDGE_LOG_FORMAT: 'json',
    CLUSTER_A_HOST: options.addressOfA ?? a.address,
    CLUSTER_A_NAMESPACE: a.namespace,
    CLUSTER_B_HOST: options.addressOfB ?? b.address,
    CLUSTER_B_NAMESPACE: b.namespace,
    BRIDGE_SHUTDOWN_GRACE: '1s',
    BRIDGE_HTTP_ADDRESS: '127.0.0.1:0',
    ...options.env,
  };
}

/** Starts a bridge in this process. */
export async function startBridge(
  clusters: Pick<TwoClusters, 'a' | 'b'>,
  options: TestBridgeOptions = {},
): Promise<TestBridge> {
  ensureRuntime();
  const logs: LogLine[] = [];
  const config = resolveConfig(bridgeEnv(clusters, options));
  const log = createLogger({
    ...config.log,
    destination: {
      write: (text: string) => {
        logs.push(...logLines(text));
      },
    },
  });
  const { codecs = {}, tracing } = options;
  const bundleFolder = `${readTestEnv().bundlesDir}/`;
  const bridge = await runBridge(config, log, { codecs, tracing, bundleFolder });
  if (options.waitUntilReady ?? true) await bridge.ready;
  return { logs, health: () => bridge.health(), stop: () => bridge.shutdown('test ends') };
}

/** A worker of a test. */
export interface TestWorker {
  stop(): Promise<void>;
}

/** Runs a worker on a test's namespace. */
export async function startWorker(
  side: Pick<TestSide, 'address' | 'namespace'>,
  options: Omit<WorkerOptions, 'connection' | 'namespace'>,
): Promise<TestWorker> {
  ensureRuntime();
  const connection = await NativeConnection.connect({ address: side.address });
  const worker = await Worker.create({ connection, namespace: side.namespace, ...options });
  const running = worker.run();
  return {
    stop: async () => {
      if (worker.getState() === 'RUNNING') worker.shutdown();
      await running;
      await connection.close();
    },
  };
}

/** Bundles a test's workflows once a run: the first file that needs them leaves them for the others. */
async function testBundle(
  name: 'targets' | 'callers' | 'library-callers',
  interceptors: string[],
): Promise<{ codePath: string }> {
  const codePath = join(readTestEnv().bundlesDir, `test-${name}.js`);
  if (!existsSync(codePath)) {
    const { code } = await bundleWorkflowCode({
      workflowsPath: fileURLToPath(new URL(`./workflows/${name}.ts`, import.meta.url)),
      workflowInterceptorModules: interceptors,
      logger: SILENT,
    });
    const draft = `${codePath}.${randomUUID()}`;
    await writeFile(draft, code);
    await rename(draft, codePath);
  }
  return { codePath };
}

/** Runs the targets of workflows/targets.ts, by default on queue `targets` of B. */
export async function startTargets(
  side: Pick<TestSide, 'address' | 'namespace'>,
  options: Partial<WorkerOptions> = {},
): Promise<TestWorker> {
  return startWorker(side, {
    taskQueue: 'targets',
    ...(options.workflowBundle ? {} : { workflowBundle: await testBundle('targets', []) }),
    ...options,
  });
}

/** Runs the callers of workflows/callers.ts, by default on queue `callers` of A. */
export async function startCallers(
  side: Pick<TestSide, 'address' | 'namespace'>,
  options: Partial<WorkerOptions> = {},
): Promise<TestWorker> {
  return startWorker(side, {
    taskQueue: 'callers',
    workflowBundle: await testBundle('callers', [modulePath('src/workflow/interceptors')]),
    ...options,
  });
}

/** Runs the callers of workflows/library-callers.ts, by default on queue `callers` of A: nothing of the bridge is installed. */
export async function startLibraryCallers(
  side: Pick<TestSide, 'address' | 'namespace'>,
  options: Partial<WorkerOptions> = {},
): Promise<TestWorker> {
  return startWorker(side, {
    taskQueue: 'callers',
    ...(options.workflowsPath || options.workflowBundle
      ? {}
      : { workflowBundle: await testBundle('library-callers', []) }),
    ...options,
  });
}

/** Path of the library callers, for workers that bundle them themselves. */
export const LIBRARY_CALLERS_PATH = fileURLToPath(new URL('./workflows/library-callers.ts', import.meta.url));

/** Starts a `CrossClusterWorkflow` with this request. */
export function startCrossCluster(
  { a }: Pick<TwoClusters, 'a'>,
  request: unknown,
  options: { readonly workflowId?: string } & Record<string, unknown> = {},
): Promise<WorkflowHandle> {
  return a.client.workflow.start('CrossClusterWorkflow', {
    taskQueue: 'bridge-queue',
    workflowId: `call-${randomUUID()}`,
    args: [request],
    ...options,
  });
}

/** A request in the plain form for a target of workflows/targets.ts. */
export function requestFor(
  workflowType: string,
  args: unknown[] = [],
  more: Record<string, unknown> = {},
): Record<string, unknown> {
  return { workflowType, taskQueue: 'targets', args, timeout: '5m', ...more };
}
