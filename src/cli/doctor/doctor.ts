/** Puts the checks together: which cluster is looked at for what, by the role of this host. */
import type { ResolvedConfig } from '../../bridge/config/resolve.js';
import type { CallClusters } from '../calls/read-call.js';
import { openReader, type ClusterReader } from '../cluster-reader.js';
import { describeCluster } from '../cluster-trouble.js';
import { callerClustersOf, handlerClustersOf } from '../named-clusters.js';
import { checkCalls } from './calls-check.js';
import { runChecks, type Check } from './check.js';
import { dateOf, judgeClock } from './clock-check.js';
import { checkNamespace, checkReach } from './cluster-checks.js';
import { checkCodecs } from './codec-check.js';
import { checkConnection } from './connection-check.js';
import { checkPermissions } from './permission-checks.js';
import { checkPollers, type BridgeQueue } from './poller-checks.js';

/** What the doctor is asked beyond the settings. */
export interface DoctorOptions {
  readonly longestTimeoutMs: number;
  /** The bridge has not been started: that nobody polls is no fault. */
  readonly beforeStart: boolean;
  /** A call whose payloads' encodings are compared: any id that `calls show` takes. */
  readonly workflow?: string;
}

/** The findings about one cluster. */
export interface ClusterFindings {
  readonly title: string;
  readonly checks: readonly Check[];
}

/** Looks at every cluster that the role has to do with, all at one time. */
export async function examineClusters(
  config: ResolvedConfig,
  options: DoctorOptions,
): Promise<ClusterFindings[]> {
  const { role, rpcTimeoutMs, clockSkewMs } = config;
  const [a, ...otherCallers] = callerClustersOf(config);
  const [b, ...otherHandlers] = handlerClustersOf(config);
  const open = (cluster: typeof a): ClusterReader => openReader(cluster, rpcTimeoutMs);
  const callers = [a, ...(role === 'caller' ? [] : otherCallers)].map(open);
  const handlers = [b, ...(role === 'handler' ? [] : otherHandlers)].map((cluster) => ({
    reader: open(cluster),
    queue: cluster.handlerTaskQueue,
  }));
  const clustersFor = (handler: ClusterReader): CallClusters => ({ handler, callers, clockSkewMs });
  const queueOf = (name: string, side: BridgeQueue['role'], isThisHosts: boolean): BridgeQueue => ({
    name,
    role: side,
    isOwn: isThisHosts && (role === side || role === 'both'),
    beforeStart: options.beforeStart,
  });
  try {
    return await Promise.all([
      ...callers.map((reader, at) =>
        examine(reader, config, options, {
          // Callers of further clusters have a bridge of their own.
          queue: queueOf(config.callerTaskQueue, 'caller', at === 0),
        }),
      ),
      ...handlers.map(({ reader, queue }, at) =>
        examine(reader, config, options, {
          queue: queueOf(queue, 'handler', at === 0),
          calls: clustersFor(reader),
          withCodecs: at === 0,
        }),
      ),
    ]);
  } finally {
    await Promise.all([...callers, ...handlers.map(({ reader }) => reader)].map((reader) => reader.close()));
  }
}

async function examine(
  reader: ClusterReader,
  config: ResolvedConfig,
  options: DoctorOptions,
  what: { readonly queue: BridgeQueue; readonly calls?: CallClusters; readonly withCodecs?: boolean },
): Promise<ClusterFindings> {
  const { cluster } = reader;
  const title = describeCluster(cluster);
  const { clockSkewMs, fallback, role } = config;
  const { longestTimeoutMs, workflow } = options;
  const reached = await runChecks(cluster.name, [{ what: 'reached', run: () => checkReach(reader) }]);
  // What was not reached cannot be looked at, and once is enough to say so.
  if (reached.some(({ level }) => level === 'failure')) return { title, checks: reached };
  const namespace = await runChecks(cluster.name, [
    {
      what: 'namespace',
      run: () => checkNamespace(reader, { longestTimeoutMs, fallbackMaxMs: fallback.maxMs }),
    },
  ]);
  if (namespace.some(({ level }) => level === 'failure'))
    return { title, checks: [...reached, ...namespace] };
  const { calls } = what;
  const rest = await runChecks(cluster.name, [
    { what: 'connection', run: () => checkConnection(reader) },
    { what: 'permissions', run: () => checkPermissions(reader, role) },
    {
      what: 'pollers',
      run: async () => {
        const [{ findings, lastSeenAt }, date] = await Promise.all([
          checkPollers(reader, what.queue, clockSkewMs),
          dateOf(reader),
        ]);
        const signs = { ...(date ? { date } : {}), lastSeenAt };
        return [...findings, judgeClock(signs, clockSkewMs, Date.now())];
      },
    },
    ...(calls ? [{ what: 'calls', run: () => checkCalls(calls) }] : []),
    ...(calls && what.withCodecs && workflow !== undefined
      ? [{ what: 'codecs', run: () => checkCodecs(calls, workflow) }]
      : []),
  ]);
  return { title, checks: [...reached, ...namespace, ...rest] };
}
