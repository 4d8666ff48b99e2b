import { setTimeout as sleep } from 'node:timers/promises';
import { NativeConnection, Worker } from '@temporalio/worker';
import type { State, WorkerOptions } from '@temporalio/worker';
import type { ClusterAddress } from './cluster-client.js';
import { nativeOptions } from './connection/connect-options.js';
import type { CredentialRotation } from './connection/credential-rotation.js';
import { diagnose } from './connection/diagnose.js';
import { WorkerConnection } from './connection/worker-connection.js';
import { faultText } from './grpc-errors.js';
import type { BridgeLogger } from './logger.js';

/** Waits between two attempts to connect or to run a worker, in milliseconds: doubled from the first to the last. */
const RETRY_FIRST_MS = 500;
const RETRY_MAX_MS = 10_000;
/** How long a drained worker may take to say goodbye to its server, which may not answer, in milliseconds. */
const GOODBYE_MS = 3_000;
/** A worker that ran this long starts over with the first wait. */
const HEALTHY_AFTER_MS = 60_000;

/** How a supervised worker stands. */
export interface WorkerStatus {
  /** The SDK's state of the worker; `WAITING`: there is none, the next attempt to connect is waited for. */
  readonly state: State | 'WAITING';
  /** What the server knows its polls by. */
  readonly identity?: string | undefined;
  /** Why there is no worker, once an attempt has failed. */
  readonly why?: string | undefined;
}

/** A worker that is kept running. */
export interface SupervisedWorker {
  /** `caller-side` or `handler-side`. */
  readonly name: string;
  /** Resolves when the worker first polls; rejects if it is shut down before. */
  readonly ready: Promise<void>;
  /** Resolves when it has been shut down. */
  readonly closed: Promise<void>;
  /** The worker's connection while it polls: a workflow that is started through it can be handed to it at once. */
  connection(): NativeConnection | undefined;
  status(): WorkerStatus;
  /** Stops polling, lets running tasks end within the grace time, closes the connection. */
  shutdown(): void;
}

/** What a supervised worker is made of. */
export interface SupervisedWorkerOptions {
  /** Names the worker in logs: `caller-side` or `handler-side`. */
  readonly name: string;
  readonly cluster: ClusterAddress;
  readonly log: BridgeLogger;
  /** Keeps its credentials up to date; absent: they stay as they were at the start. */
  readonly rotation?: CredentialRotation | undefined;
  /** Everything but the connection; a worker cannot run twice, so each attempt makes a new one. */
  readonly worker: () => Promise<Omit<WorkerOptions, 'connection'>>;
}

/**
 * Runs a worker, and a new one whenever that ends for a reason other than shutdown: a cluster that is down at the start
 * is waited for, and a worker that gave up (for example on a namespace that was missing for a minute) is replaced.
 */
export function superviseWorker(options: SupervisedWorkerOptions): SupervisedWorker {
  const { name, cluster, log } = options;
  const stop = new AbortController();
  let worker: Worker | undefined;
  let connected: WorkerConnection | undefined;
  let hasPolled = false;
  let lastFault: string | undefined;
  let becomeReady = (): void => undefined;
  let failReady = (_error: Error): void => undefined;
  const ready = new Promise<void>((resolve, reject) => {
    becomeReady = resolve;
    failReady = reject;
  });
  ready.catch(() => undefined);
  const held = options.rotation?.hold(cluster, (next) => connected?.take(next));
  const credentials = () => held?.current() ?? cluster.access?.credentials;
  let abandon = (): void => undefined;
  const abandoned = new Promise<void>((resolve) => (abandon = resolve));

  async function runOnce(): Promise<void> {
    const used = credentials();
    const connection = await NativeConnection.connect(nativeOptions(cluster, used));
    const own = new WorkerConnection(cluster, connection, used);
    try {
      if (stop.signal.aborted) return;
      worker = await Worker.create({ connection, ...(await options.worker()) });
      own.carry(worker);
      connected = own;
      // They may have changed while the worker was made.
      const latest = credentials();
      if (latest && latest !== used) await own.take(latest);
      const running = worker.run();
      if (stop.signal.aborted) worker.shutdown();
      log.info(`${name} worker polls ${cluster.name}`, {
        address: cluster.address,
        namespace: cluster.namespace,
      });
      hasPolled = true;
      lastFault = undefined;
      becomeReady();
      await running;
      // Ended in order: by shutdown(), or by the SDK's own signal handlers where a user's process has them.
      stop.abort();
    } finally {
      worker = undefined;
      connected = undefined;
      await own.close();
    }
  }

  async function keepRunning(): Promise<void> {
    let delayMs = RETRY_FIRST_MS;
    while (!stop.signal.aborted) {
      const startedAt = Date.now();
      try {
        await runOnce();
      } catch (error) {
        const { fault } = stop.signal.aborted ? {} : await diagnose(cluster, credentials());
        lastFault = fault?.message ?? faultText(error);
        const fields = { address: cluster.address, namespace: cluster.namespace, why: lastFault };
        if (!stop.signal.aborted)
          log[fault ? 'error' : 'warn'](`${name} worker waits for ${cluster.name}`, {
            ...fields,
            ...(fault ? { code: fault.code, reason: fault.reason } : {}),
            retryInMs: delayMs,
          });
        else if (hasPolled) log.warn(`${name} worker ended before all was drained`, fields);
      }
      if (stop.signal.aborted) break;
      if (Date.now() - startedAt > HEALTHY_AFTER_MS) delayMs = RETRY_FIRST_MS;
      await sleep(delayMs, undefined, { signal: stop.signal }).catch(() => undefined);
      delayMs = Math.min(delayMs * 2, RETRY_MAX_MS);
    }
    held?.release();
    failReady(new Error(`${name} worker was shut down before it polled`));
  }

  /** The SDK's farewell has no deadline that would fit a shutdown; the server forgets the worker without it, too. */
  async function leaveOnceDrained(drained: Worker): Promise<void> {
    while (!['STOPPED', 'FAILED'].includes(drained.getState())) await sleep(100, undefined, { ref: false });
    await sleep(GOODBYE_MS, undefined, { ref: false });
    abandon();
  }

  return {
    name,
    ready,
    closed: Promise.race([keepRunning(), abandoned]),
    connection: () => (worker?.getState() === 'RUNNING' ? connected?.current : undefined),
    status: () =>
      worker
        ? { state: worker.getState(), identity: worker.options.identity }
        : { state: 'WAITING', why: lastFault },
    shutdown: () => {
      stop.abort();
      if (worker?.getState() === 'RUNNING') worker.shutdown();
      if (worker) void leaveOnceDrained(worker);
      // Nothing to drain; a connection attempt to a server that does not answer would hold up the end for half a minute.
      else abandon();
    },
  };
}
