/** What the pods are: restricted, probed where the bridge answers, and left time to drain. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { repoRoot } from '../../scripts/stack/paths.js';
import { resolveConfig } from '../../src/bridge/config/resolve.js';
import { OVERLAYS, buildOverlay, only, type Resource } from './kustomize.js';
import type { ConfigMap, Container, Deployment, DisruptionBudget, NetworkPolicy } from './shapes.js';

async function source(path: string): Promise<string> {
  return await readFile(join(repoRoot, path), 'utf8');
}

/** A number of milliseconds in the source: these are not exported, and a copy here would not notice a change. */
async function millisecondsIn(path: string, pattern: RegExp): Promise<number> {
  const [, digits] = pattern.exec(await source(path)) ?? [];
  if (digits === undefined) throw new Error(`${path} does not match ${String(pattern)}`);
  return Number(digits.replaceAll('_', ''));
}

for (const name of OVERLAYS)
  describe(`the pods of ${name}`, () => {
    let resources: readonly Resource[];
    let deployment: Deployment;
    let container: Container;
    before(async () => {
      resources = await buildOverlay(name);
      deployment = only(resources, 'Deployment');
      [container] = deployment.spec.template.spec.containers;
    });

    it('are two or more, spread over nodes and zones', () => {
      assert.ok(deployment.spec.replicas >= 2);
      const { topologySpreadConstraints: spread } = deployment.spec.template.spec;
      const keys = spread.map(({ topologyKey }) => topologyKey);
      assert.deepEqual(keys, ['kubernetes.io/hostname', 'topology.kubernetes.io/zone']);
    });

    it('are what the budget, the policy and the spread select, with their role', () => {
      const { selector, template } = deployment.spec;
      const selectors = [
        selector.matchLabels,
        only<DisruptionBudget>(resources, 'PodDisruptionBudget').spec.selector.matchLabels,
        only<NetworkPolicy>(resources, 'NetworkPolicy').spec.podSelector.matchLabels,
        ...template.spec.topologySpreadConstraints.map(({ labelSelector }) => labelSelector.matchLabels),
      ];
      const labels = { 'app.kubernetes.io/name': 'temporal-bridge', 'app.kubernetes.io/component': name };
      for (const selected of selectors) assert.deepEqual(selected, labels);
      assert.deepEqual(template.metadata.labels, labels);
    });

    it('run this version, by the command of the package', async () => {
      const { version, bin } = JSON.parse(await source('package.json')) as {
        version: string;
        bin: Readonly<Record<string, string>>;
      };
      assert.equal(container.image, `temporal-bridge:${version}`);
      const [command = '', ...args] = container.command;
      assert.ok(Object.hasOwn(bin, command), command);
      assert.deepEqual(args, ['run']);
    });

    it('have the published limits, and requests', () => {
      assert.deepEqual(container.resources, {
        requests: { cpu: '250m', memory: '256Mi' },
        limits: { cpu: '500m', memory: '512Mi' },
      });
    });

    it('are probed at paths that the bridge serves, with patience', async () => {
      const server = await source('src/bridge/health/http-server.ts');
      const { startupProbe, livenessProbe, readinessProbe, ports } = container;
      const { http } = resolveConfig(only<ConfigMap>(resources, 'ConfigMap').data, {
        BRIDGE_ROLE: 'both',
        BRIDGE_DEV: 'true',
      });
      assert.deepEqual(
        ports.map(({ containerPort }) => containerPort),
        [http?.port],
      );
      for (const { httpGet, timeoutSeconds } of [startupProbe, livenessProbe, readinessProbe]) {
        assert.equal(httpGet.port, ports[0]?.name);
        assert.ok(server.includes(`case '${httpGet.path}':`), httpGet.path);
        assert.ok(timeoutSeconds >= 5);
      }
      assert.equal(livenessProbe.httpGet.path, '/livez');
      assert.equal(startupProbe.httpGet.path, '/livez');
      assert.equal(readinessProbe.httpGet.path, '/readyz');
      assert.ok(startupProbe.failureThreshold * startupProbe.periodSeconds >= 60);
    });

    it('have time to drain before they are killed', async () => {
      const { BRIDGE_SHUTDOWN_GRACE = '' } = only<ConfigMap>(resources, 'ConfigMap').data;
      const { shutdownGraceMs } = resolveConfig({ BRIDGE_DEV: 'true', BRIDGE_SHUTDOWN_GRACE });
      const forceMs = await millisecondsIn(
        'src/bridge/run-side.ts',
        /shutdownForceTime: config\.shutdownGraceMs \+ ([\d_]+)/,
      );
      const givesUpMs = await millisecondsIn('src/cli/run-command.ts', /SHUTDOWN_MARGIN_MS = ([\d_]+)/);
      const needed = (shutdownGraceMs + Math.max(forceMs, givesUpMs)) / 1_000;
      const { terminationGracePeriodSeconds: given } = deployment.spec.template.spec;
      assert.ok(given >= needed + 5, `${given} s for ${needed} s and a margin`);
      assert.ok(given <= needed + 30, `${given} s for ${needed} s: nodes wait for a pod that hangs`);
    });

    it('pass the restricted standard, with nothing to write to and no token', () => {
      const pod = deployment.spec.template.spec;
      assert.equal(pod.securityContext.runAsNonRoot, true);
      assert.ok(pod.securityContext.runAsUser > 0);
      assert.equal(pod.securityContext.seccompProfile.type, 'RuntimeDefault');
      assert.deepEqual(container.securityContext, {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      assert.equal(pod.automountServiceAccountToken, false);
      assert.equal(pod.enableServiceLinks, false);
      const account = only<Resource & { automountServiceAccountToken: boolean }>(resources, 'ServiceAccount');
      assert.equal(pod.serviceAccountName, account.metadata.name);
      assert.equal(account.automountServiceAccountToken, false);
    });

    it('go one at a time', () => {
      const { maxUnavailable } = only<DisruptionBudget>(resources, 'PodDisruptionBudget').spec;
      assert.ok(maxUnavailable < deployment.spec.replicas);
      assert.equal(maxUnavailable, 1);
    });

    it('are reached by Prometheus alone, and reach name servers and both clusters', () => {
      const { policyTypes, ingress, egress } = only<NetworkPolicy>(resources, 'NetworkPolicy').spec;
      assert.deepEqual(policyTypes, ['Ingress', 'Egress']);
      assert.deepEqual(ingress, [
        {
          from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } }],
          ports: [{ port: container.ports[0]?.name, protocol: 'TCP' }],
        },
      ]);
      const [names, frontends, ...more] = egress;
      assert.deepEqual(more, []);
      assert.ok(names?.to && names.ports.every(({ port }) => port === 53));
      const { data } = only<ConfigMap>(resources, 'ConfigMap');
      const portOf = (setting: string): number => Number(data[setting]?.split(':').at(-1));
      const wanted = new Set([portOf('CLUSTER_A_HOST'), portOf('CLUSTER_B_HOST')]);
      assert.deepEqual(new Set(frontends?.ports.map(({ port }) => port)), wanted);
    });
  });
