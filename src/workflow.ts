/**
 * temporal-bridge, sandbox side: for workflow code on the caller cluster.
 *
 * @module
 */
export { FAILURE_TABLE, isFailureType } from './shared/failure-table.js';
export type { FailureRow, FailureType } from './shared/failure-table.js';
export { GenerateCrossClusterKey, GenerateKey } from './shared/keys.js';
export { CROSS_CLUSTER_WORKFLOW, DEFAULT_CALLER_TASK_QUEUE } from './shared/names.js';
