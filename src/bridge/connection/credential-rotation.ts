import { Connection } from '@temporalio/client';
import { CERTIFICATE_EXPIRY_WARNING_MS, CERTIFICATE_WARNING_EVERY_MS } from '../../shared/limits.js';
import type { ClusterAddress } from '../cluster-client.js';
import { credentialProblem, type ClusterAccess } from '../config/cluster-access.js';
import { CredentialError, readCredentials, type Credentials } from '../config/credentials.js';
import { faultText } from '../grpc-errors.js';
import { startLoop } from '../health/loop.js';
import type { BridgeLogger } from '../logger.js';
import { clientOptions } from './connect-options.js';
import { diagnose } from './diagnose.js';

/** Time that a try of new credentials may take, in milliseconds. */
const TRY_TIMEOUT_MS = 5_000;

/** A connection that takes new credentials while it works. */
export type TakeCredentials = (next: Credentials) => void | Promise<void>;

/** The credentials of a cluster that one connection has. */
export interface HeldCredentials {
  /** The ones in force. */
  current(): Credentials;
  /** They are not needed any more. */
  release(): void;
}

interface Watched {
  readonly cluster: ClusterAddress;
  readonly access: ClusterAccess;
  current: Credentials;
  readonly takers: Set<TakeCredentials>;
  /** Takers that do not have the current ones yet. */
  readonly behind: Set<TakeCredentials>;
  loop?: { stop(): void };
  seenProblem?: string;
  loggedProblem?: string;
  warnedAt?: number;
}

/**
 * Reads the credentials of a process's clusters again and again. Others are put in force once a connection with them works,
 * or once the old ones do not work any more either; until then the old ones stay, and so do their connections. What is in
 * the files is compared, not when they were written: Kubernetes swaps links.
 */
export class CredentialRotation {
  readonly #log: BridgeLogger;
  readonly #refreshMs: number;
  readonly #byAccess = new Map<ClusterAccess, Watched>();

  constructor(log: BridgeLogger, refreshMs: number) {
    this.#log = log;
    this.#refreshMs = refreshMs;
  }

  /** Holds a cluster's credentials for a connection; undefined: it has none that could change. */
  hold(cluster: ClusterAddress, take: TakeCredentials): HeldCredentials | undefined {
    const { access } = cluster;
    if (!access || !canChange(access)) return undefined;
    const watched: Watched = this.#byAccess.get(access) ?? {
      cluster,
      access,
      current: access.credentials,
      takers: new Set(),
      behind: new Set(),
    };
    this.#byAccess.set(access, watched);
    watched.takers.add(take);
    watched.loop ??= startLoop(() => this.#turn(watched));
    return {
      current: () => watched.current,
      release: () => {
        watched.takers.delete(take);
        watched.behind.delete(take);
        if (watched.takers.size > 0) return;
        watched.loop?.stop();
        this.#byAccess.delete(access);
      },
    };
  }

  async #turn(watched: Watched): Promise<number> {
    try {
      const next = readCredentials(watched.access);
      if (isSame(next, watched.current)) {
        this.#settled(watched);
      } else {
        const refusal = await refusalOf(watched.cluster, next);
        if (refusal !== undefined && (await refusalOf(watched.cluster, watched.current)) === undefined) {
          this.#problem(watched, `the new ones do not work: ${refusal}`);
          return this.#refreshMs;
        }
        watched.current = next;
        for (const take of watched.takers) watched.behind.add(take);
      }
      await this.#handOver(watched);
    } catch (error) {
      const what = error instanceof CredentialError ? credentialProblem(error).message : faultText(error);
      this.#problem(watched, what);
    }
    return this.#refreshMs;
  }

  async #handOver(watched: Watched): Promise<void> {
    if (watched.behind.size === 0) return;
    for (const take of [...watched.behind]) {
      await take(watched.current);
      watched.behind.delete(take);
    }
    const { client } = watched.current;
    this.#log.info('credentials renewed', {
      cluster: watched.cluster.name,
      address: watched.cluster.address,
      ...(client
        ? { clientCertificate: client.subject, expires: new Date(client.expiresAt).toISOString() }
        : {}),
    });
    delete watched.warnedAt;
  }

  /** Nothing has changed, or what was wrong has been put right. */
  #settled(watched: Watched): void {
    if (watched.behind.size === 0) {
      delete watched.seenProblem;
      delete watched.loggedProblem;
    }
    const { client } = watched.current;
    if (!client) return;
    const leftMs = client.expiresAt - Date.now();
    if (leftMs > CERTIFICATE_EXPIRY_WARNING_MS) return;
    const { warnedAt = -Infinity, cluster } = watched;
    if (Date.now() - warnedAt < CERTIFICATE_WARNING_EVERY_MS) return;
    watched.warnedAt = Date.now();
    this.#log.warn(leftMs > 0 ? 'client certificate expires soon' : 'client certificate has expired', {
      cluster: cluster.name,
      clientCertificate: client.subject,
      expires: new Date(client.expiresAt).toISOString(),
      setting: watched.access.names.cert,
    });
  }

  /** Logged once, when it has been seen twice: files of a pair are often written one after the other. */
  #problem(watched: Watched, why: string): void {
    const isSeenTwice = watched.seenProblem === why;
    watched.seenProblem = why;
    if (!isSeenTwice || watched.loggedProblem === why) return;
    watched.loggedProblem = why;
    this.#log.error('new credentials cannot be used, the old ones stay', {
      code: 'CREDENTIALS_INVALID',
      cluster: watched.cluster.name,
      address: watched.cluster.address,
      why,
    });
  }
}

function canChange({ ca, cert, key, apiKey }: ClusterAccess): boolean {
  return [ca, cert, key, apiKey].some((source) => source !== undefined && source.kind !== 'text');
}

function isSame(one: Credentials, other: Credentials): boolean {
  return one.tlsFingerprint === other.tlsFingerprint && one.apiKey === other.apiKey;
}

/** Why a connection with these credentials does not come about; undefined: it does. */
async function refusalOf(cluster: ClusterAddress, credentials: Credentials): Promise<string | undefined> {
  const { apiKey } = credentials;
  try {
    const connection = await Connection.connect({
      ...clientOptions(cluster, credentials),
      ...(apiKey === undefined ? {} : { apiKey }),
      connectTimeout: TRY_TIMEOUT_MS,
      interceptors: [],
    });
    await connection.close();
    return undefined;
  } catch (error) {
    const { fault } = await diagnose(cluster, credentials);
    return fault?.message ?? faultText(error);
  }
}
