/** The command line: help, settings, keys and exit status; `run` has a test of its own. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { resolveConfig } from '../../src/bridge/config/resolve.js';
import { settingNames } from '../../src/bridge/config/settings.js';
import { runCli } from '../../src/cli/program.js';
import { packageVersion } from '../../src/bridge/package-version.js';
import { surroundings } from '../support/cli-surroundings.js';

const DEV = { BRIDGE_DEV: 'true' };

describe('temporal-bridge', () => {
  it('prints its version', async () => {
    const { io, out } = surroundings();
    assert.equal(await runCli(['--version'], io), 0);
    assert.equal(out(), '9.8.7\n');
  });

  it('knows the version of its package', () => {
    const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    assert.equal(packageVersion(), manifest.version);
  });

  it('has help with examples, exit status and the way to the settings', async () => {
    const { io, out } = surroundings();
    assert.equal(await runCli(['--help'], io), 0);
    for (const text of ['Examples:', 'temporal-bridge keys new', 'Exit status:', 'run --help']) {
      assert.ok(out().includes(text), text);
    }
  });

  for (const command of ['run', 'config']) {
    it(`lists every setting in the help of ${command}`, async () => {
      const { io, out } = surroundings();
      assert.equal(await runCli([command, '--help'], io), 0);
      for (const name of settingNames) assert.ok(out().includes(`\n  ${name}\n`), name);
    });
  }

  for (const args of [[], ['runn'], ['run', '--rol', 'x'], ['keys'], ['keys', 'old'], ['config', 'extra']]) {
    it(`refuses "${args.join(' ')}" with status 2 and starts nothing`, async () => {
      const { io, err, started } = surroundings(DEV);
      assert.equal(await runCli(args, io), 2);
      assert.ok(err().length > 0);
      assert.equal(started.length, 0);
    });
  }
});

describe('temporal-bridge config', () => {
  it('prints a table with value, source, default, range and meaning of every setting', async () => {
    const { io, out } = surroundings({ ...DEV, BRIDGE_TASK_QUEUE: 'mine' });
    assert.equal(await runCli(['config', '--role', 'caller'], io), 0);
    const lines = out().trimEnd().split('\n');
    assert.match(lines[0] ?? '', /^SETTING +VALUE +SOURCE +DEFAULT +RANGE +MEANING$/);
    assert.equal(lines.length, settingNames.length + 3);
    assert.equal(lines.at(-1), 'Allow-list: none');
    assert.match(out(), /\nBRIDGE_TASK_QUEUE +mine +environment +bridge-queue +1–200 characters/);
    assert.match(out(), /\nBRIDGE_ROLE +caller +flag +both +caller \| handler \| both +Sides/);
    assert.match(out(), /\nBRIDGE_SEAL_SIGNING_KEY +- +default +- /);
  });

  it('prints the same as JSON', async () => {
    const { io, out } = surroundings(DEV);
    assert.equal(await runCli(['config', '--json'], io), 0);
    const { settings } = JSON.parse(out());
    assert.equal(settings.length, settingNames.length);
    assert.deepEqual(settings[0], {
      env: 'CLUSTER_A_HOST',
      value: 'localhost:7233',
      source: 'default',
      type: 'address',
      unit: null,
      range: 'host:port, port 1–65535',
      default: 'localhost:7233',
      doc: 'Frontend of the caller cluster (A), where calls are made',
    });
  });

  it('prints every problem and exits with 2', async () => {
    const { io, out, err } = surroundings({ ...DEV, BRIDGE_ROLE: 'x', BRIDGE_LOG_LEVL: 'info' });
    assert.equal(await runCli(['config'], io), 2);
    assert.equal(out(), '');
    assert.ok(err().includes('2 problems with the settings'));
    assert.ok(err().includes('\n  BRIDGE_ROLE: is not one of the choices;'));
    assert.ok(err().includes('did you mean BRIDGE_LOG_LEVEL?'));
  });

  it('names the option that a refused value came from', async () => {
    const { io, err } = surroundings(DEV);
    assert.equal(await runCli(['config', '--role', 'x'], io), 2);
    assert.ok(err().includes('BRIDGE_ROLE (--role): '));
  });

  it('prints the problems as JSON too', async () => {
    const { io, out, err } = surroundings({ ...DEV, BRIDGE_ROLE: 'x' });
    assert.equal(await runCli(['config', '--json'], io), 2);
    assert.equal(err(), '');
    const { code, problems } = JSON.parse(out());
    assert.deepEqual([code, problems.length, problems[0].setting], ['CONFIG_INVALID', 1, 'BRIDGE_ROLE']);
  });
});

describe('temporal-bridge keys new', () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'bridge-cli-'));
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('makes keys that the settings it prints turn into a configuration', async () => {
    const out = join(folder, 'round', 'trip');
    const made = surroundings();
    assert.equal(await runCli(['keys', 'new', '--out', out], made.io), 0);
    const env = Object.fromEntries(
      [...made.out().matchAll(/^(BRIDGE_\w+)=(.+)$/gm)].map(([, k, v]) => [k, v]),
    );
    assert.deepEqual(Object.keys(env), ['BRIDGE_SEAL_SIGNING_KEY_FILE', 'BRIDGE_SEAL_VERIFY_KEYS_FILE']);
    const config = resolveConfig(env);
    assert.equal(config.signingKey?.type, 'private');
    assert.equal(config.verifyKeys.length, 1);
    assert.equal(statSync(join(out, 'seal-signing-key.pem')).mode & 0o777, 0o600);
    assert.ok(!made.out().includes('BEGIN'));

    const shown = surroundings(env);
    assert.equal(await runCli(['config'], shown.io), 0);
    assert.match(shown.out(), /\nBRIDGE_SEAL_SIGNING_KEY +\(hidden\) +file /);
  });

  for (const name of ['seal-signing-key.pem', 'seal-verify-keys.pem']) {
    it(`never overwrites ${name}, and leaves no half of a pair`, async () => {
      const out = mkdtempSync(join(folder, 'kept-'));
      writeFileSync(join(out, name), 'precious');
      const { io, err } = surroundings();
      assert.equal(await runCli(['keys', 'new', '-o', out], io), 2);
      assert.match(err(), /exists; keys are never overwritten/);
      assert.equal(readFileSync(join(out, name), 'utf8'), 'precious');
      const other = name === 'seal-signing-key.pem' ? 'seal-verify-keys.pem' : 'seal-signing-key.pem';
      assert.equal(existsSync(join(out, other)), false);
    });
  }

  it('says so if the folder cannot be made', async () => {
    writeFileSync(join(folder, 'file'), '');
    const { io, err } = surroundings();
    assert.equal(await runCli(['keys', 'new', '--out', join(folder, 'file', 'x')], io), 2);
    assert.match(err(), /cannot be written; .*got ENOTDIR/);
  });
});
