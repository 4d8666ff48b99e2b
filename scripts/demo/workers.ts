/**
 * The demo's own workers, as a program: the shop on cluster A and the warehouse on cluster B. They are ordinary Temporal
 * workers and know nothing of the bridge. Usage: workers.ts ADDRESS_OF_A ADDRESS_OF_B
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { DefaultLogger, NativeConnection, Runtime, Worker, bundleWorkflowCode } from '@temporalio/worker';
import type { WorkerOptions } from '@temporalio/worker';
import { modulePath } from '../../src/bridge/module-path.js';
import * as warehouse from '../../workflows-b/activities.js';
import { FULFILLMENT_QUEUE, ORDER_QUEUE } from './names.js';
import { startUserTracing } from './user-tracing.js';

const [addressA, addressB] = process.argv.slice(2);
if (addressA === undefined || addressB === undefined)
  throw new Error('usage: workers.ts ADDRESS_OF_A ADDRESS_OF_B');

const CONNECT_TIMEOUT_MS = 60_000;
const CONNECT_EVERY_MS = 200;

const logger = new DefaultLogger('INFO');
Runtime.install({ logger, shutdownSignals: ['SIGTERM'] });

const otlpUrl = process.env['OTEL_EXPORTER_OTLP_ENDPOINT'];
const tracing = otlpUrl === undefined ? undefined : startUserTracing(otlpUrl);

/** The clusters may still be starting. */
async function connectWhenUp(address: string): Promise<NativeConnection> {
  for (const deadline = Date.now() + CONNECT_TIMEOUT_MS; ; await sleep(CONNECT_EVERY_MS)) {
    try {
      return await NativeConnection.connect({ address });
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
  }
}

async function makeWorker(
  address: string,
  taskQueue: string,
  module: string,
  activities: object,
  plugins: WorkerOptions['plugins'] = [],
): Promise<Worker> {
  const workflowBundle = await bundleWorkflowCode({
    workflowsPath: modulePath(module),
    logger: new DefaultLogger('WARN'),
    plugins,
  });
  const connection = await connectWhenUp(address);
  return await Worker.create({
    connection,
    taskQueue,
    workflowBundle,
    activities,
    plugins,
    shutdownGraceTime: '1s',
  });
}

const [shopTraces, warehouseTraces] = [
  tracing?.plugin('shop', 'cluster-a'),
  tracing?.plugin('warehouse', 'cluster-b'),
].map((plugin) => (plugin ? [plugin] : []));
const workers = await Promise.all([
  makeWorker(addressA, ORDER_QUEUE, 'workflows-a/order-workflow', {}, shopTraces),
  makeWorker(addressB, FULFILLMENT_QUEUE, 'workflows-b/fulfillment-workflow', warehouse, warehouseTraces),
]);
const running = workers.map((worker) => worker.run());
console.log('demo workers ready');
await Promise.all(running);
await tracing?.stop();
process.exit();
