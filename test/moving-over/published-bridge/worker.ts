/** Runs the stand-in for the published bridge between two test clusters; see names.ts. */
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, type WorkerOptions } from '@temporalio/worker';
import type { TestWorker, TwoClusters } from '../../support/harness.js';
import { startWorker } from '../../support/harness.js';
import type { PollOptions } from './activities.js';
import { publishedActivities } from './activities.js';
import { SILENT } from '../../support/silent-logger.js';

/** How a test's published bridge differs from the published one. */
export interface PublishedBridgeOptions extends PollOptions {
  /** What this worker takes from the queue; default: both, in one worker, as published. */
  readonly takes?: 'workflows' | 'activities' | 'both';
}

let bundled: Promise<{ code: string }> | undefined;

/** Bundles the stand-in's workflow, once a process. */
export function publishedBundle(): Promise<{ code: string }> {
  bundled ??= bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('./workflow.ts', import.meta.url)),
    logger: SILENT,
  });
  return bundled;
}

/** Starts the stand-in on `bridge-queue` of A. */
export async function startPublishedBridge(
  { a, b }: Pick<TwoClusters, 'a' | 'b'>,
  { takes = 'both', pollIntervalMs = 100, ...poll }: PublishedBridgeOptions = {},
): Promise<TestWorker> {
  const workflows: Partial<WorkerOptions> = { workflowBundle: await publishedBundle() };
  const activities: Partial<WorkerOptions> = {
    activities: publishedActivities(b.client, { pollIntervalMs, ...poll }),
  };
  return startWorker(a, {
    taskQueue: 'bridge-queue',
    identity: 'published-bridge',
    ...(takes === 'activities' ? {} : workflows),
    ...(takes === 'workflows' ? {} : activities),
  });
}
