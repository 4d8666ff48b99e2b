/** Keys of the seal among the settings: text and file, what is refused, and that no key text is ever shown. */
import assert from 'node:assert/strict';
import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ConfigError } from '../../src/bridge/config/config-error.js';
import { isTooOpen } from '../../src/bridge/config/key-file.js';
import { resolveConfig } from '../../src/bridge/config/resolve.js';
import {
  createSealKeyPair,
  isAmong,
  parseSigningKey,
  parseVerifyKeys,
} from '../../src/bridge/config/seal-keys.js';

const pair = createSealKeyPair();
const other = createSealKeyPair();
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const rsaPrivate = rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const rsaPublic = rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString();
const encrypted = generateKeyPairSync('ed25519')
  .privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' })
  .toString();
const damaged = pair.signingKeyPem.replace(/\n[A-Za-z0-9+/=]{20}/, '\n');

let folder = '';
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'bridge-keys-'));
});
after(() => {
  rmSync(folder, { recursive: true, force: true });
});

function file(name: string, text: string, mode = 0o600): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

function problemsOf(env: Record<string, string>) {
  try {
    resolveConfig(env);
  } catch (error) {
    assert.ok(ConfigError.is(error));
    return error.problems;
  }
  return [];
}

/** The one problem, which must not show any part of a key. */
function onlyProblem(env: Record<string, string>): { setting: string; message: string } {
  const problems = problemsOf(env);
  assert.equal(problems.length, 1, problems.map((p) => p.message).join('\n'));
  const [problem] = problems;
  assert.ok(problem !== undefined);
  for (const value of [pair.signingKeyPem, other.signingKeyPem, rsaPrivate, encrypted, damaged]) {
    for (const line of value.split('\n').filter((text) => text !== '' && !text.startsWith('---'))) {
      assert.ok(!problem.message.includes(line.slice(0, 20)), 'key text is shown');
    }
  }
  assert.match(problem.message, /^[A-Z0-9_]+: .+; expected .+, got .+; .+$/);
  return problem;
}

