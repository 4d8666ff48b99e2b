/**
 * temporal-bridge, host side: run the bridge in a process of your own. Workflow code imports
 * `temporal-bridge/workflow` instead.
 *
 * @module
 */
export { runBridge } from './bridge/run.js';
export { HISTOGRAM_BUCKETS, installRuntime } from './bridge/runtime.js';
export type { InstallRuntimeOptions } from './bridge/runtime.js';
export type { HealthReport } from './bridge/health/bridge-health.js';
export type { ClusterHealth } from './bridge/health/heartbeats.js';
export type { WorkerHealth } from './bridge/health/queue-watch.js';
export type { CodecsByCluster } from './bridge/run-side.js';
export type { RunBridgeOptions, RunningBridge } from './bridge/run.js';
export { BridgePlugin } from './bridge/bridge-plugin.js';
export type { BridgePluginOptions, StartHere } from './bridge/bridge-plugin.js';
export { startTracing } from './bridge/tracing/tracing.js';
export type { SideTracing, TracedSide, Tracing } from './bridge/tracing/tracing.js';
export { resolveConfig } from './bridge/config/resolve.js';
export type {
  ClusterConfig,
  HandlerClusterConfig,
  HttpConfig,
  ResolvedConfig,
} from './bridge/config/resolve.js';
export type { AccessNames } from './bridge/config/access-subject.js';
export type { ClusterAccess } from './bridge/config/cluster-access.js';
export type {
  ClientCertificate,
  Credentials,
  CredentialSource,
  CredentialSources,
} from './bridge/config/credentials.js';
export type { ProfileDataField } from './bridge/config/profiles.js';
export type { AllowRules, CallerRule, TargetRule } from './bridge/allow/allow-rules.js';
export type { NamePattern } from './bridge/allow/pattern.js';
export type { BridgeRole, LogFormat, LogLevel } from './bridge/config/settings.js';
export type { Environment, Overrides } from './bridge/config/given.js';
export { ConfigError } from './bridge/config/config-error.js';
export type { ConfigProblem } from './bridge/config/config-error.js';
export { createLogger } from './bridge/logger.js';
export type { BridgeLogger, LogDestination, LogFields, LoggerOptions } from './bridge/logger.js';
export { BridgeError } from './shared/bridge-error.js';
export type { BridgeErrorCode } from './shared/bridge-error.js';
export { FAILURE_TABLE, isFailureType } from './shared/failure-table.js';
export type { FailureRow, FailureType } from './shared/failure-table.js';
export { GenerateCrossClusterKey, GenerateKey } from './shared/keys.js';
