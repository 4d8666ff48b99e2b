/** Every setting on its own: default, what it accepts, what it refuses at each border, and how it says so. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ConfigError } from '../../src/bridge/config/config-error.js';
import { connectionSettings } from '../../src/bridge/config/connection-settings.js';
import { resolveConfig, type ResolvedConfig } from '../../src/bridge/config/resolve.js';
import { settingNames, settingOf, type SettingName } from '../../src/bridge/config/settings.js';

const DEV = { BRIDGE_DEV: 'true' };

function problemsOf(env: Record<string, string>) {
  try {
    resolveConfig(env);
  } catch (error) {
    assert.ok(ConfigError.is(error));
    return error.problems;
  }
  return [];
}

/** The value at a dotted path; of clusters without how they are connected to, which has tests of its own. */
function at(config: ResolvedConfig, path: string): unknown {
  const found = path
    .split('.')
    .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], config);
  if (!Array.isArray(found)) return found;
  return (found as { access?: unknown }[]).map(({ access: _, ...cluster }) => cluster);
}

/** A list of clusters that may all be spoken to in plain text. */
const allPlain = (list: string): string =>
  list.replace(/[^\s,]+/g, (entry) => `${entry}${entry.includes('?') ? '&' : '?'}plaintext=true`);

interface Case {
  readonly default: unknown;
  /** Text, and the value that comes of it. */
  readonly accepted: readonly (readonly [text: string, value: unknown])[];
  readonly refused: readonly string[];
  /** What the setting needs next to it so that no other rule gets in its way. */
  readonly with?: Record<string, string>;
}

const durations = (
  defaultMs: number,
  min: [string, number, string],
  max: [string, number, string],
): Case => ({
  default: defaultMs,
  accepted: [
    [min[0], min[1]],
    [max[0], max[1]],
  ],
  refused: [min[2], max[2], '10', '-1s', '1m 30s', 'soon', '1e3ms', 'Infinity'].filter((text) => text !== ''),
});

const integers = (value: number, min: number, max: number): Case => ({
  default: value,
  accepted: [
    [String(min), min],
    [String(max), max],
    [` ${String(min)} `, min],
  ],
  refused: [String(min - 1), String(max + 1), '1.5', '1e2', '0x10', '+3', '12a', '9'.repeat(40)],
});

const webAddresses: Case = {
  default: undefined,
  accepted: [
    ['http://localhost:8080', 'http://localhost:8080'],
    ['https://temporal.example.com/ui/', 'https://temporal.example.com/ui'],
  ],
  refused: [
    'localhost:8080',
    'javascript:alert(1)',
    'file:///etc/passwd',
    'http://',
    'http://a b',
    'http://host/?x=1',
    'http://host/#x',
    'http://user:secret@host/',
    `http://host/${'x'.repeat(2_000)}`,
  ],
};

const booleans = (value: boolean, other: Record<string, string> = {}): Case => ({
  default: value,
  accepted: [
    ...['true', 'yes', '1', 'True', 'YES'].map((text) => [text, true] as const),
    ...['false', 'no', '0', 'FALSE'].map((text) => [text, false] as const),
  ],
  refused: ['on', 'off', '2', 'truee', 'constructor'],
  with: other,
});

const addresses = (value: string, side: 'A' | 'B'): Case => ({
  with: { [`CLUSTER_${side}_ALLOW_PLAINTEXT`]: 'true' },
  default: value,
  accepted: [
    ['temporal.example.com:1', 'temporal.example.com:1'],
    ['temporal-frontend_1:65535', 'temporal-frontend_1:65535'],
    ['10.0.0.1:7233', '10.0.0.1:7233'],
    ['[::2]:7233', '[::2]:7233'],
    ['  host:80  ', 'host:80'],
  ],
  refused: [
    'localhost',
    'localhost:',
    'localhost:0',
    'localhost:65536',
    'localhost:72x3',
    ':7233',
    'http://localhost:7233',
    'localhost:7233/path',
    '::1:7233',
    '[::zz]:7233',
    '999.0.0.1:7233',
    'a b:7233',
    '-a:7233',
    `${'a'.repeat(254)}:7233`,
  ],
});

