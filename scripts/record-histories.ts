/**
 * Records histories of the bridge's workflows on two servers of its own, as fixtures for the replay tests:
 * `tsx scripts/record-histories.ts [FOLDER]`, by default `test/histories/{version}`.
 *
 * A release's histories are recorded once and kept: a later version has to replay them.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import type { TestSide, TwoClusters } from '../test/support/harness.js';
import { historyToPlain } from '../test/support/history-json.js';
import { buildBundles } from './build-bundles.js';
import { startDevServer, type DevServer } from './stack/dev-server.js';
import { cacheDir, repoRoot } from './stack/paths.js';

/** One recording: what runs, and the names under which both sides' histories are kept. */
interface Recording {
  /** Settings of the bridge beside the clusters'. */
  readonly env?: Readonly<Record<string, string>>;
  /** Starts a caller and waits for its end. */
  readonly run: (clusters: TwoClusters) => Promise<WorkflowHandle>;
  /** Name of the `CrossClusterWorkflow`'s history; absent: not kept. */
  readonly caller?: string;
  /** Name of the wrapper's history; absent: not kept. */
  readonly wrapper?: string;
}

/** A history without what belongs to the machine: its name, and the folder of the sources in stack traces. */
function withoutMachine(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) return value.map((entry) => withoutMachine(entry));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([name, entry]) => [name, withoutMachine(entry, name)]),
    );
  }
  if (typeof value !== 'string') return value;
  if (key === 'identity') return 'recorder';
  const text = Buffer.from(value, 'base64').toString('utf8');
  const isBase64Text = Buffer.from(text).toString('base64') === value;
  return isBase64Text ? Buffer.from(anonymous(text)).toString('base64') : anonymous(value);
}

function anonymous(text: string): string {
  return text.replaceAll(repoRoot, '').replaceAll(hostname(), 'host');
}

async function side({ address, metricsUrl }: DevServer): Promise<TestSide> {
  const connection = await Connection.connect({ address });
  // Replay workers are of this namespace, which is a part of call ids.
  const namespace = 'default';
  return { address, metricsUrl, namespace, client: new Client({ connection, namespace }) };
}

const { version } = JSON.parse(await readFile(join(repoRoot, 'package.json'), 'utf8')) as { version: string };
const folder = process.argv[2] ?? join(repoRoot, 'test', 'histories', version);
const bundles = join(cacheDir, 'record-histories');
const servers = await Promise.all(['A', 'B'].map((name) => startDevServer({ name })));
try {
  await buildBundles(bundles);
  process.env['TB_TEST_CLI'] = 'unused';
  process.env['TB_TEST_BUNDLES'] = bundles;
  for (const { name, address, metricsUrl } of servers) {
    process.env[`TB_TEST_${name}_ADDRESS`] = address;
    process.env[`TB_TEST_${name}_METRICS`] = metricsUrl;
  }
  const [a, b] = (await Promise.all(servers.map(side))) as [TestSide, TestSide];
  await recordAll({
    a,
    b,
    close: () => Promise.all([a, b].map(({ client }) => client.connection.close())).then(() => undefined),
  });
} finally {
  await Promise.all(servers.map((server) => server.stop()));
  await rm(bundles, { recursive: true, force: true });
}

