/**
 * temporal-bridge, host side: run the bridge in a process of your own. Workflow code imports
 * `temporal-bridge/workflow` instead.
 *
 * @module
 */
export { runBridge, installRuntime } from './bridge/run.js';
export type { RunBridgeOptions, RunningBridge } from './bridge/run.js';
export { resolveConfig } from './bridge/config/resolve.js';
export type { ClusterConfig, ResolvedConfig } from './bridge/config/resolve.js';
export { ConfigError } from './bridge/config/config-error.js';
export { createLogger } from './bridge/logger.js';
export type { BridgeLogger } from './bridge/logger.js';
export { BridgeError } from './shared/bridge-error.js';
export type { BridgeErrorCode } from './shared/bridge-error.js';
export { FAILURE_TABLE, isFailureType } from './shared/failure-table.js';
export type { FailureRow, FailureType } from './shared/failure-table.js';
export { GenerateCrossClusterKey, GenerateKey } from './shared/keys.js';
