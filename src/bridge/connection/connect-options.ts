/** A cluster's access in the words of the SDK's two kinds of connection. */
import type { ConnectionOptions } from '@temporalio/client';
import type { NativeConnectionOptions } from '@temporalio/worker';
import type { ClusterAccess } from '../config/cluster-access.js';
import type { Credentials } from '../config/credentials.js';

type Cluster = { readonly address: string; readonly access?: ClusterAccess };

/** What a client's connection takes. The API key is left to the caller: it may change while the connection lives. */
export function clientOptions(
  { address, access }: Cluster,
  credentials: Credentials | undefined,
): Pick<ConnectionOptions, 'address' | 'tls' | 'metadata'> {
  return { address, ...tlsOptions(access, credentials) };
}

/** What a worker's connection takes. */
export function nativeOptions(
  { address, access }: Cluster,
  credentials: Credentials | undefined,
): NativeConnectionOptions {
  const apiKey = credentials?.apiKey;
  return { address, ...tlsOptions(access, credentials), ...(apiKey === undefined ? {} : { apiKey }) };
}

function tlsOptions(access: ClusterAccess | undefined, credentials: Credentials | undefined) {
  if (!access) return { tls: false };
  const { ca, client } = credentials ?? {};
  const { serverName } = access;
  return {
    tls: access.tls
      ? {
          ...(serverName === undefined ? {} : { serverNameOverride: serverName }),
          ...(ca ? { serverRootCACertificate: ca } : {}),
          ...(client ? { clientCertPair: { crt: client.crt, key: client.key } } : {}),
        }
      : false,
    ...(access.metadata ? { metadata: { ...access.metadata } } : {}),
  };
}
