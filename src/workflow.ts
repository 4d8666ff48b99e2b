/**
 * temporal-bridge, sandbox side: calls from workflow code to workflows on other clusters. Importing it prepares the
 * workflow for the bridge's signals; nothing else has to be installed.
 *
 * @module
 */
export {
  executeRemoteWorkflow,
  getRemoteWorkflowHandle,
  resumeRemoteWorkflow,
  startRemoteWorkflow,
} from './workflow/remote-workflow.js';
export type { RemoteWorkflowHandle, UpdateArguments } from './workflow/remote-workflow-handle.js';
export type {
  AttachOptions,
  CallDuration,
  FallbackSchedule,
  RemoteCallOptions,
  RemoteWorkflowOptions,
  RemoteWorkflowOptionsWithArgs,
} from './workflow/remote-workflow-options.js';
export type { RemoteWorkflowReference } from './workflow/reference.js';
export type { RemoteExecution } from './shared/outcome.js';
export { FAILURE_TABLE, isFailureType } from './shared/failure-table.js';
export type { FailureRow, FailureType } from './shared/failure-table.js';
export type { CallScope } from './shared/call-id.js';
export { GenerateCrossClusterKey, GenerateKey } from './shared/keys.js';
export { CROSS_CLUSTER_WORKFLOW, DEFAULT_CALLER_TASK_QUEUE } from './shared/names.js';
