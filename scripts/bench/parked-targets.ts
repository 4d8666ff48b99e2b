/** The worker of the parked targets, on B, as a program. Usage: parked-targets.ts PLACE */
import { PARKED_TARGETS_QUEUE, parkedPlaceOfProcess } from './parked-names.js';
import { bundleOf, runWorkers } from './run-workers.js';

const { address, cache } = parkedPlaceOfProcess();
await runWorkers({
  [address]: [
    {
      taskQueue: PARKED_TARGETS_QUEUE,
      workflowBundle: await bundleOf('./workflows/parked-targets.ts'),
      maxCachedWorkflows: cache,
    },
  ],
});
