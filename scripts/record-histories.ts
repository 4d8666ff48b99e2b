/**
 * Records histories of the bridge's workflows on two servers of its own, as fixtures for the replay tests:
 * `tsx scripts/record-histories.ts [FOLDER]`, by default `test/histories/{version}`.
 *
 * Until version 1.0 is declared in CHANGELOG.md, they are made anew. From then on a recorded history is kept, since later
 * versions have to replay it: existing files are not written again, and `test/histories/manifest.json` holds their hashes.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import type { Manifest } from '../test/histories/manifest.js';
import { hashOf, keepsHistories } from '../test/histories/manifest.js';
import type { TwoClusters } from '../test/support/harness.js';
import { historyToPlain } from '../test/support/history-json.js';
import { buildBundles } from './build-bundles.js';
import { withRecordingServers } from '../test/support/recording-servers.js';
import { repoRoot } from './stack/paths.js';

/** One recording: what runs, and the names under which both sides' histories are kept. */
interface Recording {
  /** Settings of the bridge beside the clusters'. */
  readonly env?: Readonly<Record<string, string>>;
  /** Starts a caller and waits for its end. */
  readonly run: (clusters: TwoClusters) => Promise<WorkflowHandle>;
  /** Name of the caller's history; absent: not kept. */
  readonly caller?: string;
  /** Name of the history of the caller's first run, where it continues as new. */
  readonly firstRun?: string;
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

const { version } = JSON.parse(await readFile(join(repoRoot, 'package.json'), 'utf8')) as { version: string };
const folder = process.argv[2] ?? join(repoRoot, 'test', 'histories', version);
const isKept = keepsHistories(await readFile(join(repoRoot, 'CHANGELOG.md'), 'utf8'));
await withRecordingServers('record-histories', async (clusters, bundles) => {
  await buildBundles(bundles);
  await recordAll(clusters);
  if (isKept) await enterIntoManifest();
});

async function recordAll(clusters: TwoClusters): Promise<void> {
  const harness = await import('../test/support/harness.js');
  const { requestFor, startBridge, startCallers, startCrossCluster, startLibraryCallers, startTargets } =
    harness;
  const { anchorBackedOff, whenStarted } = await import('../test/support/anchor.js');
  const { whenClosed } = await import('../test/support/inspect.js');
  const workers = await Promise.all([
    startTargets(clusters.b),
    startCallers(clusters.a),
    startLibraryCallers(clusters.a, {
      taskQueue: 'library-callers',
      workflowsPath: join(repoRoot, 'test', 'histories', 'library-callers.ts'),
    }),
  ]);

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
  const startLibrary = (type: string, name: string, ...args: unknown[]) =>
    clusters.a.client.workflow.start(type, { taskQueue: 'library-callers', workflowId: name, args });
  const library = async (type: string, name: string, ...args: unknown[]): Promise<WorkflowHandle> => {
    const handle = await startLibrary(type, name, ...args);
    await handle.result().catch(() => undefined);
    return clusters.a.client.workflow.getHandle(name);
  };
  /** Options of a target whose id is known, and its handle. */
  const known = (name: string, more: object = {}) => ({
    options: { taskQueue: 'targets', workflowId: name, ...more },
    target: clusters.b.client.workflow.getHandle(name),
  });
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
    {
      run: () =>
        library('LibraryExecute', 'library-1', 'EchoAll', {
          taskQueue: 'targets',
          args: [1, 'two'],
          timeout: '5m',
        }),
      caller: 'library-by-signal',
    },
    {
      env: noSignals,
      run: () =>
        library('LibraryExecute', 'library-2', 'Echo', { taskQueue: 'targets', args: ['looked up'] }),
      caller: 'library-by-fallback',
    },
    {
      run: () => library('LibraryExecute', 'library-3', 'Fail', { taskQueue: 'targets', args: ['no stock'] }),
      caller: 'library-failed',
    },
    {
      run: () => library('LibraryHandle', 'library-4', 'Collector', { taskQueue: 'targets' }),
      caller: 'library-handle',
      wrapper: 'remote-call-leased',
    },
    {
      run: async () => {
        const { options, target } = known('target-5');
        const handle = await startLibrary('LibraryCancel', 'library-5', 'UntilCancelled', options);
        await whenStarted(target);
        await anchorBackedOff(handle);
        await handle.signal('cancel');
        await handle.result();
        return handle;
      },
      caller: 'library-cancelled',
    },
    {
      run: async ({ a }) => {
        const { options, target } = known('target-6');
        const handle = await startLibrary('LibraryHandOver', 'library-6', 'Gate', options);
        await whenStarted(target);
        const current = a.client.workflow.getHandle('library-6');
        const { eventually } = await import('../test/support/inspect.js');
        await eventually('the second run waits', async () => {
          const { runId, raw } = await current.describe();
          return runId !== handle.firstExecutionRunId && raw.pendingActivities?.[0]?.lastFailure;
        });
        await target.signal('open', 'handed over');
        await current.result();
        return current;
      },
      firstRun: 'library-handed-over',
      caller: 'library-resumed',
    },
    {
      env: noSignals,
      run: () =>
        library('LibraryHandOver', 'library-7', 'Echo', {
          taskQueue: 'targets',
          args: ['handed over'],
          fallback: { first: '500ms', max: '500ms' },
        }),
      caller: 'library-resumed-by-fallback',
    },
    {
      run: async ({ b }) => {
        const target = await b.client.workflow.start('Gate', {
          taskQueue: 'targets',
          workflowId: 'somebody-elses',
        });
        const handle = await startLibrary('LibraryAttach', 'library-8', 'somebody-elses');
        await anchorBackedOff(handle);
        await target.signal('open', 'attached');
        await handle.result();
        return handle;
      },
      caller: 'library-attached',
      wrapper: 'remote-call-attached',
    },
    {
      run: async () => {
        const { options, target } = known('target-9');
        const handle = await startLibrary('LibraryClose', 'library-9', 'Gate', options);
        await whenStarted(target);
        await handle.signal('close');
        await handle.result();
        return handle;
      },
      caller: 'library-closed-open',
    },
    {
      env: { BRIDGE_LEASE_FIRST: '300ms', BRIDGE_LEASE_MAX: '1s' },
      run: async () => {
        const { options, target } = known('target-10', { parentClosePolicy: 'TERMINATE' });
        const handle = await startLibrary('LibraryClose', 'library-10', 'Gate', options);
        await whenStarted(target);
        await handle.terminate();
        await whenClosed(target);
        return handle;
      },
      wrapper: 'remote-call-caller-gone',
    },
  ];

