/** The targets' workers, on B and, for the child workflow, on A, as a program. Usage: targets.ts PLACE */
import * as temporalNexus from '@temporalio/nexus';
import * as nexus from 'nexus-rpc';
import type { CallRequest } from './names.js';
import { TARGET_QUEUE, TARGET_TYPE } from './names.js';
import { placeOfProcess } from './place.js';
import { bundleOf, runWorkers } from './run-workers.js';
import { targets } from './workflows/contract.js';

const { a, b } = placeOfProcess();
const workflowBundle = await bundleOf('./workflows/targets.ts');

const answer = new temporalNexus.WorkflowRunOperationHandler<CallRequest, string>((context, request) =>
  temporalNexus.startWorkflow<(workMs: number) => Promise<string>>(context, TARGET_TYPE, {
    args: [request.workMs],
    workflowId: request.targetId,
    taskQueue: TARGET_QUEUE,
    // As ours: the target's worker has this same connection.
    requestEagerStart: true,
  }),
);

await runWorkers({
  [a]: [{ taskQueue: TARGET_QUEUE, workflowBundle }],
  [b]: [
    { taskQueue: TARGET_QUEUE, workflowBundle, nexusServices: [nexus.serviceHandler(targets, { answer })] },
  ],
});
