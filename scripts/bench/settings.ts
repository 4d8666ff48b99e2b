import { createRequire } from 'node:module';
import { availableParallelism, cpus, platform, release, totalmem } from 'node:os';
import type { Plan } from './plan.js';
import type { Stand } from './stand.js';
import { dynamicConfig } from './stand-clusters.js';
import { WORKER_OPTIONS } from './worker-options.js';

/** What a run was made with, by name. */
export type Settings = Readonly<Record<string, unknown>>;

const GIB = 2 ** 30;

/** Reads what a run is made with: machine, versions, and what was set. */
export async function readSettings(plan: Plan, seed: number, { clientA }: Stand): Promise<Settings> {
  const { serverVersion } = await clientA.connection.workflowService.getSystemInfo({});
  const sdk = createRequire(import.meta.url)('@temporalio/worker/package.json') as { version: string };
  return {
    date: new Date().toISOString(),
    'Temporal server (dev server, in memory)': serverVersion,
    'Temporal TypeScript SDK': sdk.version,
    Node: process.version,
    system: `${platform()} ${release()}`,
    CPU: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    'memory, GiB': Math.round((totalmem() / GIB) * 10) / 10,
    'dynamic config of both servers, eager on': dynamicConfig('PORT', true),
    'dynamic config, eager off': 'the same, with false for the last two',
    'dynamic config, beside it': 'queue processors unthrottled (scripts/stack/dev-server.ts)',
    'options of every worker': WORKER_OPTIONS,
    pollers: 'the SDK’s defaults, for every worker',
    processes:
      'server A, server B, bridge (both roles), callers’ workers, targets’ workers, this program; one machine',
    seed,
    plan,
  };
}
