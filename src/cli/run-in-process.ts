/** The bridge in a process of its own: with health and metrics at an address, and traces if they are asked for. */
import type { ResolvedConfig } from '../bridge/config/resolve.js';
import { serveHealth } from '../bridge/health/http-server.js';
import type { BridgeLogger } from '../bridge/logger.js';
import type { RunningBridge } from '../bridge/run.js';
import type { MeasuredRuntime } from '../bridge/runtime.js';
import type { BridgeHandle } from './io.js';

/**
 * Starts the server of health and metrics, then the bridge. The server is there first and goes last: a bridge that starts
 * or drains lives, and is not ready.
 *
 * @throws {ConfigError} if `BRIDGE_HTTP_ADDRESS` was given and cannot be listened on; nothing has been started then.
 */
export async function runInProcess(config: ResolvedConfig, log: BridgeLogger): Promise<BridgeHandle> {
  let bridge: RunningBridge | undefined;
  let runtime: MeasuredRuntime | undefined;
  const served = { health: () => bridge?.health(), metricsUrl: () => runtime?.metricsUrl };
  const server = config.http && (await serveHealth(config.http, served, log));
  try {
    // Loaded only now: the Temporal SDK takes its time, and `config` and `keys` do without.
    const { installMeasuredRuntime, installRuntime } = await import('../bridge/runtime.js');
    const { runBridge } = await import('../bridge/run.js');
    const { startTracing } = await import('../bridge/tracing/tracing.js');
    if (server) runtime = await installMeasuredRuntime(log);
    else installRuntime(log);
    const tracing = await startTracing(log);
    const started = await runBridge(config, log, { tracing });
    bridge = started;
    const closed = started.closed.finally(async () => {
      await tracing?.shutdown();
      await server?.close();
      await runtime?.release();
    });
    return {
      ready: started.ready,
      closed,
      reload: () => started.reload(),
      shutdown: (reason) => started.shutdown(reason).then(() => closed),
    };
  } catch (error) {
    await server?.close();
    throw error;
  }
}
