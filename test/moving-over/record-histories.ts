/**
 * Records histories of the stand-in for the published bridge, on two servers of its own, into `histories/`:
 * `tsx test/moving-over/record-histories.ts`. They stand for what somebody who moves over has on cluster A, so they are
 * recorded once and kept.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { format } from 'prettier';
import { startDevServer, type DevServer } from '../../scripts/stack/dev-server.js';
import { cacheDir, repoRoot } from '../../scripts/stack/paths.js';
import type { TestSide } from '../support/harness.js';
import { startTargets } from '../support/harness.js';
import { historyToPlain } from '../support/history-json.js';
import { EVENT, countEvents, eventually } from '../support/inspect.js';
import { startPublishedBridge } from './published-bridge/worker.js';

const folder = fileURLToPath(new URL('./histories/', import.meta.url));
const bundles = join(cacheDir, 'record-published-histories');

async function side({ address, metricsUrl }: DevServer): Promise<TestSide> {
  const connection = await Connection.connect({ address });
  const client = new Client({ connection, namespace: 'default', identity: 'recorder' });
  return { address, metricsUrl, namespace: 'default', client };
}

/** Without the names of the machine and its folders. */
async function save(name: string, call: WorkflowHandle): Promise<void> {
  const history = historyToPlain(await call.fetchHistory());
  const text = JSON.stringify(history).replaceAll(repoRoot, '').replaceAll(hostname(), 'host');
  await writeFile(join(folder, `${name}.json`), await format(text, { parser: 'json', printWidth: 110 }));
  console.log(`${name}: ${history.events.length} events`);
}

const servers = await Promise.all(['A', 'B'].map((name) => startDevServer({ name })));
try {
  await Promise.all([folder, bundles].map((path) => mkdir(path, { recursive: true })));
  process.env['TB_TEST_CLI'] = 'unused';
  process.env['TB_TEST_BUNDLES'] = bundles;
  for (const { name, address, metricsUrl } of servers) {
    process.env[`TB_TEST_${name}_ADDRESS`] = address;
    process.env[`TB_TEST_${name}_METRICS`] = metricsUrl;
  }
  const [a, b] = (await Promise.all(servers.map(side))) as [TestSide, TestSide];
  const start = (workflowId: string, WorkflowType: string, input?: unknown) =>
    a.client.workflow.start('CrossClusterWorkflow', {
      taskQueue: 'bridge-queue',
      workflowId,
      args: [
        {
          WorkflowType,
          TaskQueue: 'targets',
          ...(input === undefined ? {} : { Input: Buffer.from(JSON.stringify(input)).toString('base64') }),
        },
      ],
    });
  const workers = await Promise.all([startPublishedBridge({ a, b }), startTargets(b)]);

  const completed = await start('order-1', 'Echo', { orderID: '1' });
  await completed.result();
  await save('completed', completed);

  const failed = await start('order-2', 'Fail', 'no stock');
  await failed.result().catch(() => undefined);
  await save('failed', failed);

  const waiting = await start('order-3', 'Gate');
  await eventually('the call waits', async () => (await countEvents(waiting, EVENT.activityScheduled)) === 2);
  await save('waiting', waiting);
  await waiting.terminate();

  await Promise.all(workers.map((worker) => worker.stop()));
  await Promise.all([a, b].map(({ client }) => client.connection.close()));
} finally {
  await Promise.all(servers.map((server) => server.stop()));
  await rm(bundles, { recursive: true, force: true });
}