const clusterNames = (value: string): Case => ({
  default: value,
  accepted: [
    ['x', 'x'],
    ['N'.repeat(63), 'N'.repeat(63)],
    ['eu_1.prod-A', 'eu_1.prod-A'],
  ],
  refused: ['x'.repeat(64), 'a b', 'a/b', 'ä', 'a\nb'],
});

const namespaces: Case = {
  default: 'default',
  accepted: [
    ['n', 'n'],
    ['n'.repeat(255), 'n'.repeat(255)],
    ['orders.acct1', 'orders.acct1'],
  ],
  refused: ['n'.repeat(256), 'a b', 'a\u0000b', 'a\u202eb'],
};

const taskQueues = (value: string): Case => ({
  default: value,
  accepted: [
    ['q', 'q'],
    ['q'.repeat(200), 'q'.repeat(200)],
    ['a/_sys/b', 'a/_sys/b'],
  ],
  refused: ['q'.repeat(201), '/_sys/q', '__temporal_q', '__temporal', 'a\u0007b'],
});

const CLUSTER_B = {
  name: 'cluster-b',
  address: 'localhost:7234',
  namespace: 'default',
  handlerTaskQueue: 'bridge-handler-queue',
};
const LISTED = { name: 'eu', address: 'temporal-eu:7233', namespace: 'orders' };

/** Lists of clusters, more in `config-clusters.test.ts`: `first` is the one that stands before all that are listed, `rest` what each entry gets. */
const clusterLists = (first: object, rest: object, options: Pick<Case, 'accepted' | 'refused'>): Case => ({
  default: [first],
  accepted: [
    ['eu=temporal-eu:7233/orders', [first, { ...LISTED, ...rest }]],
    [
      'eu=temporal-eu:7233/orders , us=[2001:db8::7]:1/a/b=c,\n\tN.-_9=10.0.0.1:65535/default,',
      [
        first,
        { ...LISTED, ...rest },
        { name: 'us', address: '[2001:db8::7]:1', namespace: 'a/b=c', ...rest },
        { name: 'N.-_9', address: '10.0.0.1:65535', namespace: 'default', ...rest },
      ],
    ],
    [
      `${'n'.repeat(63)}=h:1/${'s'.repeat(255)}`,
      [first, { name: 'n'.repeat(63), address: 'h:1', namespace: 's'.repeat(255), ...rest }],
    ],
    [',', [first]],
    ...options.accepted,
  ],
  refused: [
    'eu',
    'eu=',
    'eu=/orders',
    'eu=temporal-eu:65536/orders',
    'eu=::1:7233/orders',
    'e/u=temporal-eu:7233/orders',
    'eu=h:1/a\u202eb',
    'eu=h:1/n?',
    'eu=h:1/n?tls=true',
    'eu=h:1?queue=q',
    ...options.refused,
  ],
});

const hour = 3_600_000;

/** The keys, the allow-list and the connections have tests of their own. */
type PlainSetting = Exclude<
  SettingName,
  `BRIDGE_SEAL_${string}` | `BRIDGE_ALLOW_${string}` | keyof typeof connectionSettings
>;

