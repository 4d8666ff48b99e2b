/**
 * Records histories of the stand-in for the published bridge, on two servers of its own, into `histories/`:
 * `tsx test/moving-over/record-histories.ts`. They stand for what somebody who moves over has on cluster A, so they are
 * recorded once and kept.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { WorkflowHandle } from '@temporalio/client';
import { format } from 'prettier';
import { repoRoot } from '../../scripts/stack/paths.js';
import { startTargets } from '../support/harness.js';
import { historyToPlain } from '../support/history-json.js';
import { EVENT, countEvents, eventually } from '../support/inspect.js';
import { withRecordingServers } from '../support/recording-servers.js';
import { startPublishedBridge } from './published-bridge/worker.js';

const folder = fileURLToPath(new URL('./histories/', import.meta.url));
/** Without the names of the machine and its folders. */
async function save(name: string, call: WorkflowHandle): Promise<void> {
  const history = historyToPlain(await call.fetchHistory());
  const text = JSON.stringify(history).replaceAll(repoRoot, '').replaceAll(hostname(), 'host');
  await writeFile(join(folder, `${name}.json`), await format(text, { parser: 'json', printWidth: 110 }));
  console.log(`${name}: ${history.events.length} events`);
}

await withRecordingServers('record-published-histories', async ({ a, b }) => {
  await mkdir(folder, { recursive: true });
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
});
