/** The SDK's own bundler takes every workflow entry as it is: no Node module, no host code, nothing to ignore. */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { bundleWorkflowCode, type BundleOptions } from '@temporalio/worker';
import { cacheDir, repoRoot } from '../../scripts/stack/paths.js';
import { bundleOptions } from '../../src/bridge/workflow-bundles.js';
import { SILENT } from '../support/silent-logger.js';

/** A module as webpack names it, for example `./node_modules/long/index.js` or `fs (ignored)`. */
type ModuleName = string;

async function bundle(options: BundleOptions): Promise<{ kib: number; modules: ModuleName[] }> {
  const modules: ModuleName[] = [];
  const { code } = await bundleWorkflowCode({
    ...options,
    logger: SILENT,
    webpackConfigHook: (config) => ({
      ...config,
      plugins: [
        ...(config.plugins ?? []),
        {
          apply: (compiler) => {
            compiler.hooks.done.tap('list-modules', (stats) => {
              const { modules: found = [] } = stats.toJson({
                all: false,
                modules: true,
                nestedModules: true,
                modulesSpace: Infinity,
              });
              modules.push(...found.map(({ name, identifier }) => name ?? identifier ?? ''));
            });
          },
        },
      ],
    }),
  });
  return { kib: Math.round(code.length / 1024), modules };
}

/** What must not be in a bundle: Node's modules, stubs of them, host packages, and the bridge's host code. */
function foreign(modules: readonly ModuleName[]): ModuleName[] {
  return modules.filter((name) => {
    const [request = ''] = name.split(' ');
    return (
      /\(ignored\)|^external /.test(name) ||
      request.startsWith('node:') ||
      builtinModules.includes(request) ||
      /@temporalio\/(?:worker|client|activity|core-bridge|testing)\/lib\//.test(
        name.replace(/module-overrides/, ''),
      ) ||
      /(?:^|\/)src\/(?:bridge|cli)\//.test(name)
    );
  });
}

/**
 * The SDK's own: its stand-ins for `assert`, `url` and `util`, which live in its worker package, and the places for a
 * user's converters, empty where there are none.
 */
const isOfTheSdk = (name: ModuleName) =>
  name.includes('/module-overrides/') || /^__temporal_custom_\w+_converter \(ignored\)$/.test(name);

async function workflowFiles(folder: string): Promise<string[]> {
  const names = await readdir(join(repoRoot, folder));
  return names
    .filter((name) => name.endsWith('.ts') && name !== 'activities.ts')
    .map((name) => `${folder}/${name}`);
}

describe('the workflow bundle', () => {
  let scratch: string;
  before(async () => {
    scratch = await mkdtemp(join(cacheDir, 'bundles-test-'));
  });
  after(() => rm(scratch, { recursive: true, force: true }));

  /** Bundles a module of two lines and says what became of it. */
  async function tryEntry(name: string, source: string): Promise<string> {
    const workflowsPath = join(scratch, `${name}.ts`);
    await writeFile(workflowsPath, source);
    try {
      const { modules } = await bundle({ workflowsPath });
      return foreign(modules.filter((module) => !isOfTheSdk(module))).length > 0 ? 'found' : 'clean';
    } catch {
      return 'refused';
    }
  }

  test('of an entry with Node’s or host code in it would be refused or found out', async () => {
    assert.equal(await tryEntry('clean', 'export async function F() {}\n'), 'clean');
    assert.equal(
      await tryEntry('fs', "import fs from 'node:fs';\nexport async function F() { return fs; }\n"),
      'refused',
    );
    const host = JSON.stringify(join(repoRoot, 'src/bridge/log-fields.ts'));
    assert.notEqual(await tryEntry('host', `export * from ${host};\n`), 'clean');
  });

  test('of every entry is made without a list of modules to ignore', async (t) => {
    const entries = [
      'src/workflow.ts',
      ...(await workflowFiles('workflows-a')),
      ...(await workflowFiles('workflows-b')),
    ];
    assert.ok(entries.length >= 7, entries.join());
    const worker: Readonly<Record<string, BundleOptions>> = {
      'workflows-a/cross-cluster-workflow.ts': bundleOptions('caller'),
      'workflows-b/remote-call-workflow.ts': bundleOptions('handler'),
    };
    for (const entry of entries) {
      await t.test(`of ${entry} has no Node module and no host code in it`, async (inner) => {
        // The bridge's own workers add interceptors and a failure converter.
        const { kib, modules } = await bundle(worker[entry] ?? { workflowsPath: join(repoRoot, entry) });
        inner.diagnostic(`${entry}: ${kib} KiB, ${modules.length} modules`);
        assert.ok(
          modules.some((name) => name.includes(entry)),
          'the entry itself is not in the list',
        );
        assert.deepEqual(foreign(modules.filter((name) => !isOfTheSdk(name))), []);
      });
    }
    for (const name of ['caller', 'handler'] as const) {
      await t.test(`of the ${name} side when calls are traced has none either`, async (inner) => {
        const { kib, modules } = await bundle(bundleOptions(name, true));
        inner.diagnostic(`${name}, traced: ${kib} KiB, ${modules.length} modules`);
        assert.ok(modules.some((module) => module.includes('traced-interceptors')));
        assert.deepEqual(foreign(modules.filter((module) => !isOfTheSdk(module))), []);
      });
    }
    for (const options of Object.values(worker)) assert.equal(options.ignoreModules, undefined);
  });
});
