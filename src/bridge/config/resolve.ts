/** From environment variables and command-line options to the configuration that the bridge runs with. */
import type { KeyObject } from 'node:crypto';
import type { z } from 'zod';
import { resolveAccess, type ClusterAccess, type ResolvedAccess } from './cluster-access.js';
import type { ListedCluster } from './cluster-list.js';
import { ConfigError, configProblem, shownValue, type ConfigProblem } from './config-error.js';
import {
  givenName,
  givenValue,
  unknownSettings,
  type Environment,
  type GivenValue,
  type Overrides,
} from './given.js';
import type { AllowRules } from '../allow/allow-rules.js';
import { loadAllow } from './load-allow.js';
import { loadKeys, type LoadedKeys } from './load-keys.js';
import { checkRules } from './rules.js';
import { settingNames, settingOf, type BridgeRole, type LogFormat, type LogLevel } from './settings.js';
import type { IssueDetails } from './setting.js';
import type { SettingName, SettingValues } from './settings.js';

/** How one cluster is reached and called. */
export interface ClusterConfig {
  /** As in ids, logs and metrics. */
  readonly name: string;
  /** `host:port` of the frontend. */
  readonly address: string;
  readonly namespace: string;
  /** TLS and credentials; absent: plain text without any. */
  readonly access?: ClusterAccess;
}

/** How one handler cluster is reached, and the task queue that its handler side polls. */
export interface HandlerClusterConfig extends ClusterConfig {
  readonly handlerTaskQueue: string;
}

/** Everything that the bridge is told from outside; checked, nothing left to default. */
export interface ResolvedConfig {
  readonly role: BridgeRole;
  /** Cluster A: where calls are made. */
  readonly callerCluster: ClusterConfig;
  /** Cluster B: where targets run. */
  readonly handlerCluster: ClusterConfig;
  /** All clusters that answer the caller side, B first; no two of one name. */
  readonly handlerClusters: readonly HandlerClusterConfig[];
  /** All clusters that the handler side answers, A first; of one name only with different namespaces. */
  readonly callerClusters: readonly ClusterConfig[];
  /** The file of profiles, if there is one. */
  readonly profilesFile: string | undefined;
  /** How often files with credentials are looked at. */
  readonly credentialsRefreshMs: number;
  /** Polled on A by the caller side. */
  readonly callerTaskQueue: string;
  /** Polled on B by the handler side. */
  readonly handlerTaskQueue: string;
  /** True: a development run, which may go without keys. */
  readonly dev: boolean;
  /** Ed25519 private key. There for the caller side, save in a development run without keys. */
  readonly signingKey?: KeyObject;
  /** Ed25519 public keys, each once. Empty for the caller side, and in a development run without keys. */
  readonly verifyKeys: readonly KeyObject[];
  /** Whose calls each of them may seal (`cluster`, `cluster/namespace`, `*`), in the same order; none: the only caller's. */
  readonly verifyKeyCallers: readonly (readonly string[])[];
  /** Which calls are allowed; rules that were not given allow nothing, save in a development run. */
  readonly allow: AllowRules;
  /**
   * Reads all anew from the files that keys and allow-list were read from; absent where none was.
   * @throws {ConfigError}
   */
  readonly readAgain?: () => ResolvedConfig;
  readonly fallback: { readonly firstMs: number; readonly maxMs: number };
  /** When the handler side looks whether a caller still lives. */
  readonly lease: { readonly firstMs: number; readonly maxMs: number };
  /** `maxAttempts` 0 = no limit. */
  readonly startRetry: { readonly firstMs: number; readonly maxMs: number; readonly maxAttempts: number };
  readonly rpcTimeoutMs: number;
  readonly shutdownGraceMs: number;
  /** For each side. */
  readonly worker: {
    readonly maxConcurrentActivities: number;
    readonly maxConcurrentWorkflowTasks: number;
    readonly maxCachedWorkflows: number;
  };
  /** Of each pair of caller namespace and type of target; 0 = no limit. */
  readonly caps: { readonly inFlight: number; readonly perSecond: number };
  readonly clockSkewMs: number;
  readonly completionSignals: boolean;
  /** Where `temporal-bridge run` serves health and metrics; absent: nowhere. `runBridge` serves nothing. */
  readonly http?: HttpConfig;
  readonly log: { readonly level: LogLevel; readonly format: LogFormat };
  /** Web pages that the command line links to: base addresses without a slash at the end. */
  readonly ui: {
    readonly caller: string | undefined;
    readonly handler: string | undefined;
    readonly jaeger: string | undefined;
  };
}

