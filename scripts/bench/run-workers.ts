import { DefaultLogger, NativeConnection, Runtime, Worker, bundleWorkflowCode } from '@temporalio/worker';
import type { WorkerOptions, WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { fileURLToPath } from 'node:url';
import { WORKER_OPTIONS } from './worker-options.js';

/** The line that a process of workers prints when they poll. */
export const WORKERS_READY = 'bench workers ready';

const logger = new DefaultLogger('WARN');
Runtime.install({ logger, shutdownSignals: ['SIGTERM'] });

/** Bundles one of the benchmark's workflow modules. */
export function bundleOf(
  module: string,
  more: Parameters<typeof bundleWorkflowCode>[0] | object = {},
): Promise<WorkflowBundleWithSourceMap> {
  return bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL(module, import.meta.url)),
    logger,
    ...more,
  });
}

/** Runs workers until SIGTERM; those of one cluster share a connection, as eager starts need it. */
export async function runWorkers(
  byAddress: Readonly<Record<string, readonly Omit<WorkerOptions, 'connection'>[]>>,
): Promise<never> {
  const running: Promise<void>[] = [];
  for (const [address, options] of Object.entries(byAddress)) {
    const connection = await NativeConnection.connect({ address });
    for (const one of options) {
      const worker = await Worker.create({
        ...WORKER_OPTIONS,
        connection,
        shutdownGraceTime: '1s',
        shutdownForceTime: '3s',
        ...one,
      });
      running.push(worker.run());
    }
  }
  console.log(WORKERS_READY);
  await Promise.all(running);
  process.exit();
}
