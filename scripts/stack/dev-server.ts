import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DevServerError } from './dev-server-error.js';
import { waitUntilReady } from './dev-server-ready.js';
import { spawnGuarded, type GuardedProcess, type ProcessExit } from './guarded-process.js';
import { assertPortFree, pickFreePort } from './ports.js';
import { findTemporalCli } from './temporal-cli.js';

export { DevServerError, type DevServerErrorCode } from './dev-server-error.js';

/** The dev server reads its queues 20 times a second by default; this lets it run at its own speed. */
const UNTHROTTLED: Readonly<Record<string, unknown>> = {
  'history.transferProcessorMaxPollRPS': 1000,
  'history.transferProcessorMaxPollHostRPS': 1000,
  'history.timerProcessorMaxPollRPS': 1000,
  'history.timerProcessorMaxPollHostRPS': 1000,
  'history.outboundProcessorMaxPollRPS': 1000,
  'history.outboundProcessorMaxPollHostRPS': 1000,
  'history.visibilityProcessorMaxPollRPS': 1000,
  'history.visibilityProcessorMaxPollHostRPS': 1000,
  // A namespace made while the server runs is known to all its parts this soon.
  'system.namespaceCacheRefreshInterval': '200ms',
};

const HOST = '127.0.0.1';
const READY_TIMEOUT_MS = 60_000;
const STOP_GRACE_MS = 10_000;
const START_ATTEMPTS = 3;

/** Options of {@link startDevServer}. */
export interface DevServerOptions {
  /** Names the server in messages, e.g. `A`. */
  readonly name: string;
  /** The Temporal CLI's path. Default: what `findTemporalCli` finds. */
  readonly cli?: string | undefined;
  /** The gRPC port. Default, or 0: a free one. */
  readonly port?: number | undefined;
  /** The environment variable by which the user chooses `port`; named if the port is taken. */
  readonly portVariable?: string | undefined;
  /** The web UI's port. Default: no web UI. */
  readonly uiPort?: number | undefined;
  /** The environment variable by which the user chooses `uiPort`. */
  readonly uiPortVariable?: string | undefined;
  /** The port of the Prometheus metrics. Default: a free one. */
  readonly metricsPort?: number | undefined;
  /** The port of the HTTP API. Default: a free one. */
  readonly httpPort?: number | undefined;
  /** The database file, made with its folder if absent. Default: in memory, lost when the server ends. */
  readonly dbFilename?: string | undefined;
  /** Namespaces beside `default`. */
  readonly namespaces?: readonly string[] | undefined;
  /** Dynamic configuration beside, or instead of, what makes the server fast. */
  readonly dynamicConfig?: Readonly<Record<string, unknown>> | undefined;
  /** Gets each line that the server logs (errors only). */
  readonly onLine?: ((line: string) => void) | undefined;
  /** Gives up the start when aborted; a server that is ready by then is left to its handle. */
  readonly startSignal?: AbortSignal | undefined;
}

/** A running Temporal dev server. */
export interface DevServer {
  readonly name: string;
  /** The gRPC address, `host:port`. */
  readonly address: string;
  readonly port: number;
  /** The web UI's address; `undefined` without one. */
  readonly uiUrl: string | undefined;
  /** Where the Prometheus metrics are read. */
  readonly metricsUrl: string;
  /** The HTTP API's address. */
  readonly httpUrl: string;
  /** The server's process id; another one after {@link restart}. */
  readonly pid: number;
  /** Ends the server for good: asks it to, and kills it after 10 s. Safe to call again. */
  stop(): Promise<void>;
  /** Kills the server as a crash would. */
  kill9(): Promise<void>;
  /** Stops the server if it runs, and starts it again on the same ports and database. Resolves when ready. */
  restart(): Promise<void>;
  /** Halts the server's process (SIGSTOP): its connections stay, and nothing answers. */
  freeze(): void;
  /** Lets a frozen server go on (SIGCONT). */
  thaw(): void;
  /** Calls back when the server ends without having been asked to by this handle; returns the way to unsubscribe. */
  onExit(listener: (exit: ProcessExit) => void): () => void;
}

interface Ports {
  readonly grpc: number;
  readonly ui: number | undefined;
  readonly metrics: number;
  readonly http: number;
}

/**
 * Starts `temporal server start-dev` on 127.0.0.1 and waits until it can be used. The server has a home folder of
 * its own (two servers that share one also share a cluster id), and ends when this process ends, however it ends.
 *
 * @throws {DevServerError} `PORT_TAKEN`, `EXITED` or `NOT_READY`
 */
export async function startDevServer(options: DevServerOptions): Promise<DevServer> {
  const cli = options.cli ?? (await findTemporalCli({ log: () => undefined }));
  if (options.dbFilename !== undefined) await mkdir(dirname(options.dbFilename), { recursive: true });
  await assertAskedPortsFree(options);
  const home = await mkdtemp(join(tmpdir(), 'temporal-dev-'));
  try {
    for (let attempt = 1; ; attempt++) {
      const ports = await choosePorts(options);
      try {
        const process = await launch(cli, options, ports, home);
        return createHandle(cli, options, ports, home, process);
      } catch (error) {
        // A port picked as free can be lost before the server takes it; so can the server's internal ones.
        const lostPort =
          error instanceof DevServerError && /address already in use|bind:/.test(error.message);
        if (!lostPort || attempt === START_ATTEMPTS) throw error;
      }
    }
  } catch (error) {
    await rm(home, { recursive: true, force: true });
    throw error;
  }
}

