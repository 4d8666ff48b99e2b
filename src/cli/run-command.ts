/** `temporal-bridge run`: runs the bridge until a signal, or until it breaks. */
import { BridgeError } from '../shared/bridge-error.js';
import { ConfigError } from '../bridge/config/config-error.js';
import { ignoredSdkVariables, type Overrides } from '../bridge/config/given.js';
import { resolveConfig, type ResolvedConfig } from '../bridge/config/resolve.js';
import { createLogger, type BridgeLogger } from '../bridge/logger.js';
import { EXIT, type BridgeHandle, type CliIo } from './io.js';

/** How long past the grace time a shutdown may take before the process gives up on it, in milliseconds. */
const SHUTDOWN_MARGIN_MS = 10_000;

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/**
 * Starts the bridge and waits for its end. The first SIGTERM or SIGINT drains it, a second one ends the process at
 * once. SIGHUP has it read the files of keys and allow-list.
 * @returns the exit status: 0 after a signal, 1 if the bridge broke or ended by itself
 * @throws {ConfigError} if the settings cannot be used, alone or on this machine; nothing has been started then.
 */
export async function run(io: CliIo, options: { readonly overrides: Overrides }): Promise<number> {
  const config = resolveConfig(io.env, options.overrides);
  const log = createLogger({ ...config.log, destination: io.stdout });
  log.info('bridge starts', startFields(io.version, config));
  if (config.dev) log.warn('development run: not for production');
  const ignored = ignoredSdkVariables(io.env);
  // Each would hold for both clusters.
  if (ignored.length > 0)
    log.warn('variables of the Temporal SDK are ignored', { variables: ignored.join(', ') });
  const stop = listenForStop(io, log);
  try {
    return await Promise.race([serve(io, config, log, stop), overdue(stop, config)]);
  } catch (error) {
    if (ConfigError.is(error)) throw error;
    log.error('bridge failed', { err: error });
    return EXIT.failed;
  } finally {
    stop.dispose();
  }
}

async function serve(
  io: CliIo,
  config: ResolvedConfig,
  log: BridgeLogger,
  stop: StopRequest,
): Promise<number> {
  const bridge = await io.runBridge(config, log);
  stop.onReload(() => {
    log.info('SIGHUP: files of keys and allow-list are read again');
    bridge.reload();
  });
  const drained = stop.requested.then((signal) => bridge.shutdown(signal));
  try {
    // Each may end the run, whichever comes first; the others must not go unhandled.
    await Promise.race([bridge.closed, failureOf(drained), failureOf(readiness(bridge, log, stop))]);
  } catch (error) {
    const giveUp = new AbortController();
    const ended = bridge.shutdown('failed').catch(() => undefined);
    await Promise.race([ended, sleepPastGrace(config, giveUp.signal).catch(() => undefined)]);
    giveUp.abort();
    throw error;
  }
  if (stop.signal === undefined) {
    log.error('bridge ended by itself');
    return EXIT.failed;
  }
  log.info('bridge stopped', { signal: stop.signal });
  return EXIT.ok;
}

/** A bridge that is told to stop before it was ready need not become ready any more. */
async function readiness(bridge: BridgeHandle, log: BridgeLogger, stop: StopRequest): Promise<void> {
  try {
    await bridge.ready;
    if (stop.signal === undefined) log.info('bridge ready');
  } catch (error) {
    if (stop.signal === undefined) throw error;
  }
}

/** Rejects if the promise does, and never resolves. */
function failureOf(promise: Promise<unknown>): Promise<never> {
  return new Promise((_, reject) => {
    promise.catch(reject);
  });
}

/** Rejects when a shutdown takes much longer than it may: something hangs that would keep the process for ever. */
async function overdue(stop: StopRequest, config: ResolvedConfig): Promise<never> {
  await stop.requested;
  return await sleepPastGrace(config, stop.disposed);
}

function sleepPastGrace({ shutdownGraceMs }: ResolvedConfig, cancelled: AbortSignal): Promise<never> {
  const allowedMs = shutdownGraceMs + SHUTDOWN_MARGIN_MS;
  return new Promise((_, reject) => {
    if (cancelled.aborted) return;
    const timer = setTimeout(() => {
      reject(new BridgeError('INTERNAL', `the bridge did not stop within ${String(allowedMs)} ms`));
    }, allowedMs);
    cancelled.addEventListener('abort', () => {
      clearTimeout(timer);
    });
  });
}

interface StopRequest {
  /** Resolves with the first signal's name. */
  readonly requested: Promise<string>;
  /** The first signal, once it has come. */
  readonly signal: string | undefined;
  /** Aborted by `dispose`. */
  readonly disposed: AbortSignal;
  /** From now on SIGHUP does this; before, it does nothing. */
  onReload(reload: () => void): void;
  dispose(): void;
}

function listenForStop(io: CliIo, log: BridgeLogger): StopRequest {
  let signal: string | undefined;
  const disposal = new AbortController();
  let request: (signal: string) => void = () => undefined;
  const requested = new Promise<string>((resolve) => (request = resolve));
  const listeners = SIGNALS.map((name) => {
    const listener = (): void => {
      if (signal !== undefined) {
        log.warn('second signal: bridge ends at once', { signal: name });
        io.exit(EXIT.interrupted);
        return;
      }
      signal = name;
      log.info('signal: bridge drains', { signal: name });
      request(name);
    };
    return [name, listener] as const;
  });
  const onUncaught = (error: unknown): void => {
    log.error('uncaught error', { err: error });
    io.exit(EXIT.failed);
  };
  let reload: () => void = () => undefined;
  const onHangUp = (): void => {
    if (signal === undefined) reload();
  };
  for (const [name, listener] of listeners) io.signals.on(name, listener);
  io.signals.on('SIGHUP', onHangUp);
  io.signals.on('uncaughtException', onUncaught);
  return {
    requested,
    get signal() {
      return signal;
    },
    disposed: disposal.signal,
    onReload(does) {
      reload = does;
    },
    dispose() {
      disposal.abort();
      io.signals.off('SIGHUP', onHangUp);
      for (const [name, listener] of listeners) io.signals.off(name, listener);
      io.signals.off('uncaughtException', onUncaught);
    },
  };
}

function startFields(version: string, config: ResolvedConfig): Record<string, unknown> {
  return {
    version,
    role: config.role,
    sourceCluster: config.callerCluster.name,
    sourceAddress: config.callerCluster.address,
    destinationCluster: config.handlerCluster.name,
    destinationAddress: config.handlerCluster.address,
    callerTaskQueue: config.callerTaskQueue,
    handlerTaskQueue: config.handlerTaskQueue,
    verifyKeys: config.verifyKeys.length,
  };
}
