/**
 * Every setting of the bridge, in one table: the parser, the error messages, `temporal-bridge config` and the
 * documentation all read it. To add a setting, add it here and take its value over in `resolve.ts`.
 */
import { DEFAULT_CALLER_TASK_QUEUE, DEFAULT_HANDLER_TASK_QUEUE } from '../../shared/names.js';
import type { z } from 'zod';
import { capSettings } from './cap-settings.js';
import { clusterList } from './cluster-list.js';
import { connectionSettings } from './connection-settings.js';
import { allowEntries, allowFile } from './allow-setting.js';
import {
  address,
  boolean,
  choice,
  clusterName,
  duration,
  integer,
  keyFile,
  keyText,
  listenAddress,
  namespace,
  taskQueue,
  webAddress,
  type Setting,
  type SettingSpec,
} from './setting.js';

/** Which sides of a call a bridge process serves. */
export type BridgeRole = 'caller' | 'handler' | 'both';
/** The least important lines that are still logged. */
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error';
/** How log lines look; `auto` is `pretty` on a terminal and `json` elsewhere. */
export type LogFormat = 'auto' | 'json' | 'pretty';

const specs = {
  CLUSTER_A_HOST: address({
    path: 'callerCluster.address',
    default: 'localhost:7233',
    doc: 'Frontend of the caller cluster (A), where calls are made',
  }),
  CLUSTER_A_NAMESPACE: namespace({
    path: 'callerCluster.namespace',
    default: 'default',
    doc: 'Namespace of the calling workflows on A',
  }),
  CLUSTER_A_NAME: clusterName({
    path: 'callerCluster.name',
    default: 'cluster-a',
    doc: 'Name of A in ids, logs and metrics; the same for all replicas, fixed once calls exist',
  }),
  CLUSTER_B_HOST: address({
    path: 'handlerCluster.address',
    default: 'localhost:7234',
    doc: 'Frontend of the handler cluster (B), where targets run',
  }),
  CLUSTER_B_NAMESPACE: namespace({
    path: 'handlerCluster.namespace',
    default: 'default',
    doc: 'Namespace of the target workflows on B',
  }),
  CLUSTER_B_NAME: clusterName({
    path: 'handlerCluster.name',
    default: 'cluster-b',
    doc: 'Name of B in logs and metrics',
  }),
  ...connectionSettings,
  CLUSTER_A_UI: webAddress({
    path: 'ui.caller',
    example: 'https://temporal-a.example.com',
    doc: 'Web UI of A, for the links that the command line prints',
  }),
  CLUSTER_B_UI: webAddress({
    path: 'ui.handler',
    example: 'https://temporal-b.example.com',
    doc: 'Web UI of B, for the links that the command line prints',
  }),
  BRIDGE_JAEGER_UI: webAddress({
    path: 'ui.jaeger',
    example: 'https://jaeger.example.com',
    doc: "Jaeger's web UI, for the links to traces that the command line prints",
  }),
  BRIDGE_ROLE: choice({
    path: 'role',
    choices: ['caller', 'handler', 'both'],
    default: 'both',
    flag: '--role',
    doc: 'Sides that this process serves: caller polls A, handler polls B',
  }),
  BRIDGE_TASK_QUEUE: taskQueue({
    path: 'callerTaskQueue',
    default: DEFAULT_CALLER_TASK_QUEUE,
    doc: 'Task queue that the caller side polls on A',
  }),
  BRIDGE_HANDLER_TASK_QUEUE: taskQueue({
    path: 'handlerTaskQueue',
    default: DEFAULT_HANDLER_TASK_QUEUE,
    doc: 'Task queue that the handler side polls on B',
  }),
  BRIDGE_HANDLER_CLUSTERS: clusterList({
    path: 'handlerClusters',
    withQueue: true,
    doc: "Further handler clusters beside B; workflow code names one of them by cluster: 'name'",
  }),
  BRIDGE_CALLER_CLUSTERS: clusterList({
    path: 'callerClusters',
    withQueue: false,
    doc: 'Further caller clusters beside A that the handler side answers',
  }),
  BRIDGE_DEV: boolean({
    path: 'dev',
    default: 'false',
    flag: '--dev',
    doc: 'Development run: may go without seal keys, and without an allow-list allows every call',
  }),
  BRIDGE_SEAL_SIGNING_KEY: keyText({
    path: 'signingKey',
    range: 'one Ed25519 private key, PEM PKCS#8',
    example: 'the content of seal-signing-key.pem',
    secret: true,
    doc: 'Key with which the caller side seals reply addresses',
  }),
  BRIDGE_SEAL_SIGNING_KEY_FILE: keyFile({
    path: 'signingKey',
    example: '/run/secrets/seal-signing-key.pem',
    doc: 'File with the signing key instead, readable by its owner only',
  }),
  BRIDGE_SEAL_VERIFY_KEYS: keyText({
    path: 'verifyKeys',
    range: 'Ed25519 public keys, PEM SPKI, one after the other',
    example: 'the content of seal-verify-keys.pem',
    doc: 'Keys with which the handler side checks seals',
  }),
  BRIDGE_SEAL_VERIFY_KEYS_FILE: keyFile({
    path: 'verifyKeys',
    example: '/etc/temporal-bridge/seal-verify-keys.pem',
    doc: 'File with the verify keys instead',
  }),
  BRIDGE_ALLOW_TARGETS: allowEntries({
    path: 'allow',
    place: 'task-queue',
    example: 'FulfillmentWorkflow@fulfillment Order*@orders',
    doc: 'Workflow types that may be called, each with its task queue; outside of development all others are refused',
  }),
  BRIDGE_ALLOW_CALLERS: allowEntries({
    path: 'allow',
    place: 'namespace',
    example: 'OrderWorkflow@orders Billing*@billing',
    doc: 'Workflow types that may call, each with its namespace on A; outside of development all others are refused',
  }),
  BRIDGE_ALLOW_FILE: allowFile({
    path: 'allow',
    example: '/etc/temporal-bridge/allow/allow.json',
    doc: 'JSON file with the allow-list instead, read again when it changes',
  }),
  BRIDGE_FALLBACK_FIRST: duration({
    path: 'fallback.firstMs',
    default: '1m',
    min: '100ms',
    max: '1h',
    doc: 'First look at a remote workflow whose completion signal has not come; doubles from there',
  }),
  BRIDGE_FALLBACK_MAX: duration({
    path: 'fallback.maxMs',
    default: '1h',
    min: '100ms',
    max: '1h',
    doc: 'Longest wait between two such looks',
  }),
  BRIDGE_LEASE_FIRST: duration({
    path: 'lease.firstMs',
    default: '1m',
    min: '100ms',
    max: '1h',
    doc: 'First look whether a caller that may have been killed still lives; doubles from there',
  }),
  BRIDGE_LEASE_MAX: duration({
    path: 'lease.maxMs',
    default: '10m',
    min: '100ms',
    max: '1h',
    doc: 'Longest wait between two such looks',
  }),
  BRIDGE_START_RETRY_FIRST: duration({
    path: 'startRetry.firstMs',
    default: '1s',
    min: '10ms',
    max: '5m',
    doc: 'Wait before a failed remote start is tried again; doubles from there',
  }),
  BRIDGE_START_RETRY_MAX: duration({
    path: 'startRetry.maxMs',
    default: '1m',
    min: '10ms',
    max: '1h',
    doc: 'Longest wait between two tries of a remote start',
  }),
  BRIDGE_START_MAX_ATTEMPTS: integer({
    path: 'startRetry.maxAttempts',
    unit: 'attempts',
    default: '0',
    min: 0,
    max: 1_000_000,
    doc: 'Tries at an unreachable B before the call fails with REMOTE_UNREACHABLE; 0 = no limit',
  }),
  BRIDGE_RPC_TIMEOUT: duration({
    path: 'rpcTimeoutMs',
    default: '10s',
    min: '100ms',
    max: '10s',
    doc: 'Deadline of each request to a Temporal server; a try of the anchor activity makes several, and has 30 s',
  }),
  BRIDGE_SHUTDOWN_GRACE: duration({
    path: 'shutdownGraceMs',
    default: '20s',
    min: '0s',
    max: '10m',
    doc: 'Time that running tasks have to end after SIGTERM',
  }),
  BRIDGE_MAX_CONCURRENT_ACTIVITIES: integer({
    path: 'worker.maxConcurrentActivities',
    unit: 'activities',
    default: '100',
    min: 1,
    max: 10_000,
    doc: 'Activities at one time, for each side; a waiting call holds none',
  }),
  BRIDGE_MAX_CACHED_WORKFLOWS: integer({
    path: 'worker.maxCachedWorkflows',
    unit: 'workflows',
    default: '1000',
    min: 0,
    max: 100_000,
    doc: 'Workflows kept in memory, for each side; 0 = replay at every task',
  }),
  BRIDGE_MAX_CONCURRENT_WORKFLOW_TASKS: integer({
    path: 'worker.maxConcurrentWorkflowTasks',
    unit: 'workflow tasks',
    default: '40',
    min: 2,
    max: 10_000,
    doc: 'Workflow tasks at one time, for each side',
  }),
  ...capSettings,
  BRIDGE_CLOCK_SKEW: duration({
    path: 'clockSkewMs',
    default: '5s',
    min: '0s',
    max: '5m',
    doc: "Difference between the clusters' clocks that the latest start time of a call allows for",
  }),
  BRIDGE_COMPLETION_SIGNALS: boolean({
    path: 'completionSignals',
    default: 'true',
    doc: 'false: the handler side sends no completion signal, calls end by the fallback look alone',
  }),
  BRIDGE_HTTP_ADDRESS: listenAddress({
    path: 'http',
    default: '127.0.0.1:9464',
    doc: 'Where temporal-bridge run serves /livez, /readyz, /metrics; the default gives way to a free port if taken',
  }),
  BRIDGE_LOG_LEVEL: choice({
    path: 'log.level',
    choices: ['trace', 'debug', 'info', 'warn', 'error'],
    default: 'info',
    doc: 'Least important lines that are logged',
  }),
  BRIDGE_LOG_FORMAT: choice({
    path: 'log.format',
    choices: ['auto', 'json', 'pretty'],
    default: 'auto',
    doc: 'Look of log lines; auto = pretty on a terminal, json elsewhere',
  }),
} satisfies Record<string, SettingSpec<unknown>>;

/** The environment name of a setting. */
export type SettingName = keyof typeof specs;

/** The checked value of each setting; those without a default may be undefined. */
export type SettingValues = {
  readonly [K in SettingName]:
    | z.output<(typeof specs)[K]['schema']>
    | ((typeof specs)[K] extends { readonly default: string } ? never : undefined);
};

/** The environment names of all settings, in the order in which they are shown. */
export const settingNames: readonly SettingName[] = Object.keys(specs) as SettingName[];

/** The setting of an environment name. */
export function settingOf(env: SettingName): Setting {
  return { env, ...(specs[env] as SettingSpec<unknown>) };
}

/** True if the text is the environment name of a setting. */
export function isSettingName(env: string): env is SettingName {
  return Object.hasOwn(specs, env);
}
