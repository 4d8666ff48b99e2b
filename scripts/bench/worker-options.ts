/** What every worker of the benchmark has alike, ours and the peers': whatever one gets, all get. */
export const WORKER_OPTIONS = {
  maxConcurrentWorkflowTaskExecutions: 40,
  maxConcurrentActivityTaskExecutions: 400,
  maxCachedWorkflows: 1000,
  reuseV8Context: true,
} as const;

/** The same for the bridge, by its environment. */
export const BRIDGE_WORKER_ENV = {
  BRIDGE_MAX_CONCURRENT_WORKFLOW_TASKS: String(WORKER_OPTIONS.maxConcurrentWorkflowTaskExecutions),
  BRIDGE_MAX_CONCURRENT_ACTIVITIES: String(WORKER_OPTIONS.maxConcurrentActivityTaskExecutions),
  BRIDGE_MAX_CACHED_WORKFLOWS: String(WORKER_OPTIONS.maxCachedWorkflows),
} as const;