async function assertAskedPortsFree(options: DevServerOptions): Promise<void> {
  const { name, port, uiPort, metricsPort, httpPort } = options;
  if (port) await assertPortFree(port, `the gRPC port of cluster ${name}`, options.portVariable);
  if (uiPort) await assertPortFree(uiPort, `the web UI's port of cluster ${name}`, options.uiPortVariable);
  if (metricsPort) await assertPortFree(metricsPort, `the metrics port of cluster ${name}`);
  if (httpPort) await assertPortFree(httpPort, `the HTTP port of cluster ${name}`);
}

async function choosePorts(options: DevServerOptions): Promise<Ports> {
  return {
    grpc: options.port || (await pickFreePort()),
    ui: options.uiPort === 0 ? await pickFreePort() : options.uiPort,
    metrics: options.metricsPort || (await pickFreePort()),
    http: options.httpPort || (await pickFreePort()),
  };
}

async function launch(
  cli: string,
  options: DevServerOptions,
  ports: Ports,
  home: string,
): Promise<GuardedProcess> {
  options.startSignal?.throwIfAborted();
  const server = await spawnGuarded(cli, serverArguments(options, ports), {
    env: { PATH: process.env['PATH'], HOME: home },
    scratchFolder: home,
    onLine: options.onLine,
  });
  const giveUp = (): void => server.signal('SIGKILL');
  options.startSignal?.addEventListener('abort', giveUp);
  if (options.startSignal?.aborted) giveUp();
  try {
    const namespaces = ['default', ...(options.namespaces ?? [])];
    await waitUntilReady(`${HOST}:${ports.grpc}`, namespaces, READY_TIMEOUT_MS, server.hasExited);
  } catch (error) {
    const said = server.lastLines() || '(nothing)';
    if (server.hasExited()) {
      throw new DevServerError(
        'EXITED',
        `cluster ${options.name} ended before it was ready. It said:\n${said}`,
      );
    }
    server.signal('SIGKILL');
    await server.exited;
    throw new DevServerError(
      'NOT_READY',
      `cluster ${options.name} was not ready after ${READY_TIMEOUT_MS / 1000} s. It said:\n${said}`,
      { cause: error },
    );
  } finally {
    options.startSignal?.removeEventListener('abort', giveUp);
  }
  return server;
}

function serverArguments(options: DevServerOptions, ports: Ports): string[] {
  const args = ['server', 'start-dev', '--ip', HOST, '--log-level', 'error', '--disable-config-file'];
  args.push('--port', `${ports.grpc}`, '--metrics-port', `${ports.metrics}`, '--http-port', `${ports.http}`);
  if (ports.ui === undefined) args.push('--headless');
  else args.push('--ui-port', `${ports.ui}`);
  if (options.dbFilename !== undefined) {
    args.push('--db-filename', options.dbFilename);
    args.push('--sqlite-pragma', 'journal_mode=wal', '--sqlite-pragma', 'synchronous=2');
  }
  for (const namespace of options.namespaces ?? []) args.push('--namespace', namespace);
  for (const [key, value] of Object.entries({ ...UNTHROTTLED, ...options.dynamicConfig })) {
    args.push('--dynamic-config-value', `${key}=${JSON.stringify(value)}`);
  }
  return args;
}

function createHandle(
  cli: string,
  options: DevServerOptions,
  ports: Ports,
  home: string,
  first: GuardedProcess,
): DevServer {
  const listeners = new Set<(exit: ProcessExit) => void>();
  let current = first;
  let isExpected = false;
  let isStopped = false;
  const watch = (server: GuardedProcess): void => {
    current = server;
    isExpected = false;
    void server.exited.then((exit) => {
      if (!isExpected) for (const listener of listeners) listener(exit);
    });
  };
  watch(first);

  const end = async (): Promise<void> => {
    isExpected = true;
    const server = current;
    server.signal('SIGTERM');
    server.signal('SIGCONT');
    const timer = new AbortController();
    const overdue = sleep(STOP_GRACE_MS, undefined, { signal: timer.signal }).then(
      () => server.signal('SIGKILL'),
      () => undefined,
    );
    await server.exited;
    timer.abort();
    await overdue;
  };

  return {
    name: options.name,
    address: `${HOST}:${ports.grpc}`,
    port: ports.grpc,
    uiUrl: ports.ui === undefined ? undefined : `http://${HOST}:${ports.ui}`,
    metricsUrl: `http://${HOST}:${ports.metrics}/metrics`,
    httpUrl: `http://${HOST}:${ports.http}`,
    get pid() {
      return current.pid;
    },
    async stop() {
      isStopped = true;
      await end();
      await rm(home, { recursive: true, force: true });
    },
    async kill9() {
      isExpected = true;
      current.signal('SIGKILL');
      await current.exited;
    },
    async restart() {
      if (isStopped) throw new DevServerError('NOT_RUNNING', `cluster ${options.name} was stopped for good`);
      await end();
      watch(await launch(cli, options, ports, home));
    },
    freeze: () => current.signal('SIGSTOP'),
    thaw: () => current.signal('SIGCONT'),
    onExit(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