const cases: Readonly<Record<PlainSetting, Case>> = {
  CLUSTER_A_HOST: addresses('localhost:7233', 'A'),
  CLUSTER_A_NAMESPACE: namespaces,
  CLUSTER_A_NAME: clusterNames('cluster-a'),
  CLUSTER_B_HOST: addresses('localhost:7234', 'B'),
  CLUSTER_B_NAMESPACE: namespaces,
  CLUSTER_B_NAME: clusterNames('cluster-b'),
  CLUSTER_A_UI: webAddresses,
  CLUSTER_B_UI: webAddresses,
  BRIDGE_JAEGER_UI: webAddresses,
  BRIDGE_ROLE: {
    default: 'both',
    accepted: [
      ['caller', 'caller'],
      ['handler', 'handler'],
      ['both', 'both'],
      ['Caller', 'caller'],
    ],
    refused: ['callers', 'a', 'caller,handler', 'toString'],
  },
  BRIDGE_TASK_QUEUE: taskQueues('bridge-queue'),
  BRIDGE_HANDLER_TASK_QUEUE: taskQueues('bridge-handler-queue'),
  BRIDGE_HANDLER_CLUSTERS: clusterLists(
    CLUSTER_B,
    { handlerTaskQueue: 'bridge-handler-queue' },
    {
      accepted: [
        [
          'eu=temporal-eu:7233/orders?queue=eu/queue=1',
          [CLUSTER_B, { ...LISTED, handlerTaskQueue: 'eu/queue=1' }],
        ],
      ],
      refused: ['eu=h:1/n?Queue=q', 'eu=h:1/n?queue=__temporal_q', 'eu=h:1/n?queue=a\u0007b'],
    },
  ),
  BRIDGE_CALLER_CLUSTERS: clusterLists(
    { name: 'cluster-a', address: 'localhost:7233', namespace: 'default' },
    {},
    { accepted: [], refused: ['eu=h:1/n?queue=q'] },
  ),
  BRIDGE_DEV: {
    ...booleans(false),
    accepted: [
      ['true', true],
      ['1', true],
    ],
  },
  BRIDGE_FALLBACK_FIRST: durations(60_000, ['100ms', 100, '99ms'], ['1h', hour, '60m1s']),
  BRIDGE_FALLBACK_MAX: {
    ...durations(hour, ['100ms', 100, '99ms'], ['1h', hour, '3601s']),
    with: { BRIDGE_FALLBACK_FIRST: '100ms' },
  },
  BRIDGE_LEASE_FIRST: {
    ...durations(60_000, ['100ms', 100, '99ms'], ['1h', hour, '60m1s']),
    with: { BRIDGE_LEASE_MAX: '1h' },
  },
  BRIDGE_LEASE_MAX: {
    ...durations(600_000, ['100ms', 100, '99ms'], ['1h', hour, '3601s']),
    with: { BRIDGE_LEASE_FIRST: '100ms' },
  },
  BRIDGE_START_RETRY_FIRST: {
    ...durations(1_000, ['10ms', 10, '9ms'], ['5m', 300_000, '5m1ms']),
    with: { BRIDGE_START_RETRY_MAX: '1h' },
  },
  BRIDGE_START_RETRY_MAX: {
    ...durations(60_000, ['10ms', 10, '9ms'], ['1h', hour, '1h1ms']),
    with: { BRIDGE_START_RETRY_FIRST: '10ms' },
  },
  BRIDGE_START_MAX_ATTEMPTS: integers(0, 0, 1_000_000),
  BRIDGE_RPC_TIMEOUT: durations(10_000, ['100ms', 100, '99.9ms'], ['10s', 10_000, '10s1ms']),
  BRIDGE_SHUTDOWN_GRACE: durations(20_000, ['0s', 0, ''], ['10m', 600_000, '10m1ms']),
  BRIDGE_MAX_CONCURRENT_ACTIVITIES: integers(100, 1, 10_000),
  BRIDGE_MAX_CACHED_WORKFLOWS: integers(1_000, 0, 100_000),
  BRIDGE_MAX_CONCURRENT_WORKFLOW_TASKS: integers(40, 2, 10_000),
  BRIDGE_MAX_CALLS_IN_FLIGHT: integers(0, 0, 10_000),
  BRIDGE_MAX_CALLS_PER_SECOND: integers(0, 0, 10_000),
  BRIDGE_CLOCK_SKEW: durations(5_000, ['0s', 0, ''], ['5m', 300_000, '5m1ms']),
  BRIDGE_COMPLETION_SIGNALS: booleans(true),
  BRIDGE_HTTP_ADDRESS: {
    default: { host: '127.0.0.1', port: 9464, isDefault: true },
    accepted: [
      ['0.0.0.0:0', { host: '0.0.0.0', port: 0, isDefault: false }],
      ['[::1]:65535', { host: '::1', port: 65_535, isDefault: false }],
      ['127.0.0.1:9464', { host: '127.0.0.1', port: 9464, isDefault: false }],
      ['Metrics.Example:1', { host: 'metrics.example', port: 1, isDefault: false }],
      ['OFF', undefined],
    ],
    refused: ['9464', ':9464', 'h', 'h:', 'h:65536', 'h:-1', 'http://h:1', 'h:1/metrics', '[::g]:1', 'no'],
  },
  BRIDGE_LOG_LEVEL: {
    default: 'info',
    accepted: ['trace', 'debug', 'info', 'warn', 'error'].map((level) => [level, level] as const),
    refused: ['warning', 'silent', 'fatal', '3'],
  },
  BRIDGE_LOG_FORMAT: {
    default: 'auto',
    accepted: ['auto', 'json', 'pretty'].map((format) => [format, format] as const),
    refused: ['text', 'JSONL'],
  },
};

