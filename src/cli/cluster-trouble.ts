/** What may be wrong with a cluster that the command line asks, in words that say what to do. */
import { escapeForLog } from '../shared/escape.js';
import type { ClusterClient } from '../bridge/cluster-client.js';
import type { ClusterConfig } from '../bridge/config/resolve.js';
import type { ConnectionFault } from '../bridge/connection/connection-fault.js';
import { faultOf, faultText, grpcStatusOf } from '../bridge/grpc-errors.js';
import { CliFailure } from './io.js';

/** Why a cluster did not answer what it was asked. */
export type TroubleKind = 'unreachable' | 'insecure' | 'no-namespace' | 'denied' | 'refused';

/** A cluster as messages name it: what it is, and the settings that say where it is. */
export interface NamedCluster extends ClusterConfig {
  /** `A` where calls are made, `B` where targets run. */
  readonly side: 'A' | 'B';
  /** The settings of its address and its namespace. */
  readonly hostSetting: string;
  readonly namespaceSetting: string;
}

/** A cluster could not be asked. Its message says why and what to do, and is safe to print. */
export class ClusterTrouble extends CliFailure {
  readonly kind: TroubleKind;
  readonly cluster: string;
  /** What happened, without what to do. */
  readonly what: string;
  readonly remedy: string;

  constructor(kind: Exclude<TroubleKind, 'insecure'> | ConnectionFault, cluster: NamedCluster, why = '') {
    const isFault = typeof kind !== 'string';
    const what = isFault ? kind.what : whatOf(kind, cluster, why);
    const remedy = isFault ? kind.remedy : remedyOf(kind, cluster);
    super(`${what}; ${remedy}`);
    this.kind = isFault ? 'insecure' : kind;
    this.cluster = cluster.name;
    this.what = what;
    this.remedy = remedy;
  }
}

/** The trouble behind an error of a request. */
export function troubleOf(cluster: NamedCluster, error: unknown): ClusterTrouble {
  if (error instanceof ClusterTrouble) return error;
  const why = escapeForLog(faultText(error).replace(/\.? *Resolution note: *$/, ''), 200);
  const details = grpcStatusOf(error)?.details ?? '';
  if (/^Namespace\b/i.test(details)) return new ClusterTrouble('no-namespace', cluster, why);
  switch (faultOf(error)) {
    case 'unreachable':
      return new ClusterTrouble('unreachable', cluster, why);
    case 'denied':
      return new ClusterTrouble('denied', cluster, why);
    case 'not-found':
    case 'invalid':
    case 'already-exists':
    case 'other':
      return new ClusterTrouble('refused', cluster, why);
  }
}

/** The trouble behind an error of a request; where no connection comes about, what stands in its way. */
export async function findTrouble(
  cluster: NamedCluster,
  error: unknown,
  client: Pick<ClusterClient, 'diagnose'>,
): Promise<ClusterTrouble> {
  const trouble = troubleOf(cluster, error);
  if (trouble.kind !== 'unreachable') return trouble;
  const { fault } = await client.diagnose();
  return fault ? new ClusterTrouble(fault, cluster) : trouble;
}

/** A cluster for people: `cluster-b (B, host:port, namespace orders)`. */
export function describeCluster({ name, side, address, namespace }: NamedCluster): string {
  return escapeForLog(`${name} (${side}, ${address}, namespace ${namespace})`, 400);
}

function whatOf(kind: Exclude<TroubleKind, 'insecure'>, cluster: NamedCluster, why: string): string {
  switch (kind) {
    case 'unreachable':
      return `${cluster.name} cannot be reached at ${cluster.address}: ${why}`;
    case 'no-namespace':
      return `${cluster.name} has no namespace ${escapeForLog(cluster.namespace, 80)}`;
    case 'denied':
      return `${cluster.name} refuses the credentials of this host: ${why}`;
    case 'refused':
      return `${cluster.name} refused a request: ${why}`;
  }
}

function remedyOf(kind: Exclude<TroubleKind, 'insecure'>, cluster: NamedCluster): string {
  const { hostSetting, namespaceSetting, address, namespace } = cluster;
  switch (kind) {
    case 'unreachable':
      return `see that the server is up and the network lets this host to it, or correct ${hostSetting}`;
    case 'no-namespace':
      return `correct ${namespaceSetting}, or create it: temporal operator namespace create --address ${address} --namespace ${escapeForLog(namespace, 80)}`;
    case 'denied':
      return `renew or widen the credentials of this host${cluster.access?.tls === true ? ` (${cluster.access.names.apiKey}; ${cluster.access.names.cert})` : ''} for namespace ${escapeForLog(namespace, 80)}`;
    case 'refused':
      return 'see what the message names; "temporal-bridge doctor" checks both clusters';
  }
}
