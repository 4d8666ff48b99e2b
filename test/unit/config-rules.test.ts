/** Rules across settings: each with a case that breaks it and one just beside that does not. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BridgeError } from '../../src/shared/bridge-error.js';
import { ConfigError } from '../../src/bridge/config/config-error.js';
import { nearestName } from '../../src/bridge/config/nearest-name.js';
import { resolveConfig } from '../../src/bridge/config/resolve.js';
import { createSealKeyPair } from '../../src/bridge/config/seal-keys.js';
import { settingNames } from '../../src/bridge/config/settings.js';

const pair = createSealKeyPair();
const other = createSealKeyPair();
const DEV = { BRIDGE_DEV: 'true' };
const SIGN = { BRIDGE_SEAL_SIGNING_KEY: pair.signingKeyPem };
const VERIFY = { BRIDGE_SEAL_VERIFY_KEYS: pair.verifyKeyPem };

type Env = Record<string, string>;

function problemsOf(env: Env) {
  try {
    resolveConfig(env);
  } catch (error) {
    assert.ok(ConfigError.is(error));
    return error.problems;
  }
  return [];
}

interface RuleCase {
  readonly rule: string;
  readonly broken: Env;
  /** The settings that the problems are put down to. */
  readonly settings: readonly string[];
  /** What the first message must say, the fix among it. */
  readonly says: readonly string[];
  readonly kept: Env;
}

const PLAIN = { CLUSTER_A_ALLOW_PLAINTEXT: 'true', CLUSTER_B_ALLOW_PLAINTEXT: 'true' };

