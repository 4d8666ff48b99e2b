/** The bridge takes the settings that its pods get, and each role has its own key alone. */
import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { isTooOpen } from '../../src/bridge/config/key-file.js';
import { resolveConfig } from '../../src/bridge/config/resolve.js';
import { createSealKeyPair } from '../../src/bridge/config/seal-keys.js';
import { isSettingName } from '../../src/bridge/config/settings.js';
import { SIGNING_KEY_FILE, VERIFY_KEYS_FILE } from '../../src/cli/keys-command.js';
import { OVERLAYS, buildOverlay, only, type Resource } from './kustomize.js';
import type { ConfigMap, Deployment } from './shapes.js';

/** The environment that the container gets, by the build's own references. */
function environment(resources: readonly Resource[]): Record<string, string> {
  const { env = [], envFrom } = only<Deployment>(resources, 'Deployment').spec.template.spec.containers[0];
  const map = only<ConfigMap>(resources, 'ConfigMap');
  for (const { configMapRef } of envFrom) assert.equal(configMapRef.name, map.metadata.name);
  return { ...map.data, ...Object.fromEntries(env.map(({ name, value }) => [name, value])) };
}

/** Files that Secrets and ConfigMaps become in the container, with the name of the key there. */
function mountedFiles(resources: readonly Resource[]): { path: string; from: string; key: string }[] {
  const pod = only<Deployment>(resources, 'Deployment').spec.template.spec;
  return pod.containers[0].volumeMounts.flatMap(({ name, mountPath, readOnly }) => {
    assert.ok(readOnly, mountPath);
    const { secret, configMap } = pod.volumes.find((volume) => volume.name === name) ?? {};
    const { items } = secret ?? configMap ?? assert.fail(name);
    const from = secret?.secretName ?? configMap?.name ?? '';
    return items.map(({ key, path }) => ({ path: join(mountPath, path), from, key }));
  });
}

describe('the settings of a pod', () => {
  const pair = createSealKeyPair();
  const contents: Readonly<Record<string, string>> = {
    [SIGNING_KEY_FILE]: pair.signingKeyPem,
    [VERIFY_KEYS_FILE]: pair.verifyKeyPem,
    'allow.json': '{"targets": [], "callers": []}',
  };
  let root: string;
  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'pod-'));
  });
  after(() => rm(root, { recursive: true, force: true }));

  /** The environment with its files under a folder of this test, where the Secrets are mounted. */
  async function inPod(name: string): Promise<Record<string, string>> {
    const resources = await buildOverlay(name);
    const env = environment(resources);
    for (const { path, key } of mountedFiles(resources)) {
      const here = join(root, name, path);
      await mkdir(dirname(here), { recursive: true });
      await writeFile(here, contents[key] ?? assert.fail(`nothing makes ${key}`));
      await chmod(here, 0o400);
      for (const [setting, value] of Object.entries(env)) if (value === path) env[setting] = here;
    }
    return env;
  }

  for (const name of OVERLAYS) {
    it(`of ${name} are settings of the bridge, and it starts with them`, async () => {
      const env = await inPod(name);
      assert.deepEqual(
        Object.keys(env).filter((setting) => !isSettingName(setting)),
        [],
      );
      const config = resolveConfig(env);
      assert.equal(config.role, name);
      assert.equal(config.dev, false);
      assert.deepEqual(config.http, { host: '0.0.0.0', port: 9464, isDefault: false });
      assert.equal(config.signingKey !== undefined, name !== 'handler');
      assert.equal(config.verifyKeys.length, name === 'caller' ? 0 : 1);
      assert.deepEqual(config.allow.targets, []);
    });

    it(`of ${name} name every file that is mounted, and none that is not`, async () => {
      const resources = await buildOverlay(name);
      const files = Object.entries(environment(resources)).filter(([setting]) => setting.endsWith('_FILE'));
      assert.deepEqual(
        files.map(([, path]) => path).sort(),
        mountedFiles(resources)
          .map(({ path }) => path)
          .sort(),
      );
      assert.ok(resources.every(({ kind }) => kind !== 'Secret'));
    });
  }

  it('keep the two roles’ keys apart', async () => {
    const secrets = async (name: string): Promise<string[]> =>
      mountedFiles(await buildOverlay(name))
        .map(({ from, key }) => `${from}/${key}`)
        .filter((file) => file.endsWith('.pem'));
    const [signing, verify] = ['signing-key/seal-signing-key.pem', 'verify-keys/seal-verify-keys.pem'];
    assert.deepEqual(await secrets('caller'), [`temporal-bridge-${signing}`]);
    assert.deepEqual(await secrets('handler'), [`temporal-bridge-${verify}`]);
  });

  it('let the process, and nobody else, read the key', async () => {
    const { volumes, securityContext } = only<Deployment>(await buildOverlay('both'), 'Deployment').spec
      .template.spec;
    for (const { secret } of volumes) {
      if (!secret) continue;
      // With fsGroup Kubernetes gives the files to root and that group, and the group the right to read.
      assert.equal(secret.defaultMode, 0o440);
      assert.equal(isTooOpen({ mode: secret.defaultMode, uid: 0 }, securityContext.runAsUser), false);
    }
    assert.ok(securityContext.fsGroup > 0);
  });
});
