/** The component for mTLS, on top of each overlay: the bridge takes its settings with the files of the Secrets. */
import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { isTooOpen } from '../../src/bridge/config/key-file.js';
import { resolveConfig } from '../../src/bridge/config/resolve.js';
import { isSettingName } from '../../src/bridge/config/settings.js';
import { createAuthority } from '../support/certificates.js';
import { readDocument } from '../support/markdown.js';
import { MANIFESTS, OVERLAYS, build, buildOverlay, only, type Resource } from './kustomize.js';
import type { ConfigMap, Deployment } from './shapes.js';

const SECRETS = ['temporal-bridge-cluster-a-tls', 'temporal-bridge-cluster-b-tls'];

for (const name of OVERLAYS)
  describe(`mTLS on ${name}`, () => {
    let folder: string;
    let resources: readonly Resource[];
    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'mtls-'));
      await cp(MANIFESTS, join(folder, 'kubernetes'), { recursive: true });
      const text = `
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [kubernetes/overlays/${name}]
components: [kubernetes/components/mtls]
`;
      await writeFile(join(folder, 'kustomization.yaml'), text);
      resources = await build(folder);
    });
    after(() => rm(folder, { recursive: true, force: true }));

    it('gives the bridge settings that it takes, with the files that are mounted', async () => {
      const pod = only<Deployment>(resources, 'Deployment').spec.template.spec;
      const [{ env = [], volumeMounts = [] }] = pod.containers;
      const { data } = only<ConfigMap>(resources, 'ConfigMap');
      const given = { ...data, ...Object.fromEntries(env.map((one) => [one.name, one.value])) };
      for (const setting of Object.keys(given)) assert.ok(isSettingName(setting), setting);

      const root = join(folder, 'pod');
      const authority = await createAuthority('authority');
      const { cert, key } = await authority.sign({ name: 'bridge' });
      const contents: Readonly<Record<string, string>> = {
        'tls.crt': cert,
        'tls.key': key,
        'ca.crt': authority.cert,
      };
      const mounted = pod.volumes.flatMap(({ name: volume, secret }) =>
        secret && SECRETS.includes(secret.secretName) ? [{ name: volume, secret }] : [],
      );
      assert.deepEqual(mounted.map(({ secret }) => secret.secretName).sort(), SECRETS);
      for (const { name: volume, secret } of mounted) {
        const mount = volumeMounts.find((one) => one.name === volume);
        assert.ok(mount && !('subPath' in mount), 'Kubernetes renews no file that is mounted alone');
        assert.ok(!isTooOpen({ mode: secret.defaultMode, uid: 0 }, pod.securityContext.runAsUser));
        for (const { key: of, path } of secret.items) {
          const file = join(root, mount.mountPath, path);
          await mkdir(dirname(file), { recursive: true });
          await writeFile(file, contents[of] ?? '', { mode: 0o600 });
        }
      }
      const here = Object.fromEntries(
        Object.entries(given)
          .filter(([setting]) => !/^BRIDGE_(?:SEAL|ALLOW)_/.test(setting))
          .map(([setting, value]) => [setting, value.startsWith('/etc/') ? join(root, value) : value]),
      );
      const { callerCluster, handlerCluster } = resolveConfig({ ...here, BRIDGE_DEV: 'true' });
      for (const { access } of [callerCluster, handlerCluster]) {
        assert.equal(access?.tls, true);
        assert.equal(access.credentials.client?.subject, 'CN=bridge');
        assert.ok(access.credentials.ca);
      }
    });

    it('leaves plain text out without it, too', async () => {
      const { data } = only<ConfigMap>(await buildOverlay(name), 'ConfigMap');
      const { callerCluster, handlerCluster } = resolveConfig({ ...data, BRIDGE_DEV: 'true' });
      assert.deepEqual([callerCluster.access?.tls, handlerCluster.access?.tls], [true, true]);
    });
  });

it('docs/deploy.md makes the Secrets of mTLS with the files that are mounted', () => {
  const document = readDocument('docs/deploy.md');
  const [, made = ''] =
    /create secret generic temporal-bridge-cluster-\$cluster-tls \\\n(.*)\n/.exec(document) ?? [];
  assert.deepEqual(
    [...made.matchAll(/--from-file=([\w.]+)=/g)].map(([, file]) => file),
    ['tls.crt', 'tls.key', 'ca.crt'],
  );
  assert.ok(document.includes('- kubernetes/components/mtls'));
});
