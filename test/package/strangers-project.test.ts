/** The package as somebody else gets it: packed, installed in a folder of its own, compiled, bundled and run. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { spawnGuarded } from '../../scripts/stack/guarded-process.js';
import { repoRoot } from '../../scripts/stack/paths.js';
import type { TestWorker, TwoClusters } from '../support/harness.js';
import { bridgeEnv, createTwoClusters, startTargets } from '../support/harness.js';
import { eventually } from '../support/inspect.js';
import { brokenLinks, listFiles, missingSources } from './installed-package.js';
import type { StrangersFolder } from './strangers-folder.js';
import { createStrangersFolder, succeed } from './strangers-folder.js';

/** Runs the bridge by the command that the installed package brings, until the given work is done. */
async function withInstalledBridge(
  folder: StrangersFolder,
  clusters: TwoClusters,
  work: () => Promise<void>,
): Promise<void> {
  const lines: string[] = [];
  const bridge = await spawnGuarded(join(folder.path, 'node_modules', '.bin', 'temporal-bridge'), ['run'], {
    env: { PATH: process.env['PATH'], ...bridgeEnv(clusters) },
    scratchFolder: join(folder.path, 'bridge-scratch'),
    onLine: (line) => lines.push(line),
  });
  try {
    await eventually('the installed bridge is ready', () => {
      if (bridge.hasExited()) throw new Error('it ended');
      return lines.some((line) => line.includes('"bridge ready"'));
    });
    await work();
  } catch (error) {
    throw new Error(`the installed bridge said:\n${bridge.lastLines()}`, { cause: error });
  } finally {
    bridge.signal('SIGTERM');
    await bridge.exited;
  }
}

describe('a project outside this repository', () => {
  let folder: StrangersFolder;
  let codePath: string;

  before(async () => {
    folder = await createStrangersFolder();
    codePath = join(folder.path, 'callers-bundle.js');
  });
  after(() => folder.remove());

  test('has one copy of each package of the Temporal SDK', async () => {
    succeed('npm ls', await folder.run('npm', ['ls', '--all']));
    const copies = (await folder.installedPackages()).filter((path) => /@temporalio\/[^/]+$/.test(path));
    assert.ok(copies.includes('node_modules/@temporalio/workflow'));
    assert.deepEqual(
      copies.filter((path) => path.lastIndexOf('node_modules/') > 0),
      [],
    );
  });

  test('compiles against both entries', async () => {
    succeed('tsc', await folder.run('npx', ['--no', '--', 'tsc']));
  });

  test('bundles workflows that import the sandbox entry, and ignores no module', async () => {
    succeed('the bundler', await folder.run('node', ['dist/bundle.js', codePath]));
    const code = await readFile(codePath, 'utf8');
    assert.ok(code.includes('REMOTE_WORKFLOW_FAILED'), 'the sandbox entry is not in the bundle');
  });

  test('finds the command', async () => {
    const { version } = JSON.parse(await readFile(join(repoRoot, 'package.json'), 'utf8')) as {
      version: string;
    };
    const printed = succeed(
      'npx temporal-bridge',
      await folder.run('npx', ['--no', '--', 'temporal-bridge', '--version']),
    );
    assert.equal(printed.trim(), version);
  });

  test('prints the command’s help by npx', async () => {
    const printed = succeed(
      'npx temporal-bridge --help',
      await folder.run('npx', ['--no', '--', 'temporal-bridge', '--help']),
    );
    assert.match(printed, /^Usage: temporal-bridge /m);
    for (const command of ['run', 'config', 'keys', 'doctor', 'calls', 'call'])
      assert.match(printed, new RegExp(`^ {2}${command}\\b`, 'm'));
  });

  describe('finds in the package', () => {
    let root: string;
    let files: string[];
    before(async () => {
      root = join(folder.path, 'node_modules', 'temporal-bridge');
      files = await listFiles(root);
    });

    test('what its users need, and nothing of its development', () => {
      const tops = [...new Set(files.map((file) => file.split('/')[0]))].sort();
      const code = ['dist', 'src', 'workflows-a', 'workflows-b'];
      const texts = ['CHANGELOG.md', 'CONTRIBUTING.md', 'LICENSE', 'README.md', 'SECURITY.md', 'docs'];
      assert.deepEqual(tops, [...code, ...texts, 'deploy', 'package.json'].sort());
      const foreign = files.filter((file) =>
        /\.(?:test|spec)\.|\.tsbuildinfo$|\.pem$|^dist\/(?:test|scripts)\/|\/tests?\/|\/\.[^/]*$/.test(file),
      );
      assert.deepEqual(foreign, []);
    });

    test('types and source maps of all compiled code, and the sources that they point to', async () => {
      const has = new Set(files);
      const compiled = files.filter((file) => /^dist\/(?:src|workflows-[ab])\/.*\.js$/.test(file));
      assert.ok(compiled.length > 100);
      for (const file of compiled) {
        const name = file.slice(0, -'.js'.length);
        for (const beside of ['.d.ts', '.js.map', '.d.ts.map'])
          assert.ok(has.has(name + beside), name + beside);
      }
      assert.deepEqual(await missingSources(root, files), []);
    });

    test('the files that its manifest names', async () => {
      const { bin, exports } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
        bin: Readonly<Record<string, string>>;
        exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
      };
      const named = [bin, ...Object.values(exports)].flatMap((one) =>
        typeof one === 'string' ? [one] : Object.values(one),
      );
      for (const file of named) assert.ok(files.includes(file.replace(/^\.\//, '')), file);
    });

    test('the documents and manifests that its documents link to', async () => {
      assert.deepEqual(await brokenLinks(root, files), []);
      for (const overlay of ['both', 'caller', 'handler'])
        assert.ok(files.includes(`deploy/kubernetes/overlays/${overlay}/kustomization.yaml`), overlay);
    });
  });

  describe('between two clusters', () => {
    let clusters: TwoClusters;
    let targets: TestWorker;

    before(async () => {
      clusters = await createTwoClusters();
      targets = await startTargets(clusters.b);
    });
    after(async () => {
      await targets.stop();
      await clusters.close();
    });

    test('calls a workflow on the other cluster through the installed bridge', async () => {
      const { a } = clusters;
      await withInstalledBridge(folder, clusters, async () => {
        const printed = succeed(
          'main.js',
          await folder.run('node', ['dist/main.js', a.address, a.namespace, codePath]),
        );
        const { answer, refusal } = JSON.parse(printed) as { answer: unknown; refusal: unknown };
        assert.deepEqual(answer, {
          fromRemote: { sent: 'from A', list: [1, null] },
          key: 'strange-1:echo:1',
          knowsFailureTypes: true,
        });
        assert.equal(refusal, 'CONFIG_INVALID');
      });
    });
  });
});
