/** docs/deploy.md says what the manifests do, and its capacity rule what was measured. */
import assert from 'node:assert/strict';
import { cp, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { resolveConfig } from '../../src/bridge/config/resolve.js';
import { codeOf, readDocument, readTable } from '../support/markdown.js';
import { MANIFESTS, OVERLAYS, build, buildOverlay, only } from './kustomize.js';
import type { ConfigMap, Deployment } from './shapes.js';

const document = readDocument('docs/deploy.md');
const results = readDocument('docs/performance-results.md');

/** A cell of the table under a heading of the results. */
function measured(heading: string, row: string, column: string): number {
  const section = results.split(new RegExp(`^### ${heading}`, 'm'))[1];
  const { head, rows } = readTable(section ?? '');
  const cell = rows.find(([name]) => name === row)?.[head.indexOf(column)];
  if (cell === undefined) throw new Error(`${heading}: no ${column} of ${row}`);
  return Number(cell);
}

describe('docs/deploy.md', () => {
  it('is linked from the README', () => {
    assert.ok(readDocument('README.md').includes('[docs/deploy.md](docs/deploy.md)'));
  });

  it('lists every folder of manifests', async () => {
    const folders = await Promise.all(
      ['overlays', 'components'].map(async (name) =>
        (await readdir(join(MANIFESTS, name))).map((folder) => `${name}/${folder}`),
      ),
    );
    const listed = readTable(document).rows.map(([folder]) => codeOf(folder));
    assert.deepEqual(listed.sort(), [...folders.flat(), 'base', 'monitoring'].sort());
  });

  it('makes the Secrets and the ConfigMap that the pods mount, and no other', async () => {
    const commands = /create (?:secret generic|configmap) (\S+) --from-file=\S*?([\w.-]+)\n/g;
    const made = [...document.matchAll(commands)].map(([, name, key]) => `${name ?? ''}/${key ?? ''}`);
    const { volumes } = only<Deployment>(await buildOverlay('both'), 'Deployment').spec.template.spec;
    const mounted = volumes.flatMap(({ secret, configMap }) =>
      (secret ?? configMap)?.items.map(({ key }) => `${secret?.secretName ?? configMap?.name ?? ''}/${key}`),
    );
    assert.deepEqual(made.sort(), mounted.sort());
  });

  for (const name of OVERLAYS)
    it(`has a kustomization of one’s own that builds, also on ${name}`, async () => {
      const [, sample = ''] = /```yaml\n([^]*?)```/.exec(document) ?? [];
      const folder = await mkdtemp(join(tmpdir(), 'own-kustomization-'));
      try {
        await cp(MANIFESTS, join(folder, 'kubernetes'), { recursive: true });
        const text = sample.replace(/^ {3}/gm, '').replace('overlays/both', `overlays/${name}`);
        await writeFile(join(folder, 'kustomization.yaml'), text);
        const resources = await build(folder);
        const [container] = only<Deployment>(resources, 'Deployment').spec.template.spec.containers;
        assert.match(container.image, /^registry\.example\.com\/temporal-bridge:\d/);
        const { data } = only<ConfigMap>(resources, 'ConfigMap');
        assert.equal(data['CLUSTER_A_HOST'], 'temporal-a.internal:7233');
        assert.equal(data['BRIDGE_ROLE'], name);
        assert.equal(resolveConfig({ ...data, BRIDGE_DEV: 'true' }).callerCluster.namespace, 'orders');
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    });

  it('names the drain and the pod’s time as they are', async () => {
    const resources = await buildOverlay('both');
    const { terminationGracePeriodSeconds: given } = only<Deployment>(resources, 'Deployment').spec.template
      .spec;
    const { BRIDGE_SHUTDOWN_GRACE: grace = '' } = only<ConfigMap>(resources, 'ConfigMap').data;
    assert.ok(document.includes(`\`terminationGracePeriodSeconds\` is ${given}`));
    assert.ok(document.includes(`\`BRIDGE_SHUTDOWN_GRACE\` (${grace.replace('s', ' s')})`));
  });
});

describe('the capacity rule', () => {
  const cpu = (row: string): number => measured('CPU seconds for 1,000 calls', row, 'bridge');

  it('gives the calls a second that the requested CPU was measured to carry', async () => {
    const library = cpu('executeRemoteWorkflow');
    const published = cpu('CrossClusterWorkflow');
    assert.ok(document.includes(`${library} s (library) to ${published} s (\`CrossClusterWorkflow\`)`));
    const [container] = only<Deployment>(await buildOverlay('both'), 'Deployment').spec.template.spec
      .containers;
    const cores = Number.parseInt(container.resources.requests.cpu, 10) / 1_000;
    const [, msEach = ''] = /it was (\d+) ms a call/.exec(document) ?? [];
    // What was seen within these limits is dearer than with many calls in flight: the rule takes the dearer.
    const carried = Math.floor(cores / Math.max(library / 1_000, published / 1_000, Number(msEach) / 1_000));
    assert.ok(carried >= 1);
    assert.ok(document.includes(`carries **${carried} calls a second**`));
    assert.ok(document.includes(`replicas = calls a second at peak / ${carried},`));
  });

  it('keeps as many workflows in memory as were measured to fit', async () => {
    const section = results.split('### Memory and connections of the bridge')[1] ?? '';
    const sizes = readTable(section).rows.flatMap(([, made, later]) => [Number(made), Number(later)]);
    const [empty = 0] = sizes;
    const most = Math.max(...sizes);
    assert.ok(document.includes(`${empty} MiB before any call and at most ${most} MiB`));
    const [, cache = ''] = /CACHE=(\d+)/.exec(results) ?? [];
    const resources = await buildOverlay('both');
    assert.equal(only<ConfigMap>(resources, 'ConfigMap').data['BRIDGE_MAX_CACHED_WORKFLOWS'], cache);
    const [container] = only<Deployment>(resources, 'Deployment').spec.template.spec.containers;
    const { requests, limits } = container.resources;
    assert.ok(empty <= Number.parseInt(requests.memory, 10), 'an idle process is more than it asks for');
    assert.ok(most * 1.25 <= Number.parseInt(limits.memory, 10), 'no quarter to spare');
    const each = (most - empty) / (2 * Number(cache));
    assert.ok(document.includes(`some ${each.toFixed(1)} MiB for each cached workflow`));
  });
});