const rules: readonly RuleCase[] = [
  {
    rule: 'the clusters have different names',
    broken: { ...DEV, CLUSTER_A_NAME: 'same', CLUSTER_B_NAME: 'same' },
    settings: ['CLUSTER_B_NAME'],
    says: ['CLUSTER_A_NAME', '"same"', 'a name of its own'],
    kept: { ...DEV, CLUSTER_A_NAME: 'same', CLUSTER_B_NAME: 'Same' },
  },
  {
    rule: 'the clusters are two servers or two namespaces',
    broken: { ...DEV, ...PLAIN, CLUSTER_A_HOST: 'Temporal:7233', CLUSTER_B_HOST: 'temporal:07233' },
    settings: ['CLUSTER_B_HOST'],
    says: ['CLUSTER_A_HOST', 'CLUSTER_B_NAMESPACE'],
    kept: {
      ...DEV,
      ...PLAIN,
      CLUSTER_A_HOST: 'temporal:7233',
      CLUSTER_B_HOST: 'temporal:7233',
      CLUSTER_B_NAMESPACE: 'b',
    },
  },
  {
    rule: 'the names of this host are one server',
    broken: { ...DEV, CLUSTER_A_HOST: '127.0.0.1:7234', CLUSTER_B_HOST: 'localhost:7234' },
    settings: ['CLUSTER_B_HOST'],
    says: ['same server and namespace'],
    kept: { ...DEV, CLUSTER_A_HOST: '127.0.0.1:7233', CLUSTER_B_HOST: '[::1]:7234' },
  },
  {
    rule: 'the first fallback is not after the longest',
    broken: { ...DEV, BRIDGE_FALLBACK_FIRST: '10m', BRIDGE_FALLBACK_MAX: '9m' },
    settings: ['BRIDGE_FALLBACK_FIRST'],
    says: [
      'longer than BRIDGE_FALLBACK_MAX',
      '540000 ms',
      'lower BRIDGE_FALLBACK_FIRST or raise BRIDGE_FALLBACK_MAX',
    ],
    kept: { ...DEV, BRIDGE_FALLBACK_FIRST: '10m', BRIDGE_FALLBACK_MAX: '10m' },
  },
  {
    rule: 'the first look at a caller is not after the longest wait',
    broken: { ...DEV, BRIDGE_LEASE_FIRST: '10m1ms' },
    settings: ['BRIDGE_LEASE_FIRST'],
    says: ['longer than BRIDGE_LEASE_MAX', '600000 ms at most, got 600001 ms', 'raise BRIDGE_LEASE_MAX'],
    kept: { ...DEV, BRIDGE_LEASE_FIRST: '10m' },
  },
  {
    rule: 'the first retry of a start is not after the longest',
    broken: { ...DEV, BRIDGE_START_RETRY_FIRST: '2m' },
    settings: ['BRIDGE_START_RETRY_FIRST'],
    says: ['longer than BRIDGE_START_RETRY_MAX', 'raise BRIDGE_START_RETRY_MAX'],
    kept: { ...DEV, BRIDGE_START_RETRY_FIRST: '1m' },
  },
  {
    rule: 'the caller side has a signing key',
    broken: { BRIDGE_ROLE: 'caller' },
    settings: ['BRIDGE_SEAL_SIGNING_KEY'],
    says: [
      'the role caller has no signing key',
      '`temporal-bridge keys new`',
      'BRIDGE_DEV=true',
      'development only',
    ],
    kept: { BRIDGE_ROLE: 'caller', ...SIGN },
  },
  {
    rule: 'the handler side has verify keys',
    broken: { BRIDGE_ROLE: 'handler' },
    settings: ['BRIDGE_SEAL_VERIFY_KEYS'],
    says: ['the role handler has no verify keys', '`temporal-bridge keys new`', 'BRIDGE_DEV=true'],
    kept: { BRIDGE_ROLE: 'handler', ...VERIFY },
  },
  {
    rule: 'both sides in one process have both',
    broken: {},
    settings: ['BRIDGE_SEAL_SIGNING_KEY', 'BRIDGE_SEAL_VERIFY_KEYS'],
    says: ['the role both has no signing key'],
    kept: { ...SIGN, ...VERIFY },
  },
  {
    rule: 'a development run needs no keys',
    broken: { BRIDGE_DEV: 'no', ...VERIFY },
    settings: ['BRIDGE_SEAL_SIGNING_KEY'],
    says: ['BRIDGE_DEV=true'],
    kept: { BRIDGE_DEV: 'yes' },
  },
  {
    rule: 'a development run has both halves of a pair or neither',
    broken: { ...DEV, ...SIGN },
    settings: ['BRIDGE_SEAL_VERIFY_KEYS'],
    says: ['missing while BRIDGE_SEAL_SIGNING_KEY is given', 'set BRIDGE_SEAL_VERIFY_KEYS_FILE too'],
    kept: { ...DEV, ...SIGN, ...VERIFY },
  },
  {
    rule: 'the handler side holds no signing key',
    broken: { BRIDGE_ROLE: 'handler', ...VERIFY, ...SIGN },
    settings: ['BRIDGE_SEAL_SIGNING_KEY'],
    says: ['no place in the role handler', 'remove BRIDGE_SEAL_SIGNING_KEY'],
    kept: { BRIDGE_ROLE: 'handler', ...VERIFY },
  },
  {
    rule: 'the caller side holds no verify keys',
    broken: { BRIDGE_ROLE: 'caller', ...VERIFY, ...SIGN },
    settings: ['BRIDGE_SEAL_VERIFY_KEYS'],
    says: ['no place in the role caller', 'remove BRIDGE_SEAL_VERIFY_KEYS'],
    kept: { BRIDGE_ROLE: 'caller', ...SIGN },
  },
  {
    rule: 'a process of both sides accepts its own seals',
    broken: { ...SIGN, BRIDGE_SEAL_VERIFY_KEYS: other.verifyKeyPem },
    settings: ['BRIDGE_SEAL_VERIFY_KEYS'],
    says: ['public half of the signing key', 'add the seal-verify-keys.pem'],
    kept: { ...SIGN, BRIDGE_SEAL_VERIFY_KEYS: other.verifyKeyPem + pair.verifyKeyPem },
  },
  {
    rule: 'a name of our own prefixes is a setting',
    broken: { ...DEV, BRIDGE_TASKQUEUE: 'q' },
    settings: ['BRIDGE_TASKQUEUE'],
    says: ['did you mean BRIDGE_TASK_QUEUE?', 'remove it'],
    kept: { ...DEV, BRIDGETASKQUEUE: 'q', BRIDGE_TASKQUEUE: ' ' },
  },
  {
    rule: 'a name near to nothing is refused too',
    broken: { ...DEV, CLUSTER_B_QQQQQQQQQQQQQQQ: 'secret-value' },
    settings: ['CLUSTER_B_QQQQQQQQQQQQQQQ'],
    says: ['is no setting of the bridge', 'temporal-bridge run --help'],
    kept: { ...DEV, CLUSTER_C_HOST: 'x' },
  },
  {
    rule: 'a port alone is no setting, a service link of Kubernetes is no slip',
    broken: { ...DEV, CLUSTER_A_PORT: '7233' },
    settings: ['CLUSTER_A_PORT'],
    says: ['did you mean CLUSTER_A_HOST?'],
    kept: {
      ...DEV,
      BRIDGE_SERVICE_HOST: '10.0.0.1',
      BRIDGE_SERVICE_PORT: '80',
      BRIDGE_SERVICE_PORT_HTTP: '80',
      BRIDGE_PORT: 'tcp://10.0.0.1:80',
      BRIDGE_PORT_80_TCP: 'tcp://10.0.0.1:80',
      BRIDGE_PORT_80_TCP_PROTO: 'tcp',
      BRIDGE_PORT_80_TCP_PORT: '80',
      BRIDGE_PORT_80_TCP_ADDR: '10.0.0.1',
      CLUSTER_A_PORT: 'tcp://10.0.0.1:7233',
    },
  },
];

