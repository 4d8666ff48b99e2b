import { createRequire } from 'node:module';
import { cpus, loadavg, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import type { Client } from '@temporalio/client';
import { describeConfig } from '../../src/bridge/config/describe.js';

/** What can be chosen of `make bench-parked`. */
export interface ParkedSettings {
  /** How many calls wait. */
  readonly calls: number;
  /** Workflows that the bridge and each worker keep in memory. */
  readonly cache: number;
  /** How long is measured, before the first call and while all wait. */
  readonly seconds: number;
}

const RANGES = {
  calls: { default: 2_000, min: 2, max: 50_000 },
  cache: { default: 200, min: 1, max: 100_000 },
  seconds: { default: 60, min: 5, max: 1_800 },
} as const;

/**
 * Reads `--calls`, `--cache`, `--seconds`; an empty value is the default.
 *
 * @throws {TypeError} if one is not a whole number in its range
 */
export function readParkedSettings(args: readonly string[]): ParkedSettings {
  const { values } = parseArgs({
    args: [...args],
    options: { calls: { type: 'string' }, cache: { type: 'string' }, seconds: { type: 'string' } },
  });
  const read = (name: keyof typeof RANGES): number => {
    const { min, max, default: otherwise } = RANGES[name];
    const text = (values[name] ?? '').trim();
    if (text === '') return otherwise;
    const number = Number(text);
    if (/^\d+$/.test(text) && number >= min && number <= max) return number;
    throw new TypeError(
      `${name}: expected a whole number from ${min} to ${max}, got ${JSON.stringify(text)}`,
    );
  };
  return { calls: read('calls'), cache: read('cache'), seconds: read('seconds') };
}

/**
 * The bridge's settings that this measurement changes. Many calls take longer to make than the default first interval of
 * a minute: the looks are put off to the longest that can be set.
 */
export function bridgeSettings({ cache }: ParkedSettings): Readonly<Record<string, string>> {
  return {
    BRIDGE_FALLBACK_FIRST: '1h',
    BRIDGE_FALLBACK_MAX: '1h',
    BRIDGE_LEASE_FIRST: '1h',
    BRIDGE_LEASE_MAX: '1h',
    BRIDGE_MAX_CACHED_WORKFLOWS: `${cache}`,
  };
}

/** The bridge's slots, which it has by default: far fewer than calls. */
export function bridgeSlots(): { readonly activities: string; readonly workflowTasks: string } {
  const rows = describeConfig({});
  const valueOf = (name: string): string => rows.find(({ env }) => env === name)?.value ?? '?';
  return {
    activities: valueOf('BRIDGE_MAX_CONCURRENT_ACTIVITIES'),
    workflowTasks: valueOf('BRIDGE_MAX_CONCURRENT_WORKFLOW_TASKS'),
  };
}

/** What it ran on. */
export interface Surroundings {
  readonly cores: number;
  readonly cpu: string;
  readonly memoryGiB: number;
  readonly platform: string;
  readonly node: string;
  readonly sdk: string;
  readonly server: string;
  /** Load average of the last minute before the start: what else ran. */
  readonly loadBefore: number;
}

/** Describes the machine and the versions. */
export async function readSurroundings(client: Client, loadBefore: number): Promise<Surroundings> {
  const { version } = createRequire(import.meta.url)('@temporalio/worker/package.json') as {
    version: string;
  };
  const { serverVersion } = await client.connection.workflowService.getSystemInfo({});
  const cores = cpus();
  return {
    cores: cores.length,
    cpu: cores[0]?.model.trim() ?? '–',
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    sdk: version,
    server: serverVersion ?? '–',
    loadBefore,
  };
}

/** Load average of the last minute. */
export function currentLoad(): number {
  return Math.round((loadavg()[0] ?? 0) * 10) / 10;
}
