/** Rules that concern more than one setting. Each looks only at settings that are good on their own. */
import { configProblem, shownValue, type ConfigProblem } from './config-error.js';
import type { LoadedKeys } from './load-keys.js';
import { isAmong } from './seal-keys.js';
import { splitAddress } from './setting.js';
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
  differentClusterNames,
  differentClusters,
  firstBeforeMax,
  keysFitRole,
  keysPresent,
  keysMatch,
];

/** The problems of all rules. */
export function checkRules(checked: Checked): ConfigProblem[] {
  return rules.flatMap((rule) => rule(checked)).filter((problem) => problem !== undefined);
}

function differentClusterNames({
  values: { CLUSTER_A_NAME: a, CLUSTER_B_NAME: b },
}: Checked): (ConfigProblem | undefined)[] {
  if (a === undefined || a !== b) return [];
  return [
    configProblem('CLUSTER_B_NAME', {
      what: 'is the same as CLUSTER_A_NAME',
      expected: 'two different names',
      got: shownValue(a),
      fix: 'give each cluster a name of its own',
    }),
  ];
}

function differentClusters({ values }: Checked): (ConfigProblem | undefined)[] {
  const a = place(values.CLUSTER_A_HOST, values.CLUSTER_A_NAMESPACE);
  const b = place(values.CLUSTER_B_HOST, values.CLUSTER_B_NAMESPACE);
  if (a === undefined || a !== b) return [];
  return [
    configProblem('CLUSTER_B_HOST', {
      what: 'points to the same server and namespace as CLUSTER_A_HOST',
      expected: 'two clusters, or two namespaces of one',
      got: shownValue(`${values.CLUSTER_B_HOST ?? ''} ${values.CLUSTER_B_NAMESPACE ?? ''}`),
      fix: 'correct CLUSTER_A_HOST or CLUSTER_B_HOST, or set another CLUSTER_B_NAMESPACE',
    }),
  ];
}

/** Server and namespace in one text that is the same for the same place; all names of this host are one. */
function place(hostAndPort: string | undefined, namespace: string | undefined): string | undefined {
  const parts = hostAndPort === undefined ? undefined : splitAddress(hostAndPort);
  if (parts === undefined || namespace === undefined) return undefined;
  const host = /^(?:localhost|127\..*|::1)$/.test(parts.host) ? 'localhost' : parts.host;
  return `${host} ${String(parts.port)} ${namespace}`;
}

function firstBeforeMax({ values }: Checked): (ConfigProblem | undefined)[] {
  const pairs = [
    ['BRIDGE_FALLBACK_FIRST', 'BRIDGE_FALLBACK_MAX'],
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

/** Least privilege: a process holds no key that its role has no use for. */
function keysFitRole({ values, given }: Checked): (ConfigProblem | undefined)[] {
  return [
    ...useless(
      'handler',
      ['BRIDGE_SEAL_SIGNING_KEY', 'BRIDGE_SEAL_SIGNING_KEY_FILE'],
      'no signing key, it must not be able to seal',
    ),
    ...useless(
      'caller',
      ['BRIDGE_SEAL_VERIFY_KEYS', 'BRIDGE_SEAL_VERIFY_KEYS_FILE'],
      'no verify keys, it checks no seals',
    ),
  ];

  function useless(
    role: string,
    names: readonly SettingName[],
    expected: string,
  ): (ConfigProblem | undefined)[] {
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
  if (signingKey === undefined || verifyKeys.length === 0 || isAmong(signingKey, verifyKeys)) return [];
  return [
    configProblem('BRIDGE_SEAL_VERIFY_KEYS', {
      what: 'does not hold the public half of the signing key, so that this process would refuse its own calls',
      expected: 'the public half among the verify keys',
      got: `${String(verifyKeys.length)} other key(s)`,
      fix: 'add the seal-verify-keys.pem that belongs to the signing key',
    }),
  ];
}
