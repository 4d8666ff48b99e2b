import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { repoRoot } from '../../scripts/stack/paths.js';
import { resolveConfig } from '../../src/bridge/config/resolve.js';
import { isSettingName } from '../../src/bridge/config/settings.js';
import { newKeys } from '../../src/cli/keys-command.js';

interface Service {
  readonly image: string;
  readonly build?: unknown;
  readonly environment?: Readonly<Record<string, string>>;
  readonly healthcheck?: unknown;
  readonly volumes?: readonly string[];
  readonly networks?: readonly string[];
  readonly ports?: readonly string[];
  readonly stop_grace_period?: string;
  readonly restart?: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
}

const read = (...path: string[]): string => readFileSync(join(repoRoot, ...path), 'utf8');
const file = parse(read('docker-compose.yml'), { merge: true }) as {
  readonly services: Readonly<Record<string, Service>>;
};
const services = Object.entries(file.services);
const bridges = services.filter(([name]) => name.startsWith('bridge-'));

describe('docker-compose.yml', () => {
  test('follows the Compose specification', () => {
    const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });
    const isValid = ajv.compile(JSON.parse(read('test', 'deploy', 'compose-spec.json')) as object);
    assert.ok(isValid(file), ajv.errorsText(isValid.errors));
    assert.ok(!isValid({ services: { bridge: { imagee: 'x' } } }), 'a wrong name is found');
  });

  for (const role of ['caller', 'handler'] as const)
    test(`gives the ${role} side settings that it takes, with keys and an allow-list`, async (t) => {
      const folder = await mkdtemp(join(tmpdir(), 'compose-'));
      t.after(() => rm(folder, { recursive: true, force: true }));
      newKeys({ stdout: { write: () => true } }, { out: folder });
      const given = file.services[`bridge-${role}`]?.environment ?? {};
      const env = Object.fromEntries(
        Object.entries(given).map(([name, value]) => [
          name,
          value.replace(/\$\{\w+:-([^}]*)\}/g, '$1').replace(/^\/keys\/\w+\//, `${folder}/`),
        ]),
      );
      const config = resolveConfig(env);
      assert.deepEqual([config.role, config.dev], [role, false]);
      assert.equal(config.allow.targets?.length, 1);
      for (const name of Object.keys(env)) assert.ok(name.startsWith('OTEL_') || isSettingName(name), name);
    });

  test('lets neither cluster, nor its worker, reach the other', () => {
    const networksOf = (names: readonly string[]) =>
      names.flatMap((name) => file.services[name]?.networks ?? []);
    const [onA, onB] = [networksOf(['cluster-a', 'shop']), networksOf(['cluster-b', 'warehouse'])];
    assert.ok(onA.length > 0 && onB.length > 0);
    assert.deepEqual(
      onA.filter((network) => onB.includes(network)),
      [],
    );
  });

  test('has a health check for all that keeps running', () => {
    const unchecked = services.filter(
      ([, { healthcheck, restart, image }]) =>
        restart !== undefined && !healthcheck && !image.startsWith('temporal-bridge:'),
    );
    assert.deepEqual(
      unchecked.map(([name]) => name),
      [],
    );
    assert.match(read('Dockerfile'), /^HEALTHCHECK /m, 'the bridge has its image’s');
  });

  test('builds each image once: builds of one tag side by side get in each other’s way', () => {
    const built = services.filter(([, { build }]) => build !== undefined).map(([, { image }]) => image);
    assert.equal(built.length, new Set(built).size);
    const own = services.map(([, { image }]) => image).filter((image) => image.startsWith('temporal-bridge'));
    assert.deepEqual([...new Set(own)].sort(), built.sort());
  });

  test('and the image name the version of the package', () => {
    const { version } = JSON.parse(read('package.json')) as { version: string };
    assert.match(read('Dockerfile'), new RegExp(`^ARG VERSION=${version}$`, 'm'));
    for (const [, found] of read('docker-compose.yml').matchAll(/IMAGE_VERSION:-([^}]+)\}/g))
      assert.equal(found, version);
  });

  test('gives each role its own keys alone', () => {
    const volumesOf = (name: string) => file.services[name]?.volumes ?? [];
    assert.deepEqual(volumesOf('bridge-caller'), ['caller-keys:/keys/caller:ro']);
    assert.deepEqual(volumesOf('bridge-handler'), ['handler-keys:/keys/handler:ro']);
  });

  test('publishes ports to this machine alone', () => {
    for (const [name, { ports = [] }] of services)
      for (const port of ports) assert.match(port, /^127\.0\.0\.1:\$\{\w+:-\d+\}:\d+$/, name);
  });

  test('names releases of images, never the latest', () => {
    for (const [name, { image }] of services)
      assert.match(image, /^[\w./-]+:(?:v?\d+\.\d+\.\d+|\$\{\w+:-\d+\.\d+\.\d+\})$/, name);
    for (const [, image = ''] of read('Dockerfile').matchAll(/^ARG \w+_IMAGE=(\S+)$/gm))
      assert.match(image, /^node:\d+\.\d+\.\d+-/);
  });

  test('takes every right from what it runs, and what is ours cannot write to its files', () => {
    for (const [name, { cap_drop: dropped, image, read_only: readOnly }] of services) {
      assert.deepEqual(dropped, ['ALL'], name);
      if (image.startsWith('temporal-bridge')) assert.equal(readOnly, true, name);
    }
  });

  test('starts again whatever ends, but for what has done its work', () => {
    const ends = services.filter(([, { restart }]) => restart !== 'unless-stopped').map(([name]) => name);
    assert.deepEqual(ends.sort(), ['demo', 'seal-keys']);
  });

  test('lets a bridge drain', () => {
    for (const [name, { stop_grace_period: grace }] of bridges) assert.equal(grace, '45s', name);
  });

  test('holds no secret', () => {
    assert.doesNotMatch(read('docker-compose.yml'), /PRIVATE KEY|PASSWORD|SECRET|TOKEN|API_KEY/);
  });
});
