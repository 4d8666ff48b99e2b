import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { startDevServer, type DevServer } from '../../scripts/stack/dev-server.js';
import { cacheDir } from '../../scripts/stack/paths.js';
import type { TestSide, TwoClusters } from './harness.js';

async function side({ address, metricsUrl }: DevServer): Promise<TestSide> {
  const connection = await Connection.connect({ address });
  const namespace = 'default';
  return {
    address,
    metricsUrl,
    namespace,
    client: new Client({ connection, namespace, identity: 'recorder' }),
  };
}

/**
 * Starts two servers to record histories on, in the environment that the harness reads, and stops them afterwards. The
 * harness is to be imported by `record`, once that environment stands.
 *
 * @param name - of the folder in which `record` finds and puts bundles
 */
export async function withRecordingServers(
  name: string,
  record: (clusters: TwoClusters, bundles: string) => Promise<void>,
): Promise<void> {
  const bundles = join(cacheDir, name);
  const servers = await Promise.all(['A', 'B'].map((server) => startDevServer({ name: server })));
  try {
    await mkdir(bundles, { recursive: true });
    process.env['TB_TEST_CLI'] = 'unused';
    process.env['TB_TEST_BUNDLES'] = bundles;
    for (const server of servers) {
      process.env[`TB_TEST_${server.name}_ADDRESS`] = server.address;
      process.env[`TB_TEST_${server.name}_METRICS`] = server.metricsUrl;
    }
    const [a, b] = (await Promise.all(servers.map(side))) as [TestSide, TestSide];
    const close = async (): Promise<void> => {
      await Promise.all([a, b].map(({ client }) => client.connection.close()));
    };
    await record({ a, b, close }, bundles);
    await close();
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
    await rm(bundles, { recursive: true, force: true });
  }
}
