/** The settings as rows: complete, with their source, and without secrets. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { describeConfig } from '../../src/bridge/config/describe.js';
import { createSealKeyPair } from '../../src/bridge/config/seal-keys.js';
import { settingNames, settingOf } from '../../src/bridge/config/settings.js';

const pair = createSealKeyPair();

function rowOf(name: string, env: Record<string, string>, overrides = {}) {
  const row = describeConfig(env, overrides).find(({ env: setting }) => setting === name);
  assert.ok(row !== undefined);
  return row;
}

describe('describeConfig', () => {
  it('has one row for every setting, in the order of the table', () => {
    assert.deepEqual(
      describeConfig({}).map(({ env }) => env),
      settingNames,
    );
  });

  it('says of every setting what it does, in one line, and what it may be', () => {
    for (const row of describeConfig({})) {
      assert.match(row.doc, /^[^\n]{10,110}$/);
      assert.ok(!row.doc.endsWith('.'));
      assert.ok(row.range.length > 0);
      assert.equal(row.value, row.default);
      assert.equal(row.source, 'default');
      assert.equal(row.unit === null, row.type !== 'duration' && row.type !== 'integer');
    }
  });

  it('tells a default, a variable and an option apart', () => {
    const env = { BRIDGE_ROLE: ' caller ', BRIDGE_TASK_QUEUE: '' };
    assert.deepEqual(
      [rowOf('BRIDGE_ROLE', env).value, rowOf('BRIDGE_ROLE', env).source],
      ['caller', 'environment'],
    );
    assert.equal(rowOf('BRIDGE_TASK_QUEUE', env).source, 'default');
    const flagged = rowOf('BRIDGE_ROLE', env, { BRIDGE_ROLE: 'both' });
    assert.deepEqual([flagged.value, flagged.source], ['both', 'flag']);
  });

  it('masks the signing key, however it is given', () => {
    for (const text of [pair.signingKeyPem, 'not even a key', pair.verifyKeyPem]) {
      assert.equal(rowOf('BRIDGE_SEAL_SIGNING_KEY', { BRIDGE_SEAL_SIGNING_KEY: text }).value, '(hidden)');
    }
    const inFile = rowOf('BRIDGE_SEAL_SIGNING_KEY', { BRIDGE_SEAL_SIGNING_KEY_FILE: '/keys/a.pem' });
    assert.deepEqual([inFile.value, inFile.source], ['(hidden)', 'file']);
  });

  it('never shows key text, whichever setting it was put into by mistake', () => {
    for (const name of settingNames) {
      const rows = JSON.stringify(describeConfig({ [name]: pair.signingKeyPem }));
      assert.ok(!rows.includes(pair.signingKeyPem.split('\n')[1] ?? ''), name);
    }
    assert.ok(settingOf('BRIDGE_SEAL_SIGNING_KEY').secret);
  });

  it('counts the verify keys instead of printing them', () => {
    const text = pair.verifyKeyPem + createSealKeyPair().verifyKeyPem;
    assert.equal(
      rowOf('BRIDGE_SEAL_VERIFY_KEYS', { BRIDGE_SEAL_VERIFY_KEYS: text }).value,
      '(2 public keys)',
    );
  });

  it('escapes what it shows and describes what would be refused', () => {
    const row = rowOf('CLUSTER_A_HOST', { CLUSTER_A_HOST: '\u001b[2Jx://me:pw@host\u202e' });
    assert.equal(row.value, '\\u{1b}[2Jx://***@host\\u{202e}');
  });
});
