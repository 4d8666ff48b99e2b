/** The worker of the parked callers, on A, as a program. Usage: parked-callers.ts PLACE */
import { PARKED_CALLERS_QUEUE, parkedPlaceOfProcess } from './parked-names.js';
import { bundleOf, runWorkers } from './run-workers.js';

const { address, cache } = parkedPlaceOfProcess();
await runWorkers({
  [address]: [
    {
      taskQueue: PARKED_CALLERS_QUEUE,
      workflowBundle: await bundleOf('./workflows/parked-callers.ts'),
      maxCachedWorkflows: cache,
    },
  ],
});