/** Where health and metrics are served. */
export interface HttpConfig {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Nobody asked for this address: if its port is taken, another one will do. */
  readonly isDefault: boolean;
}

/**
 * Checks all settings and gives the configuration. Reads nothing but its arguments and the files that they name: keys,
 * certificates, profiles.
 * @param env environment variables; empty ones count as not set, values are trimmed.
 * @param overrides values of command-line options, by environment name; they win.
 * @throws {ConfigError} with every problem found, if there is any.
 */
export function resolveConfig(env: Environment, overrides: Overrides = {}): ResolvedConfig {
  const problems: ConfigProblem[] = [];
  const parsed: Partial<Record<SettingName, unknown>> = {};
  const given = new Set<SettingName>();
  for (const name of settingNames) {
    const value = givenValue(name, env, overrides);
    if (value.text === undefined) continue;
    if (value.source !== 'default') given.add(name);
    const result = settingOf(name).schema.safeParse(value.text);
    if (result.success) parsed[name] = result.data;
    else problems.push(...result.error.issues.map((issue) => valueProblem(name, value, issue)));
  }
  // Each value was made by the schema of its own name.
  const own = parsed as Partial<SettingValues>;
  const keys = loadKeys(own, problems);
  const allow = loadAllow(own, problems);
  const access = resolveAccess(own, (name) => given.has(name), problems);
  const { values } = access;
  problems.push(...checkRules({ values, keys, given }), ...unknownSettings(env));
  if (problems.length > 0) throw new ConfigError(problems);
  const config = configOf(values as SettingValues, keys, allow, access, given);
  if (!FILES.some((name) => given.has(name))) return config;
  return {
    ...config,
    // Not the credentials of connections: one of those that is broken must not keep a key from being taken out.
    readAgain: () => {
      const found: ConfigProblem[] = [];
      const [nextKeys, nextAllow] = [loadKeys(own, found), loadAllow(own, found)];
      found.push(...checkRules({ values, keys: nextKeys, given }));
      if (found.length > 0) throw new ConfigError(found);
      return configOf(values as SettingValues, nextKeys, nextAllow, access, given);
    },
  };
}

/** Settings that name files which are read again while the bridge runs. */
const FILES = ['BRIDGE_SEAL_SIGNING_KEY_FILE', 'BRIDGE_SEAL_VERIFY_KEYS_FILE', 'BRIDGE_ALLOW_FILE'] as const;

function valueProblem(name: SettingName, value: GivenValue, issue: z.core.$ZodIssue): ConfigProblem {
  const setting = settingOf(name);
  const details: IssueDetails = issue.code === 'custom' ? (issue.params ?? {}) : {};
  const otherwise = setting.default === undefined ? '' : `, or leave it out for ${setting.default}`;
  return {
    ...configProblem(givenName(name, value), {
      what: issue.message,
      expected: setting.range,
      got: setting.secret === true ? 'a secret (not shown)' : (details.got ?? shownValue(value.text ?? '')),
      fix: details.fix ?? `set it like ${name}=${setting.example}${otherwise}`,
    }),
    setting: name,
  };
}

