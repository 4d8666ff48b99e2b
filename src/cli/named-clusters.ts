/** The clusters of the settings, with the settings' names for messages. */
import type { HandlerClusterConfig, ResolvedConfig } from '../bridge/config/resolve.js';
import type { NamedCluster } from './cluster-trouble.js';
import { CliRefusal } from './io.js';

/** A handler cluster: where wrappers and targets run. */
export type NamedHandlerCluster = NamedCluster & Pick<HandlerClusterConfig, 'handlerTaskQueue'>;

/** The caller clusters of the settings, A first. */
export function callerClustersOf({ callerClusters }: ResolvedConfig): [NamedCluster, ...NamedCluster[]] {
  const [a, ...others] = callerClusters.map((cluster, at): NamedCluster => ({
    ...cluster,
    side: 'A',
    hostSetting: at === 0 ? 'CLUSTER_A_HOST' : 'BRIDGE_CALLER_CLUSTERS',
    namespaceSetting: at === 0 ? 'CLUSTER_A_NAMESPACE' : 'BRIDGE_CALLER_CLUSTERS',
  }));
  if (!a) throw new Error('no caller cluster');
  return [a, ...others];
}

/** The handler clusters of the settings, B first. */
export function handlerClustersOf({
  handlerClusters,
}: ResolvedConfig): [NamedHandlerCluster, ...NamedHandlerCluster[]] {
  const [b, ...others] = handlerClusters.map((cluster, at): NamedHandlerCluster => ({
    ...cluster,
    side: 'B',
    hostSetting: at === 0 ? 'CLUSTER_B_HOST' : 'BRIDGE_HANDLER_CLUSTERS',
    namespaceSetting: at === 0 ? 'CLUSTER_B_NAMESPACE' : 'BRIDGE_HANDLER_CLUSTERS',
  }));
  if (!b) throw new Error('no handler cluster');
  return [b, ...others];
}

/**
 * The handler cluster of a name; without a name B.
 *
 * @throws {CliRefusal} if no handler cluster has the name
 */
export function handlerClusterNamed(config: ResolvedConfig, name: string | undefined): NamedHandlerCluster {
  const clusters = handlerClustersOf(config);
  if (name === undefined) return clusters[0];
  const found = clusters.find((cluster) => cluster.name === name);
  if (found) return found;
  const known = clusters.map((cluster) => cluster.name).join(', ');
  throw new CliRefusal(`--cluster: no handler cluster has this name; known are ${known}`);
}
