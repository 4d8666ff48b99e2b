/** Rules that concern more than one setting. Each looks only at settings that are good on their own. */
import { clusterRules } from './cluster-rules.js';
import { configProblem, shownValue, type ConfigProblem } from './config-error.js';
import type { LoadedKeys } from './load-keys.js';
import { isAmong, type VerifyKey } from './seal-keys.js';
import type { SettingName, SettingValues } from './settings.js';

/** All that the rules look at: checked values (those that were refused are missing) and keys. */
export interface Checked {
  readonly values: Partial<SettingValues>;
  readonly keys: LoadedKeys;
  /** The settings that were given, good or not. */
  readonly given: ReadonlySet<SettingName>;
}

/** One rule: the problems it finds. */
type Rule = (checked: Checked) => (ConfigProblem | undefined)[];

const rules: readonly Rule[] = [
  ({ values }) => clusterRules(values),
  firstBeforeMax,
  listsFitRole,
  keysFitRole,
  keysPresent,
  keysMatch,
  keysNameCallers,
];

/** The problems of all rules. */
export function checkRules(checked: Checked): ConfigProblem[] {
  return rules.flatMap((rule) => rule(checked)).filter((problem) => problem !== undefined);
}

function firstBeforeMax({ values }: Checked): (ConfigProblem | undefined)[] {
  const pairs = [
    ['BRIDGE_FALLBACK_FIRST', 'BRIDGE_FALLBACK_MAX'],
    ['BRIDGE_LEASE_FIRST', 'BRIDGE_LEASE_MAX'],
    ['BRIDGE_START_RETRY_FIRST', 'BRIDGE_START_RETRY_MAX'],
  ] as const;
  return pairs.map(([first, max]) => {
    const [firstMs, maxMs] = [values[first], values[max]];
    if (firstMs === undefined || maxMs === undefined || firstMs <= maxMs) return undefined;
    return configProblem(first, {
      what: `is longer than ${max}`,
      expected: `${String(maxMs)} ms at most`,
      got: `${String(firstMs)} ms`,
      fix: `lower ${first} or raise ${max}`,
    });
  });
}

/** A list of clusters, or of callers, that the role has nothing to do with is a slip: nothing would come of it. */
function listsFitRole(checked: Checked): (ConfigProblem | undefined)[] {
  return [
    ...useless(
      checked,
      'handler',
      ['BRIDGE_HANDLER_CLUSTERS'],
      'no further handler clusters, it polls CLUSTER_B_HOST alone',
    ),
    ...useless(checked, 'caller', ['BRIDGE_CALLER_CLUSTERS'], 'no further caller clusters, it answers none'),
    ...useless(
      checked,
      'handler',
      ['BRIDGE_ALLOW_CALLERS'],
      'no list of callers, the caller side checks them',
    ),
  ];
}

/** Least privilege: a process holds no key that its role has no use for. */
function keysFitRole(checked: Checked): (ConfigProblem | undefined)[] {
  return [
    ...useless(
      checked,
      'handler',
      ['BRIDGE_SEAL_SIGNING_KEY', 'BRIDGE_SEAL_SIGNING_KEY_FILE'],
      'no signing key, it must not be able to seal',
    ),
    ...useless(
      checked,
      'caller',
      ['BRIDGE_SEAL_VERIFY_KEYS', 'BRIDGE_SEAL_VERIFY_KEYS_FILE'],
      'no verify keys, it checks no seals',
    ),
  ];
}

function useless(
  { values, given }: Checked,
  role: string,
  names: readonly SettingName[],
  expected: string,
): ConfigProblem[] {
  if (values.BRIDGE_ROLE !== role) return [];
  return names
    .filter((name) => given.has(name))
    .map((name) =>
      configProblem(name, {
        what: `has no place in the role ${role}`,
        expected,
        got: 'a value',
        fix: `remove ${name}, or set another BRIDGE_ROLE`,
      }),
    );
}

