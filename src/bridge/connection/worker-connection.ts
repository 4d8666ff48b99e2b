import { NativeConnection, type Worker } from '@temporalio/worker';
import { RETIRED_CONNECTION_MS } from '../../shared/limits.js';
import type { ClusterAddress } from '../cluster-client.js';
import type { Credentials } from '../config/credentials.js';
import { nativeOptions } from './connect-options.js';

/** The connection of a worker, which is replaced while the worker runs when its credentials change. */
export class WorkerConnection {
  readonly #cluster: ClusterAddress;
  readonly #retired = new Map<NativeConnection, NodeJS.Timeout>();
  #current: NativeConnection;
  #credentials: Credentials | undefined;
  #worker: Worker | undefined;
  #isClosed = false;

  constructor(cluster: ClusterAddress, first: NativeConnection, credentials: Credentials | undefined) {
    this.#cluster = cluster;
    this.#current = first;
    this.#credentials = credentials;
  }

  /** The one in force. */
  get current(): NativeConnection {
    return this.#current;
  }

  /** The worker that runs on it. */
  carry(worker: Worker): void {
    this.#worker = worker;
  }

  /**
   * Goes on with other credentials. The worker gets a new connection once that stands; polls that wait on the old one end
   * there.
   *
   * @throws the error of the new connection, if it does not come about: the old one stays
   */
  async take(next: Credentials): Promise<void> {
    if (this.#isClosed) return;
    if (next.tlsFingerprint === this.#credentials?.tlsFingerprint) {
      if (next.apiKey !== undefined) await this.#current.setApiKey(next.apiKey);
      this.#credentials = next;
      return;
    }
    const connection = await NativeConnection.connect(nativeOptions(this.#cluster, next));
    // While it connected the worker may have ended.
    if (this.#hasEnded()) {
      await connection.close();
      return;
    }
    const old = this.#current;
    try {
      if (this.#worker) this.#worker.connection = connection;
    } catch (error) {
      await connection.close();
      throw error;
    }
    this.#current = connection;
    this.#credentials = next;
    this.#retired.set(old, setTimeout(() => void this.#closeRetired(old), RETIRED_CONNECTION_MS).unref());
  }

  /** Closes all. The worker must have ended. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const old of [...this.#retired.keys()]) await this.#closeRetired(old);
    await this.#current.close().catch(() => undefined);
  }

  #hasEnded(): boolean {
    return this.#isClosed;
  }

  async #closeRetired(old: NativeConnection): Promise<void> {
    clearTimeout(this.#retired.get(old));
    this.#retired.delete(old);
    await old.close().catch(() => undefined);
  }
}
