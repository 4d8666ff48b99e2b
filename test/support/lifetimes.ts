/** Workers of workflows/lifetimes.ts on both clusters, and what tests ask of calls whose ends they order. */
import type { WorkflowHandle } from '@temporalio/client';
import { WATCH_CALLER_ACTIVITY } from '../../src/shared/names.js';
import type { TestWorker } from './harness.js';
import { ensureRuntime, startTargets } from './harness.js';
import { eventually } from './inspect.js';
import type { FaultProxy } from './fault-proxy.js';
import type { Stage } from './stage.js';
import { bundleWorkflows } from './bundle.js';
import { openStage } from './stage.js';

let bundle: ReturnType<typeof bundleWorkflows> | undefined;

function lifetimesBundle(): ReturnType<typeof bundleWorkflows> {
  ensureRuntime();
  return (bundle ??= bundleWorkflows('lifetimes'));
}

/** A stage with callers, targets, and a bridge behind a proxy to B that gives up on it for a second at most. */
export async function openLifetimes(maxCachedWorkflows: number): Promise<{ stage: Stage; toB: FaultProxy }> {
  const stage = await openStage();
  const toB = await stage.proxy('b');
  await Promise.all([
    stage.bridge({
      addressOfB: toB.address,
      env: {
        BRIDGE_MAX_CACHED_WORKFLOWS: `${maxCachedWorkflows}`,
        BRIDGE_START_RETRY_FIRST: '200ms',
        BRIDGE_START_RETRY_MAX: '1s',
      },
    }),
    startLifetimes(stage, maxCachedWorkflows),
  ]);
  return { stage, toB };
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