/** Outside of development each side needs its keys. */
function keysPresent({ values, given }: Checked): (ConfigProblem | undefined)[] {
  const role = values.BRIDGE_ROLE;
  if (role === undefined || values.BRIDGE_DEV !== false) return [];
  return [
    role === 'handler' ? undefined : missing('BRIDGE_SEAL_SIGNING_KEY', 'signing key'),
    role === 'caller' ? undefined : missing('BRIDGE_SEAL_VERIFY_KEYS', 'verify keys'),
  ];

  function missing(
    name: 'BRIDGE_SEAL_SIGNING_KEY' | 'BRIDGE_SEAL_VERIFY_KEYS',
    noun: string,
  ): ConfigProblem | undefined {
    if (given.has(name) || given.has(`${name}_FILE`)) return undefined;
    return configProblem(name, {
      what: `the role ${String(role)} has no ${noun}`,
      expected: `${name}_FILE or ${name}`,
      got: 'neither',
      fix: 'make a pair with `temporal-bridge keys new` and set what it prints (BRIDGE_DEV=true starts without, for development only)',
    });
  }
}

/** A process of both sides must accept the seals that it makes itself. */
function keysMatch({
  values,
  keys: { signingKey, verifyKeys },
  given,
}: Checked): (ConfigProblem | undefined)[] {
  const signingGiven = given.has('BRIDGE_SEAL_SIGNING_KEY') || given.has('BRIDGE_SEAL_SIGNING_KEY_FILE');
  const verifyGiven = given.has('BRIDGE_SEAL_VERIFY_KEYS') || given.has('BRIDGE_SEAL_VERIFY_KEYS_FILE');
  if (values.BRIDGE_ROLE !== 'both') return [];
  if (signingGiven !== verifyGiven) {
    if (values.BRIDGE_DEV !== true) return []; // reported as missing
    const [absent, present] = signingGiven
      ? ['BRIDGE_SEAL_VERIFY_KEYS', 'BRIDGE_SEAL_SIGNING_KEY']
      : ['BRIDGE_SEAL_SIGNING_KEY', 'BRIDGE_SEAL_VERIFY_KEYS'];
    return [
      configProblem(absent, {
        what: `is missing while ${present} is given`,
        expected: 'both halves of a pair, or neither',
        got: 'one half',
        fix: `set ${absent}_FILE too, or remove ${present}`,
      }),
    ];
  }
  if (signingKey === undefined || verifyKeys.length === 0 || isAmong(signingKey, keysOf(verifyKeys)))
    return [];
  return [
    configProblem('BRIDGE_SEAL_VERIFY_KEYS', {
      what: 'does not hold the public half of the signing key, so that this process would refuse its own calls',
      expected: 'the public half among the verify keys',
      got: `${String(verifyKeys.length)} other key(s)`,
      fix: 'add the seal-verify-keys.pem that belongs to the signing key',
    }),
  ];
}

function keysOf(verifyKeys: readonly VerifyKey[]) {
  return verifyKeys.map(({ key }) => key);
}

/**
 * With several callers each key says whose calls it may seal: else the key of one of them could seal for all. A name that
 * is no caller's is most likely a slip, which would leave the right one without its key.
 */
function keysNameCallers({ values, keys: { verifyKeys } }: Checked): (ConfigProblem | undefined)[] {
  const { CLUSTER_A_NAME: name, CLUSTER_A_NAMESPACE: namespace, BRIDGE_CALLER_CLUSTERS: others } = values;
  if (name === undefined || namespace === undefined) return [];
  const served = [{ name, namespace }, ...(others ?? [])];
  const entries = ['*', ...served.flatMap((one) => [one.name, `${one.name}/${one.namespace}`])];
  const expected =
    'a line "# callers: cluster" or "# callers: cluster/namespace" above each key, with callers of this bridge';
  return verifyKeys.flatMap(({ callers }) => {
    const unknown = callers.find((entry) => !entries.includes(entry));
    if (unknown !== undefined) {
      const fix = 'correct the line above the key, or add the caller to BRIDGE_CALLER_CLUSTERS';
      const what = 'has a key for a caller that this bridge does not answer';
      return [configProblem('BRIDGE_SEAL_VERIFY_KEYS', { what, expected, got: shownValue(unknown), fix })];
    }
    if (callers.length > 0 || served.length === 1) return [];
    const fix = 'write whose key it is above it; "# callers: *" lets it seal for all of them';
    const what = 'has a key that does not say whose calls it may seal, with several callers';
    return [configProblem('BRIDGE_SEAL_VERIFY_KEYS', { what, expected, got: 'no such line', fix })];
  });
}