for (const [name, expected] of Object.entries(cases) as [PlainSetting, Case][]) {
  describe(name, () => {
    const { path } = settingOf(name);
    const base = { ...DEV, ...expected.with };

    it('has its documented default', () => {
      const { [name]: _, ...others }: Record<string, string> = name === 'BRIDGE_DEV' ? {} : base;
      if (name === 'BRIDGE_DEV') {
        assert.equal(settingOf(name).default, 'false');
        assert.ok(problemsOf({}).length > 0);
        return;
      }
      assert.deepEqual(at(resolveConfig(others), path), expected.default);
      assert.deepEqual(at(resolveConfig({ ...others, [name]: '   ' }), path), expected.default);
    });

    for (const [text, value] of expected.accepted) {
      it(`accepts ${JSON.stringify(text.slice(0, 40))} (${String(text.length)} characters)`, () => {
        const given = settingOf(name).type === 'cluster list' ? allPlain(text) : text;
        assert.deepEqual(at(resolveConfig({ ...base, [name]: given }), path), value);
      });
    }

    for (const text of expected.refused) {
      it(`refuses ${JSON.stringify(text.slice(0, 40))} (${String(text.length)} characters), and says what to do`, () => {
        const problems = problemsOf({ ...base, [name]: text }).filter(({ setting }) => setting === name);
        assert.equal(problems.length, 1);
        const message = problems[0]?.message ?? '';
        const range = settingOf(name).range;
        assert.ok(message.startsWith(`${name}: `), message);
        assert.ok(message.includes(`; expected ${range}, got "`), message);
        assert.ok(message.includes(`; set it like ${name}=`), message);
        assert.ok(!/[\p{Cc}\u202e]/u.test(message), 'escaped');
        assert.ok(message.length < 400);
      });
    }
  });
}

describe('settings', () => {
  it('have an example each that they accept themselves', () => {
    for (const name of settingNames) {
      const { schema, example, type } = settingOf(name);
      if (type !== 'key text') assert.ok(schema.safeParse(example).success, `${name}=${example}`);
    }
  });

  it('are all covered by this test or by those of the keys, the allow-list and the connections', () => {
    const connections = Object.keys(connectionSettings);
    const plain = settingNames.filter(
      (name) => !/^BRIDGE_(?:SEAL|ALLOW)_/.test(name) && !connections.includes(name),
    );
    assert.deepEqual(plain, Object.keys(cases));
    assert.equal(settingNames.length, plain.length + connections.length + 7);
  });

  it('take the value of an option over that of the environment', () => {
    assert.equal(resolveConfig({ ...DEV, BRIDGE_ROLE: 'handler' }, { BRIDGE_ROLE: 'caller' }).role, 'caller');
  });

  it('keep a refused value short, escaped and without the credentials of a URL', () => {
    const [long] = problemsOf({ ...DEV, CLUSTER_A_HOST: `\u001b[31m${'x'.repeat(5_000)}` });
    assert.ok(long !== undefined && long.message.length < 300);
    assert.ok(long.message.includes('\\u{1b}'));
    const [url] = problemsOf({ ...DEV, CLUSTER_A_HOST: 'https://user:hunter2@host:7233' });
    assert.ok(url !== undefined && !url.message.includes('hunter2'));
  });

  it('report everything wrong at once', () => {
    const env = { BRIDGE_ROLE: 'x', BRIDGE_LOG_LEVEL: 'y', BRIDGE_TYPO: 'z', CLUSTER_A_NAME: 'cluster-b' };
    const names = problemsOf({ ...DEV, ...env }).map(({ setting }) => setting);
    assert.deepEqual(names, ['BRIDGE_ROLE', 'BRIDGE_LOG_LEVEL', 'CLUSTER_B_NAME', 'BRIDGE_TYPO']);
  });
});