describe('rules across settings', () => {
  for (const { rule, broken, settings, says, kept } of rules) {
    it(`${rule}: a breach is named with its fix`, () => {
      const problems = problemsOf(broken);
      assert.deepEqual(
        problems.map(({ setting }) => setting),
        settings,
      );
      for (const { setting, message } of problems) {
        assert.match(message, /^[A-Z0-9_]+: .+; expected .+, got .+; .+$/);
        assert.ok(message.startsWith(setting));
        assert.ok(!message.includes('secret-value'));
      }
      for (const text of says) assert.ok(problems[0]?.message.includes(text), problems[0]?.message);
    });

    it(`${rule}: what keeps it is accepted`, () => {
      assert.deepEqual(problemsOf(kept), []);
    });
  }

  it('do not speak of a setting that was refused already', () => {
    assert.deepEqual(
      problemsOf({ ...DEV, BRIDGE_FALLBACK_FIRST: 'x', BRIDGE_FALLBACK_MAX: '1s' }).map((p) => p.setting),
      ['BRIDGE_FALLBACK_FIRST'],
    );
  });
});

describe('ConfigError', () => {
  it('is a BridgeError that says everything in its message and is not retried', () => {
    const error = new ConfigError([
      { setting: 'A', message: 'A: bad' },
      { setting: 'B', message: 'B: bad' },
    ]);
    assert.ok(BridgeError.is(error));
    assert.ok(ConfigError.is(error));
    assert.equal(error.code, 'CONFIG_INVALID');
    assert.equal(error.retryable, false);
    assert.equal(error.message, '[CONFIG_INVALID] 2 problems with the settings:\n  A: bad\n  B: bad');
    assert.ok(!ConfigError.is(new BridgeError('INTERNAL', 'x')));
    assert.ok(!ConfigError.is(undefined));
  });
});

describe('nearestName', () => {
  it('finds each setting by its name with one letter missing, doubled or wrong', () => {
    for (const name of settingNames) {
      const half = Math.floor(name.length / 2);
      // The letter that tells A from B cannot be guessed.
      const middle = /^CLUSTER_[AB]$/.test(name.slice(0, half + 1)) ? half + 2 : half;
      for (const letters of ['', `${name[middle] ?? ''}${name[middle] ?? ''}`, '#']) {
        const typo = name.slice(0, middle) + letters + name.slice(middle + 1);
        assert.equal(nearestName(typo, settingNames), name, typo);
      }
    }
  });

  it('guesses nothing for a far or a huge name', () => {
    assert.equal(nearestName('PATH', settingNames), undefined);
    assert.equal(nearestName('BRIDGE_'.repeat(10_000), settingNames), undefined);
  });
});