describe('keys as text', () => {
  it('come back as a pair that signs and verifies', () => {
    const config = resolveConfig({
      BRIDGE_SEAL_SIGNING_KEY: pair.signingKeyPem,
      BRIDGE_SEAL_VERIFY_KEYS: pair.verifyKeyPem,
    });
    assert.ok(config.signingKey !== undefined && config.verifyKeys[0] !== undefined);
    const data = Buffer.from('reply address');
    assert.ok(verify(null, data, config.verifyKeys[0], sign(null, data, config.signingKey)));
  });

  it('may have \\n for their line ends, as env files need it, and comments', () => {
    const config = resolveConfig({
      BRIDGE_SEAL_SIGNING_KEY: pair.signingKeyPem.trim().replaceAll('\n', '\\n'),
      BRIDGE_SEAL_VERIFY_KEYS: `# old\n${other.verifyKeyPem}\r\n# new, since March\r\n${pair.verifyKeyPem}`,
    });
    assert.equal(config.verifyKeys.length, 2);
  });

  it('count once when they are given twice', () => {
    assert.equal(parseVerifyKeys(pair.verifyKeyPem + other.verifyKeyPem + pair.verifyKeyPem).length, 2);
  });

  it('leave no trace of a signing key in a configuration that is printed', () => {
    const config = resolveConfig({ BRIDGE_ROLE: 'caller', BRIDGE_SEAL_SIGNING_KEY: pair.signingKeyPem });
    assert.equal(JSON.stringify(config).includes('PRIVATE'), false);
    assert.deepEqual(config.verifyKeys, []);
  });

  it('are absent from a development run without keys', () => {
    const config = resolveConfig({ BRIDGE_DEV: 'true' });
    assert.equal('signingKey' in config, false);
    assert.deepEqual(config.verifyKeys, []);
  });

  const badSigning: readonly (readonly [what: string, text: string, got: string])[] = [
    ['text that is no PEM', 'hunter2', 'text outside of BEGIN and END lines'],
    ['two keys', pair.signingKeyPem + other.signingKeyPem, '2 keys'],
    ['a comment alone', '# nothing', '0 keys'],
    ['a public key', pair.verifyKeyPem, 'a public key'],
    ['an RSA key', rsaPrivate, 'an rsa key'],
    ['a key under a passphrase', encrypted, 'an encrypted private key'],
    ['a damaged key', damaged, 'cannot be read'],
    [
      'a key of the old PEM kind',
      rsa.privateKey.export({ type: 'pkcs1', format: 'pem' }).toString(),
      'RSA PRIVATE KEY',
    ],
    ['a key cut short', pair.signingKeyPem.slice(0, 60), 'text outside'],
  ];
  for (const [what, text, got] of badSigning) {
    it(`refuse ${what} as the signing key`, () => {
      const { setting, message } = onlyProblem({ BRIDGE_ROLE: 'caller', BRIDGE_SEAL_SIGNING_KEY: text });
      assert.equal(setting, 'BRIDGE_SEAL_SIGNING_KEY');
      assert.ok(message.includes(got), message);
      assert.ok(message.includes('temporal-bridge keys new'), message);
      assert.ok(!message.includes('hunter2'));
    });
  }

  const badVerify: readonly (readonly [what: string, text: string, got: string])[] = [
    ['text that is no PEM', 'hunter2', 'text outside of BEGIN and END lines'],
    ['a private key among public ones', pair.verifyKeyPem + pair.signingKeyPem, 'a private key'],
    ['an RSA key', pair.verifyKeyPem + rsaPublic, 'an rsa key'],
    ['junk after a key', `${pair.verifyKeyPem}junk`, 'text outside'],
    ['a certificate', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----', 'CERTIFICATE'],
  ];
  for (const [what, text, got] of badVerify) {
    it(`refuse ${what} as verify keys`, () => {
      const { setting, message } = onlyProblem({ BRIDGE_ROLE: 'handler', BRIDGE_SEAL_VERIFY_KEYS: text });
      assert.equal(setting, 'BRIDGE_SEAL_VERIFY_KEYS');
      assert.ok(message.includes(got), message);
      assert.ok(!message.includes('hunter2'));
    });
  }
});

describe('keys in files', () => {
  it('are read', () => {
    const config = resolveConfig({
      BRIDGE_SEAL_SIGNING_KEY_FILE: file('good-signing.pem', pair.signingKeyPem),
      BRIDGE_SEAL_VERIFY_KEYS_FILE: file('good-verify.pem', pair.verifyKeyPem + other.verifyKeyPem, 0o644),
    });
    assert.ok(config.signingKey !== undefined);
    assert.ok(isAmong(config.signingKey, config.verifyKeys));
    assert.equal(config.verifyKeys.length, 2);
  });

  it('are refused next to the same keys as text', () => {
    const both = onlyProblem({
      BRIDGE_ROLE: 'caller',
      BRIDGE_SEAL_SIGNING_KEY: pair.signingKeyPem,
      BRIDGE_SEAL_SIGNING_KEY_FILE: file('second.pem', pair.signingKeyPem),
    });
    assert.equal(both.setting, 'BRIDGE_SEAL_SIGNING_KEY');
    assert.ok(both.message.includes('remove BRIDGE_SEAL_SIGNING_KEY or BRIDGE_SEAL_SIGNING_KEY_FILE'));
    const verifyBoth = onlyProblem({
      BRIDGE_ROLE: 'handler',
      BRIDGE_SEAL_VERIFY_KEYS: pair.verifyKeyPem,
      BRIDGE_SEAL_VERIFY_KEYS_FILE: file('third.pem', pair.verifyKeyPem),
    });
    assert.equal(verifyBoth.setting, 'BRIDGE_SEAL_VERIFY_KEYS');
  });

  for (const mode of [0o640, 0o604, 0o620, 0o601, 0o644]) {
    it(
      `are refused as signing key with mode ${mode.toString(8)}`,
      { skip: process.platform === 'win32' },
      () => {
        const path = file(`open-${mode.toString(8)}.pem`, pair.signingKeyPem, mode);
        const { setting, message } = onlyProblem({
          BRIDGE_ROLE: 'caller',
          BRIDGE_SEAL_SIGNING_KEY_FILE: path,
        });
        assert.equal(setting, 'BRIDGE_SEAL_SIGNING_KEY_FILE');
        assert.ok(message.includes(`got mode 0${mode.toString(8)}`), message);
        assert.ok(message.includes('chmod 600'), message);
      },
    );
  }

  it("are accepted from root's group where the bridge is not root, as Kubernetes mounts them", () => {
    assert.equal(isTooOpen({ mode: 0o100640, uid: 0 }, 1000), false);
    assert.equal(isTooOpen({ mode: 0o100440, uid: 0 }, 1000), false);
    assert.equal(isTooOpen({ mode: 0o100644, uid: 0 }, 1000), true);
    assert.equal(isTooOpen({ mode: 0o100660, uid: 0 }, 1000), true);
    assert.equal(isTooOpen({ mode: 0o100640, uid: 0 }, 0), true);
    assert.equal(isTooOpen({ mode: 0o100640, uid: 1000 }, 1000), true);
    assert.equal(isTooOpen({ mode: 0o100600, uid: 1000 }, 1000), false);
    assert.equal(isTooOpen({ mode: 0o100666, uid: 0 }, undefined), false);
  });

  const unreadable: readonly (readonly [what: string, path: () => string, says: string])[] = [
    ['is missing', () => join(folder, 'missing.pem'), 'ENOENT'],
    ['is a folder', () => folder, 'a directory'],
    ['is a device', () => '/dev/null', 'a device, pipe or socket'],
    ['is huge', () => file('huge.pem', 'x'.repeat(65_537)), '65537 bytes'],
    ['holds something else', () => file('else.pem', 'hunter2'), 'text outside of BEGIN and END lines'],
    ['is key text itself', () => pair.signingKeyPem, 'key text (not shown)'],
  ];
  for (const [what, path, says] of unreadable) {
    it(`are refused if the file ${what}`, () => {
      const env = { BRIDGE_ROLE: 'caller', BRIDGE_SEAL_SIGNING_KEY_FILE: path() };
      const { setting, message } = onlyProblem(env);
      assert.equal(setting, 'BRIDGE_SEAL_SIGNING_KEY_FILE');
      assert.ok(message.includes(says), message);
      assert.ok(!message.includes('hunter2'));
    });
  }
});

describe('createSealKeyPair', () => {
  it('makes another pair each time, whose halves belong together', () => {
    const key = parseSigningKey(pair.signingKeyPem);
    const keysOf = (pem: string) => parseVerifyKeys(pem).map((found) => found.key);
    assert.ok(isAmong(key, keysOf(pair.verifyKeyPem)));
    assert.ok(!isAmong(key, keysOf(other.verifyKeyPem)));
  });
});
