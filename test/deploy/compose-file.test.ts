import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { repoRoot } from '../../scripts/stack/paths.js';
import { settingNames } from '../../src/bridge/config/settings.js';

interface Service {
  readonly image: string;
  readonly build?: unknown;
  readonly environment?: Readonly<Record<string, string>>;
  readonly healthcheck?: unknown;
  readonly volumes?: readonly string[];
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

  test('sets nothing for the bridge that is no setting of it', () => {
    for (const [name, { environment = {} }] of bridges)
      for (const variable of Object.keys(environment))
        assert.ok(
          variable.startsWith('OTEL_') || (settingNames as readonly string[]).includes(variable),
          `${name}: ${variable}`,
        );
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
    for (const [name, { cap_drop: dropped, build, read_only: readOnly }] of services) {
      assert.deepEqual(dropped, ['ALL'], name);
      if (build !== undefined) assert.equal(readOnly, true, name);
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
