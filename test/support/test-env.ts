import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { useNamespace } from '../../scripts/stack/dev-server-ready.js';

/** What the test runner has set up for the test files. */
export interface TestEnv {
  /** The Temporal CLI's path, for tests that start servers of their own. */
  readonly cli: string;
  readonly clusterA: TestCluster;
  readonly clusterB: TestCluster;
  /** The folder of the workflow bundles. */
  readonly bundlesDir: string;
}

/** One of the two servers that all test files share. */
export interface TestCluster {
  /** The gRPC address, `host:port`. */
  readonly address: string;
  readonly metricsUrl: string;
}

/**
 * Reads what the test runner has set up.
 *
 * @throws {Error} if the test file was not started by the runner, or without servers
 */
export function readTestEnv(env: NodeJS.ProcessEnv = process.env): TestEnv {
  return {
    cli: required(env, 'TB_TEST_CLI'),
    clusterA: { address: required(env, 'TB_TEST_A_ADDRESS'), metricsUrl: required(env, 'TB_TEST_A_METRICS') },
    clusterB: { address: required(env, 'TB_TEST_B_ADDRESS'), metricsUrl: required(env, 'TB_TEST_B_METRICS') },
    bundlesDir: readBundlesDir(env),
  };
}

/** The folder of the workflow bundles alone, for tests that need no server. */
export function readBundlesDir(env: NodeJS.ProcessEnv = process.env): string {
  return required(env, 'TB_TEST_BUNDLES');
}

function required(env: NodeJS.ProcessEnv, name: string): string {
  const value = env[name];
  if (value === undefined || value === '') {
    throw new Error(`${name} is not set: run this test by "npm test -- FILE", which starts what it needs`);
  }
  return value;
}

/**
 * Registers a namespace, with a retention of one day, and waits until it can be used.
 *
 * @param name default: a new name
 * @throws {Error} if it cannot be used within 20 s
 * @returns its name
 */
export async function createNamespace(
  connection: Connection,
  name = `test-${randomUUID()}`,
): Promise<string> {
  const day = msToTs('1 day');
  await connection.workflowService.registerNamespace({
    namespace: name,
    workflowExecutionRetentionPeriod: day,
  });
  const deadline = Date.now() + 20_000;
  for (;;) {
    try {
      await useNamespace(connection, name);
      return name;
    } catch (error) {
      if (Date.now() > deadline) throw new Error(`namespace ${name} cannot be used`, { cause: error });
      await sleep(100);
    }
  }
}
