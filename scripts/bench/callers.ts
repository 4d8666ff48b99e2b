/** The callers' workers on A, as a program. Usage: callers.ts PLACE, with the caller side's settings in the environment. */
import { Client, Connection } from '@temporalio/client';
import { BridgePlugin, resolveConfig } from '../../src/index.js';
import { publishedActivities } from '../../test/moving-over/published-bridge/activities.js';
import type { CallRequest } from './names.js';
import { CALLERS_QUEUE, PLUGIN_QUEUE, PUBLISHED_QUEUE, TARGET_QUEUE, TARGET_TYPE } from './names.js';
import { placeOfProcess } from './place.js';
import { bundleOf, runWorkers } from './run-workers.js';

const { a, bFromA } = placeOfProcess();
const remote = new Client({ connection: Connection.lazy({ address: bFromA }) });
const config = resolveConfig(process.env);
const plugin = new BridgePlugin({ startHere: { config, handlerSide: config.role === 'both' } });
const workflowsPath = './workflows/callers.ts';

await runWorkers({
  [a]: [
    {
      taskQueue: CALLERS_QUEUE,
      workflowBundle: await bundleOf(workflowsPath),
      activities: {
        awaitRemoteResult: ({ targetId, workMs }: CallRequest): Promise<string> =>
          remote.workflow.execute<(workMs: number) => Promise<string>>(TARGET_TYPE, {
            workflowId: targetId,
            taskQueue: TARGET_QUEUE,
            args: [workMs],
          }),
      },
    },
    {
      taskQueue: PLUGIN_QUEUE,
      workflowBundle: await bundleOf(workflowsPath, { plugins: [plugin] }),
      plugins: [plugin],
    },
    {
      taskQueue: PUBLISHED_QUEUE,
      workflowBundle: await bundleOf('../../test/moving-over/published-bridge/workflow.ts'),
      activities: publishedActivities(remote),
    },
  ],
});