  await mkdir(folder, { recursive: true });
  for (const { env = {}, run, caller, firstRun, wrapper } of recordings) {
    const before = new Set(await wrapperIds(clusters));
    const bridge = await startBridge(clusters, { env });
    const handle = await run(clusters);
    if (caller !== undefined) await save(caller, handle);
    if (firstRun !== undefined) await save(firstRun, await firstRunOf(clusters, handle));
    if (wrapper !== undefined) {
      const [id = ''] = (await waitForWrapper(clusters, before.size)).filter((found) => !before.has(found));
      const wrapperHandle = clusters.b.client.workflow.getHandle(id);
      await wrapperHandle.result();
      await save(wrapper, wrapperHandle);
    }
    await bridge.stop();
  }
  await Promise.all(workers.map((worker) => worker.stop()));
  await clusters.close();
}

async function firstRunOf({ a }: TwoClusters, handle: WorkflowHandle): Promise<WorkflowHandle> {
  const { raw } = await handle.describe();
  return a.client.workflow.getHandle(handle.workflowId, raw.workflowExecutionInfo?.firstRunId ?? '');
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
  const path = join(folder, `${name}.json`);
  if (isKept && existsSync(path)) {
    console.log(`${name}: kept`);
    return;
  }
  await writeFile(path, text);
  console.log(`${name}: ${history.events.length} events`);
}

/** Adds the hashes of new fixtures; those that are there stay. */
async function enterIntoManifest(): Promise<void> {
  const path = join(dirname(folder), 'manifest.json');
  const kept = existsSync(path) ? (JSON.parse(await readFile(path, 'utf8')) as Manifest) : {};
  const manifest: Record<string, string> = {};
  for (const name of (await readdir(folder)).filter((file) => file.endsWith('.json'))) {
    manifest[`${basename(folder)}/${name}`] = hashOf(await readFile(join(folder, name), 'utf8'));
  }
  await writeFile(path, `${JSON.stringify({ ...manifest, ...kept }, undefined, 1)}\n`);
}
