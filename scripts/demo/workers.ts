/**
 * The demo's own workers, as a program: the shop on cluster A and the warehouse on cluster B, one of them or both. They are
 * ordinary Temporal workers and know nothing of the bridge. Usage: workers.ts [--shop ADDRESS] [--warehouse ADDRESS]
 * With `HEALTH_PORT` they say there whether they run.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import type { WorkerOptions } from '@temporalio/worker';
import * as warehouseActivities from '../../workflows-b/activities.js';
import { FULFILLMENT_QUEUE, ORDER_QUEUE } from './names.js';
import { startUserTracing } from './user-tracing.js';
import { serveWorkerHealth, type ConnectedWorker } from './worker-health.js';
import { workflowBundle } from './workflow-bundles.js';

const { shop, warehouse } = parseArgs({
  options: { shop: { type: 'string' }, warehouse: { type: 'string' } },
}).values;
if (shop === undefined && warehouse === undefined)
  throw new Error('usage: workers.ts [--shop ADDRESS] [--warehouse ADDRESS]');

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
  module: Parameters<typeof workflowBundle>[0],
  activities: object,
  plugins: NonNullable<WorkerOptions['plugins']>,
): Promise<ConnectedWorker> {
  const bundled = await workflowBundle(module, plugins.length > 0);
  const connection = await connectWhenUp(address);
  const worker = await Worker.create({
    connection,
    taskQueue,
    workflowBundle: bundled,
    activities,
    plugins,
    shutdownGraceTime: '1s',
  });
  return { worker, connection };
}

const traces = (service: string, cluster: 'cluster-a' | 'cluster-b') =>
  tracing ? [tracing.plugin(service, cluster)] : [];
const workers = await Promise.all([
  ...(shop === undefined
    ? []
    : [makeWorker(shop, ORDER_QUEUE, 'workflows-a/order-workflow', {}, traces('shop', 'cluster-a'))]),
  ...(warehouse === undefined
    ? []
    : [
        makeWorker(
          warehouse,
          FULFILLMENT_QUEUE,
          'workflows-b/fulfillment-workflow',
          warehouseActivities,
          traces('warehouse', 'cluster-b'),
        ),
      ]),
]);
const running = workers.map(({ worker }) => worker.run());
const healthPort = process.env['HEALTH_PORT'];
if (healthPort !== undefined) serveWorkerHealth(Number(healthPort), workers);
console.log('demo workers ready');
await Promise.all(running);
await tracing?.stop();
process.exit();