function configOf(
  values: SettingValues,
  { signingKey, verifyKeys }: LoadedKeys,
  allow: AllowRules,
  access: ResolvedAccess,
  given: ReadonlySet<SettingName>,
): ResolvedConfig {
  const callerCluster = {
    name: values.CLUSTER_A_NAME,
    address: values.CLUSTER_A_HOST,
    namespace: values.CLUSTER_A_NAMESPACE,
    access: access.a,
  };
  const handlerCluster = {
    name: values.CLUSTER_B_NAME,
    address: values.CLUSTER_B_HOST,
    namespace: values.CLUSTER_B_NAMESPACE,
    access: access.b,
  };
  const handlerTaskQueue = values.BRIDGE_HANDLER_TASK_QUEUE;
  const http = values.BRIDGE_HTTP_ADDRESS;
  return {
    role: values.BRIDGE_ROLE,
    callerCluster,
    handlerCluster,
    handlerClusters: [
      { ...handlerCluster, handlerTaskQueue },
      ...withAccess(values.BRIDGE_HANDLER_CLUSTERS, access.handlers).map(
        ({ queue = handlerTaskQueue, ...cluster }) => ({ ...cluster, handlerTaskQueue: queue }),
      ),
    ],
    callerClusters: [callerCluster, ...withAccess(values.BRIDGE_CALLER_CLUSTERS, access.callers)],
    profilesFile: values.BRIDGE_PROFILES_FILE,
    credentialsRefreshMs: values.BRIDGE_CREDENTIALS_REFRESH,
    callerTaskQueue: values.BRIDGE_TASK_QUEUE,
    handlerTaskQueue,
    dev: values.BRIDGE_DEV,
    ...(signingKey === undefined ? {} : { signingKey }),
    verifyKeys: verifyKeys.map(({ key }) => key),
    verifyKeyCallers: verifyKeys.map(({ callers }) => callers),
    allow,
    fallback: { firstMs: values.BRIDGE_FALLBACK_FIRST, maxMs: values.BRIDGE_FALLBACK_MAX },
    lease: { firstMs: values.BRIDGE_LEASE_FIRST, maxMs: values.BRIDGE_LEASE_MAX },
    startRetry: {
      firstMs: values.BRIDGE_START_RETRY_FIRST,
      maxMs: values.BRIDGE_START_RETRY_MAX,
      maxAttempts: values.BRIDGE_START_MAX_ATTEMPTS,
    },
    rpcTimeoutMs: values.BRIDGE_RPC_TIMEOUT,
    shutdownGraceMs: values.BRIDGE_SHUTDOWN_GRACE,
    worker: {
      maxConcurrentActivities: values.BRIDGE_MAX_CONCURRENT_ACTIVITIES,
      maxConcurrentWorkflowTasks: values.BRIDGE_MAX_CONCURRENT_WORKFLOW_TASKS,
      maxCachedWorkflows: values.BRIDGE_MAX_CACHED_WORKFLOWS,
    },
    caps: { inFlight: values.BRIDGE_MAX_CALLS_IN_FLIGHT, perSecond: values.BRIDGE_MAX_CALLS_PER_SECOND },
    clockSkewMs: values.BRIDGE_CLOCK_SKEW,
    completionSignals: values.BRIDGE_COMPLETION_SIGNALS,
    ...(http === 'off' ? {} : { http: { ...http, isDefault: !given.has('BRIDGE_HTTP_ADDRESS') } }),
    log: { level: values.BRIDGE_LOG_LEVEL, format: values.BRIDGE_LOG_FORMAT },
    ui: { caller: values.CLUSTER_A_UI, handler: values.CLUSTER_B_UI, jaeger: values.BRIDGE_JAEGER_UI },
  };
}

function withAccess(entries: readonly ListedCluster[] = [], access: readonly ClusterAccess[]) {
  return entries.map(({ name, address, namespace, queue }, at) => {
    const own = access[at];
    return {
      name,
      address,
      namespace,
      ...(queue === undefined ? {} : { queue }),
      ...(own === undefined ? {} : { access: own }),
    };
  });
}
