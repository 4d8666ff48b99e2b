import { Client, Connection } from '@temporalio/client';
import type { ConnectionLike, WorkflowClientInterceptor } from '@temporalio/client';
import { status } from '@grpc/grpc-js';
import type { PayloadCodec } from '@temporalio/common';
import { MIN_RETENTION_MS } from '../shared/limits.js';
import type { ClusterAccess } from './config/cluster-access.js';
import { clientOptions } from './connection/connect-options.js';
import type { CredentialRotation } from './connection/credential-rotation.js';
import { diagnose, type Diagnosis } from './connection/diagnose.js';
import { createSwitchingConnection } from './connection/switching-connection.js';
import type { ClusterCodecs } from './cluster-codecs.js';
import { createClusterCodecs } from './cluster-codecs.js';
import { deepFailureInterceptor } from './deep-failures.js';
import { grpcStatusOf } from './grpc-errors.js';
import { modulePath } from './module-path.js';
import { PASS_REFERENCES } from './payload-references.js';
import { createRetries, requestHeadersInterceptor, withDeterministicRequestIds } from './request-context.js';

/** A cluster as the configuration names it. */
export interface ClusterAddress {
  readonly name: string;
  /** `host:port` of the frontend. */
  readonly address: string;
  readonly namespace: string;
  /** TLS and credentials; absent: plain text without any. */
  readonly access?: ClusterAccess;
}

/** The bridge's client of one cluster: lazily connected, every request with a deadline. */
export interface ClusterClient {
  readonly cluster: ClusterAddress;
  readonly client: Client;
  /** Runs requests with a deadline, by default the configured one. */
  request<R>(send: () => Promise<R>, timeoutMs?: number): Promise<R>;
  /** Reads what this cluster's payload codecs wrote, where requests bypass the SDK; absent: no codecs. */
  readonly codecs: ClusterCodecs | undefined;
  /** The namespace's retention in milliseconds; read once a process. */
  retentionMs(): Promise<number>;
  /** Why no connection comes about, if that can be told; takes seconds. */
  diagnose(): Promise<Diagnosis>;
  close(): Promise<void>;
}

const DAY_MS = 86_400_000;

function durationMs(duration: { seconds?: unknown; nanos?: number | null } | null | undefined): number {
  return Number(duration?.seconds ?? 0) * 1000 + (duration?.nanos ?? 0) / 1e6;
}

/** The SDK's client on a connection, as the bridge needs it: starts and signals with request ids and headers of their call. */
export function clientOn(
  connection: ConnectionLike,
  namespace: string,
  payloadCodecs: readonly PayloadCodec[],
  interceptors: readonly WorkflowClientInterceptor[],
): Client {
  return new Client({
    connection: withDeterministicRequestIds(connection),
    namespace,
    dataConverter: {
      payloadCodecs: [...payloadCodecs],
      externalStorage: PASS_REFERENCES,
      // A failure's details stay as they are: nobody here may be able to read them.
      failureConverterPath: modulePath('src/workflow/raw-failure-converter'),
    },
    interceptors: { workflow: [...interceptors, requestHeadersInterceptor] },
  });
}

/**
 * Makes a client; nothing is sent before the first request, so a cluster that is down does not stop the bridge.
 *
 * @param rpcTimeoutMs - deadline of each request; the SDK has none by default, and a black-holed link would hang
 * @param interceptors - beside the bridge's own
 * @param rotation - keeps its credentials up to date; default: they stay as they were at the start
 */
export function createClusterClient(
  cluster: ClusterAddress,
  rpcTimeoutMs: number,
  payloadCodecs: readonly PayloadCodec[] = [],
  interceptors: readonly WorkflowClientInterceptor[] = [],
  rotation?: CredentialRotation,
): ClusterClient {
  const retries = createRetries();
  let credentials = cluster.access?.credentials;
  const open = (): Connection =>
    Connection.lazy({
      ...clientOptions(cluster, credentials),
      ...(credentials?.apiKey === undefined ? {} : { apiKey: () => credentials?.apiKey ?? '' }),
      connectTimeout: rpcTimeoutMs,
      interceptors: [retries.interceptor, deepFailureInterceptor],
      // Finds a link that swallows packets in seconds; the SDK's own 30 s + 15 s would hold up every call meanwhile.
      channelArgs: {
        'grpc.keepalive_time_ms': 10_000,
        'grpc.keepalive_timeout_ms': 5_000,
        'grpc.max_reconnect_backoff_ms': 5_000,
      },
    });
  const held = rotation?.hold(cluster, (next) => {
    const isSameTls = next.tlsFingerprint === credentials?.tlsFingerprint;
    credentials = next;
    if (!isSameTls) switching.switchTo(open());
  });
  credentials = held?.current() ?? credentials;
  const switching = createSwitchingConnection(open());
  const { connection } = switching;
  const client = clientOn(connection, cluster.namespace, payloadCodecs, interceptors);
  const request = <R>(send: () => Promise<R>, timeoutMs = rpcTimeoutMs) =>
    connection.withDeadline(Date.now() + timeoutMs, send);
  let retention: number | undefined;
  return {
    cluster,
    client,
    request,
    codecs: payloadCodecs.length > 0 ? createClusterCodecs(payloadCodecs) : undefined,
    retentionMs: async () => {
      if (retention !== undefined) return retention;
      try {
        const { config } = await request(() =>
          client.workflowService.describeNamespace({ namespace: cluster.namespace }),
        );
        // 0 is how a dev server says "for ever".
        retention = durationMs(config?.workflowExecutionRetentionTtl) || 3650 * DAY_MS;
      } catch (error) {
        if (grpcStatusOf(error)?.code !== status.PERMISSION_DENIED) throw error;
        retention = MIN_RETENTION_MS; // not allowed to look: the shortest that a server accepts
      }
      return retention;
    },
    diagnose: () => diagnose(cluster, credentials),
    close: async () => {
      held?.release();
      await retries.end();
      await switching.close();
    },
  };
}
