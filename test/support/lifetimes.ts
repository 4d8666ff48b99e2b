/** Workers of workflows/lifetimes.ts on both clusters, and what tests ask of calls whose ends they order. */
import { fileURLToPath } from 'node:url';
import type { WorkflowHandle } from '@temporalio/client';
import { bundleWorkflowCode } from '@temporalio/worker';
import { WATCH_CALLER_ACTIVITY } from '../../src/shared/names.js';
import type { TestWorker } from './harness.js';
import { ensureRuntime, startTargets } from './harness.js';
import { eventually } from './inspect.js';
import type { Stage } from './stage.js';

let bundle: Promise<{ code: string }> | undefined;

function lifetimesBundle(): Promise<{ code: string }> {
  ensureRuntime();
  return (bundle ??= bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('./workflows/lifetimes.ts', import.meta.url)),
    logger: { log() {}, trace() {}, debug() {}, info() {}, warn() {}, error() {} },
  }));
}

/** Runs the callers on queue `callers` of A and the targets on queue `targets` of B. */
export async function startLifetimes(stage: Stage, maxCachedWorkflows?: number): Promise<void> {
  const workflowBundle = await lifetimesBundle();
  const cache = maxCachedWorkflows === undefined ? {} : { maxCachedWorkflows };
  await Promise.all([stage.libraryCallers({ workflowBundle, ...cache }), stage.targets({ workflowBundle })]);
}

/** Runs the targets on A, too, for children of the caller's own cluster. */
export async function startLifetimesOnA({ clusters }: Stage): Promise<TestWorker> {
  return startTargets(clusters.a, { workflowBundle: await lifetimesBundle() });
}

/** Attempts of the lease that a wrapper has had or waits for; 0: it has none. */
export async function leaseAttempts(wrapper: WorkflowHandle): Promise<number> {
  const { raw } = await wrapper.describe();
  const lease = raw.pendingActivities?.find(
    ({ activityType }) => activityType?.name === WATCH_CALLER_ACTIVITY,
  );
  return lease?.attempt ?? 0;
}

/** Waits for two more looks of a wrapper's lease: one of them has begun after this was asked. */
export async function afterMoreLooks(wrapper: WorkflowHandle): Promise<void> {
  const before = await leaseAttempts(wrapper);
  await eventually('the lease has looked again', async () => (await leaseAttempts(wrapper)) >= before + 2);
}
