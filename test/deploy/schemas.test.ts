/** Every kustomization builds, and Kubernetes would take what it makes. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { MANIFESTS, OVERLAYS, build, buildOverlay, only, type Resource } from './kustomize.js';
import { schemaProblem, unknownFields } from './schemas.js';

const FOLDERS = [...OVERLAYS.map((name) => `overlays/${name}`), 'monitoring'];

async function problems(resources: readonly Resource[]): Promise<string[]> {
  const found = await Promise.all(resources.map(schemaProblem));
  return [...found.filter((one) => one !== undefined), ...unknownFields(resources)];
}

describe('the manifests for Kubernetes', () => {
  it('are there for each role and for both', () => {
    assert.deepEqual(OVERLAYS, ['both', 'caller', 'handler']);
  });

  for (const folder of FOLDERS)
    it(`of ${folder} are as their schemas say, without a field that is unknown`, async () => {
      const resources = await build(join(MANIFESTS, folder));
      assert.ok(resources.length >= 2);
      assert.deepEqual(await problems(resources), []);
    });

  it('would be found out by this test if they were not', async () => {
    const deployment = only<Resource & { spec: object }>(await buildOverlay('both'), 'Deployment');
    const spec = (changed: object) => ({ ...deployment, spec: { ...deployment.spec, ...changed } });
    assert.match((await schemaProblem(spec({ replicas: 'two' }))) ?? '', /replicas must be integer/);
    assert.match((await schemaProblem(spec({ selector: undefined }))) ?? '', /required property selector/);
    assert.match(unknownFields([spec({ replica: 2 })]).join(), /"replica": 2 .* does not exist/);
    const rule = {
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'PrometheusRule',
      metadata: { name: 'a' },
      spec: { groups: [{ name: 'a', rules: [{ expr: '1', for: 'a while' }] }] },
    };
    assert.match((await schemaProblem(rule)) ?? '', /for must match pattern/);
  });

  it('live in one namespace, and no two of one kind share a name across roles', async () => {
    const apart = [...(await buildOverlay('caller')), ...(await buildOverlay('handler'))];
    const names = apart.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    assert.deepEqual([...new Set(names)], names);
    const all = [...apart, ...(await buildOverlay('both')), ...(await build(join(MANIFESTS, 'monitoring')))];
    for (const { kind, metadata } of all) assert.equal(metadata.namespace, 'temporal-bridge', kind);
  });
});