async function recordAll(clusters: TwoClusters): Promise<void> {
  const harness = await import('../test/support/harness.js');
  const { requestFor, startBridge, startCallers, startCrossCluster, startTargets } = harness;
  const workers = await Promise.all([startTargets(clusters.b), startCallers(clusters.a)]);

  const call = async (request: unknown): Promise<WorkflowHandle> => {
    const handle = await startCrossCluster(clusters, request);
    await handle.result().catch(() => undefined);
    return handle;
  };
  const noSignals = {
    BRIDGE_COMPLETION_SIGNALS: 'false',
    BRIDGE_FALLBACK_FIRST: '1s',
    BRIDGE_FALLBACK_MAX: '1s',
  };
  const recordings: readonly Recording[] = [
    {
      run: () => call(requestFor('EchoAll', [1, 'two', { three: 3 }])),
      caller: 'cross-cluster-by-signal',
      wrapper: 'remote-call-completed',
    },
    {
      run: () => call({ WorkflowType: 'Echo', TaskQueue: 'targets', Input: 'eyJhIjoxfQ==', Timeout: 60e9 }),
      caller: 'cross-cluster-article-form',
    },
    {
      run: () => call(requestFor('Fail', ['no stock'])),
      caller: 'cross-cluster-failed',
      wrapper: 'remote-call-failed',
    },
    {
      run: () => call(requestFor('Gate', [], { timeout: '2s' })),
      caller: 'cross-cluster-timed-out',
      wrapper: 'remote-call-timed-out',
    },
    { run: () => call({ workflowType: 'Echo' }), caller: 'cross-cluster-invalid-request' },
    {
      run: async () => {
        const { length } = await wrapperIds(clusters);
        const handle = await startCrossCluster(clusters, requestFor('UntilCancelled'));
        await waitForWrapper(clusters, length);
        await handle.cancel();
        await handle.result().catch(() => undefined);
        return handle;
      },
      caller: 'cross-cluster-canceled',
      wrapper: 'remote-call-canceled',
    },
    {
      // A reserved target: the handler side does not admit it.
      run: async ({ a }) => {
        const handle = await a.client.workflow.start('CallOnce', {
          taskQueue: 'callers',
          workflowId: 'refused-caller',
          args: [{ workflowType: 'RemoteCallWorkflow', timeoutMs: 60_000 }],
        });
        await handle.result().catch(() => undefined);
        return handle;
      },
      wrapper: 'remote-call-refused',
    },
    {
      env: noSignals,
      run: () => call(requestFor('Echo', ['looked up'])),
      caller: 'cross-cluster-by-fallback',
      wrapper: 'remote-call-without-signal',
    },
    {
      env: noSignals,
      run: () => call(requestFor('Fail', ['looked up'])),
      caller: 'cross-cluster-failed-by-fallback',
    },
  ];

  await mkdir(folder, { recursive: true });
  for (const { env = {}, run, caller, wrapper } of recordings) {
    const known = new Set(await wrapperIds(clusters));
    const bridge = await startBridge(clusters, { env });
    const handle = await run(clusters);
    if (caller !== undefined) await save(caller, handle);
    if (wrapper !== undefined) {
      const [id = ''] = (await waitForWrapper(clusters, known.size)).filter((found) => !known.has(found));
      const wrapperHandle = clusters.b.client.workflow.getHandle(id);
      await wrapperHandle.result();
      await save(wrapper, wrapperHandle);
    }
    await bridge.stop();
  }
  await Promise.all(workers.map((worker) => worker.stop()));
  await clusters.close();
}

async function wrapperIds({ b }: TwoClusters): Promise<string[]> {
  const ids: string[] = [];
  for await (const { workflowId } of b.client.workflow.list({
    query: 'WorkflowType = "RemoteCallWorkflow"',
  })) {
    ids.push(workflowId);
  }
  return ids;
}

/** The wrappers' ids, once there are more than `known`. */
async function waitForWrapper(clusters: TwoClusters, known: number): Promise<string[]> {
  const { eventually } = await import('../test/support/inspect.js');
  return eventually('a wrapper is seen', async () => {
    const ids = await wrapperIds(clusters);
    return ids.length > known && ids;
  });
}

async function save(name: string, handle: WorkflowHandle): Promise<void> {
  const history = historyToPlain(await handle.fetchHistory());
  const text = `${JSON.stringify(withoutMachine(history), undefined, 1)}\n`;
  if (text.includes(repoRoot)) throw new Error(`${name} still names ${repoRoot}`);
  await writeFile(join(folder, `${name}.json`), text);
  console.log(`${name}: ${history.events.length} events`);
}
