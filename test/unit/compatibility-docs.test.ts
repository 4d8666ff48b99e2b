/** docs/compatibility.md lists what of the SDK is used beyond its public API, and claims what the tests run with. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { KUSTOMIZE_VERSION } from '../../scripts/stack/find-kustomize.js';
import { PROMETHEUS_VERSION } from '../../scripts/stack/find-promtool.js';
import { repoRoot } from '../../scripts/stack/paths.js';
import { TEMPORAL_CLI_VERSION } from '../../scripts/stack/temporal-cli.js';
import { codeOf, readDocument, readTable } from '../support/markdown.js';
import { internalsUsed, unstableUsed, type Uses } from './sdk-surface.js';

const document = readDocument('docs/compatibility.md');

function inBackticks(text = ''): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);
}

function listed(heading: string): Uses {
  const { rows } = readTable(document, heading);
  return Object.fromEntries(rows.map(([what, where]) => [codeOf(what) ?? '', inBackticks(where)]));
}

/** The releases of the Temporal CLI that docker-compose.yml runs, A's first. */
function composeVersions(): string[] {
  const text = readFileSync(join(repoRoot, 'docker-compose.yml'), 'utf8');
  return [...text.matchAll(/\$\{TEMPORAL_[AB]_VERSION:-([^}]+)\}/g)].map(([, version = '']) => version);
}

describe('docs/compatibility.md', () => {
  it('lists every internal of the SDK that is used, and where', () => {
    assert.deepEqual(listed('### Internals'), internalsUsed());
  });

  it('lists every feature that the SDK calls experimental or deprecated, and where it is used', () => {
    assert.deepEqual(listed('### Experimental and deprecated'), unstableUsed());
  });

  it('names tests that exist', () => {
    const { rows } = readTable(document, '### Internals');
    for (const [what, , , noticedBy] of rows)
      for (const path of inBackticks(noticedBy))
        assert.ok(existsSync(join(repoRoot, path)), `${what}: ${path}`);
  });

  it('claims the versions that are asked for, and those that tests run with', () => {
    const manifest = JSON.parse(readDocument('package.json')) as {
      engines: { node: string };
      dependencies: Readonly<Record<string, string>>;
      peerDependencies: Readonly<Record<string, string>>;
      devDependencies: Readonly<Record<string, string>>;
    };
    const { packages } = JSON.parse(readDocument('package-lock.json')) as {
      packages: Readonly<Record<string, { version: string }>>;
    };
    const installed = (name: string) => packages[`node_modules/${name}`]?.version;
    const sdk = installed('@temporalio/workflow');
    const python = /temporalio==([\d.]+)/.exec(
      readFileSync(join(repoRoot, 'test/support/python-sdk.ts'), 'utf8'),
    )?.[1];
    const claimed = Object.fromEntries(
      readTable(document, '## Support matrix').rows.map(([what = '', asked, run]) => [
        what,
        [inBackticks(asked), inBackticks(run)],
      ]),
    );
    assert.match(manifest.devDependencies['@types/node'] ?? '', /^\^20\./);
    assert.deepEqual(claimed, {
      Node: [[manifest.engines.node], []],
      'Temporal TypeScript SDK': [[manifest.peerDependencies['@temporalio/workflow']], [sdk]],
      'Temporal server, both sides': [['doctor'], [TEMPORAL_CLI_VERSION, ...composeVersions()]],
      'SDKs of callers and targets': [['CrossClusterWorkflow'], [sdk, python]],
      'OpenTelemetry JS': [
        [manifest.dependencies['@opentelemetry/sdk-node']],
        [installed('@opentelemetry/sdk-node')],
      ],
      'Prometheus (promtool)': [[], [PROMETHEUS_VERSION]],
      Kubernetes: [[], [KUSTOMIZE_VERSION, 'kubernetes-models', installed('kubernetes-models')]],
    });
  });

  it('links to sections and documents that exist', () => {
    for (const [, path = '', anchor] of document.matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)/g)) {
      assert.ok(existsSync(join(repoRoot, 'docs', path)), path);
      if (anchor === undefined) continue;
      const headings = [...readDocument(join('docs', path)).matchAll(/^#+ (.+)$/gm)].map(([, text = '']) =>
        text
          .toLowerCase()
          .replace(/[^\w\s-]/g, '')
          .replaceAll(' ', '-'),
      );
      assert.ok(headings.includes(anchor), `${path}#${anchor}`);
    }
  });
});
