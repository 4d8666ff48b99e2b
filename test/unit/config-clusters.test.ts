/** Lists of clusters: what is wrong with an entry, what must differ between entries, and what is never shown. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ConfigError } from '../../src/bridge/config/config-error.js';
import { resolveConfig } from '../../src/bridge/config/resolve.js';
import { createSealKeyPair } from '../../src/bridge/config/seal-keys.js';

const pair = createSealKeyPair();
const HANDLERS = 'BRIDGE_HANDLER_CLUSTERS';
const CALLERS = 'BRIDGE_CALLER_CLUSTERS';
const BOTH = [HANDLERS, CALLERS];

type Env = Record<string, string>;

/** Without those of plain text, which have tests of their own. */
function problemsOf(env: Env) {
  try {
    resolveConfig({ BRIDGE_DEV: 'true', ...env });
  } catch (error) {
    assert.ok(ConfigError.is(error));
    for (const { message } of error.problems) {
      assert.match(message, /^[A-Z0-9_]+: .+; expected .+, got .+; .+$/);
      assert.ok(message.length < 400, message);
    }
    return error.problems.filter(({ message }) => !message.includes('make everything plain text'));
  }
  return [];
}

/** The one problem's message, without the setting. */
function onlyProblem(setting: string, env: Env): string {
  const problems = problemsOf(env);
  assert.deepEqual(
    problems.map((problem) => problem.setting),
    [setting],
    problems.map(({ message }) => message).join('\n'),
  );
  return (problems[0]?.message ?? '').slice(`${setting}: `.length);
}

/** A cluster without how it is connected to. */
function bare<T extends { readonly access?: unknown }>({ access: _, ...cluster }: T): Omit<T, 'access'> {
  return cluster;
}

const list = (count: number) =>
  Array.from({ length: count }, (_, index) => `c${String(index)}=h${String(index)}:1/n`).join(' ');

describe('an entry of a list of clusters', () => {
  const malformed: readonly (readonly [entry: string, what: string])[] = [
    ['h:1/n', 'has an entry without a name'],
    ['=h:1/n', 'has an entry without a name'],
    ['eu=h:1', 'has an entry without a namespace'],
    ['eu=h:1/', 'has an entry without a namespace'],
    ['eu=https://h:1/n', 'has an entry whose address is a URL'],
    ['eu=h/n', 'has an entry whose address has no port'],
    ['eu=h:0/n', 'has an entry whose address has a port out of range'],
    ['eu=[::zz]:1/n', 'has an entry whose address has no valid host'],
    ['e+u=h:1/n', 'has an entry whose name holds characters that a cluster name may not have'],
    [`${'n'.repeat(64)}=h:1/n`, 'has an entry whose name is too long'],
    [`eu=h:1/${'n'.repeat(256)}`, 'has an entry whose namespace is too long'],
    ['eu=h:1/a\u0000b', 'has an entry whose namespace holds white space or control characters'],
  ];
  for (const setting of BOTH) {
    for (const [entry, what] of malformed) {
      it(`is named in ${setting} if it is ${JSON.stringify(entry.slice(0, 30))}`, () => {
        const message = onlyProblem(setting, { [setting]: `ok=fine:1/n ${entry} too=fine:2/n` });
        assert.ok(message.startsWith(`${what}; expected name=host:port/namespace`), message);
        assert.ok(message.includes(`got "${entry.slice(0, 20).replace('\u0000', '\\u{0}')}`), message);
        assert.ok(!message.includes('fine'), message);
        assert.ok(message.includes(`; set it like ${setting}=eu=`), message);
      });
    }
  }

  it('says what is wrong with its option', () => {
    const what = (setting: string, option: string) =>
      onlyProblem(setting, { [setting]: `eu=h:1/n${option}` }).split(';')[0];
    assert.equal(
      what(CALLERS, '?queue=q'),
      'has an entry with an option queue, which only handler clusters have',
    );
    for (const option of ['?', '?q', '?queue=', '?tls=true', '?queue=q&tls=true', '?queue=q?queue=r']) {
      for (const [setting, known] of [
        [HANDLERS, 'queue, profile, plaintext'],
        [CALLERS, 'profile, plaintext'],
      ] as const) {
        if (setting === CALLERS && option.includes('queue')) continue;
        const said = `has an entry with an option that is none of ${known} with a value`;
        assert.equal(what(setting, option), said);
      }
    }
    assert.equal(what(HANDLERS, '?queue=q&queue=r'), 'has an entry with two options queue');
    assert.equal(what(CALLERS, '?profile=a&profile=a'), 'has an entry with two options profile');
    assert.equal(
      what(CALLERS, '?plaintext=false'),
      'has an entry whose option plaintext is not plaintext=true',
    );
    assert.equal(
      what(CALLERS, '?profile=a/b'),
      'has an entry whose profile holds characters that a cluster name may not have',
    );
    assert.equal(what(HANDLERS, '?queue=/_sys/q'), 'has an entry whose queue starts with a reserved prefix');
    assert.equal(what(HANDLERS, `?queue=${'q'.repeat(201)}`), 'has an entry whose queue is too long');
  });

  it('is reported next to every other that is malformed', () => {
    const got = problemsOf({ [HANDLERS]: 'one ok=h:1/n,two', [CALLERS]: 'three' }).map(
      ({ setting, message }) => [setting, /got "(.*?)"/.exec(message)?.[1]],
    );
    assert.deepEqual(got, [
      [HANDLERS, 'one'],
      [HANDLERS, 'two'],
      [CALLERS, 'three'],
    ]);
  });

  it('never shows the credentials of a URL, even with a comma in them, nor a key', () => {
    for (const setting of BOTH) {
      for (const url of [
        'https://me:hunter2@h:1/n',
        'https://me:hunt,er2@h:1/n',
        'https://,er2,hunt@h:1/n',
      ]) {
        const problems = problemsOf({ [setting]: `ok=h:1/n eu=${url}` });
        assert.ok(problems.length > 0);
        for (const { message } of problems) assert.doesNotMatch(message, /hunt|er2/);
      }
      for (const key of [pair.signingKeyPem, pair.signingKeyPem.replaceAll('\n', '\\n')]) {
        const message = onlyProblem(setting, { [setting]: key });
        assert.ok(message.startsWith('holds key text instead of clusters; '), message);
        assert.ok(message.includes('got key text (not shown); '), message);
      }
    }
  });
});

describe('a list of clusters', () => {
  it('has 64 entries at most', () => {
    for (const setting of BOTH) {
      assert.deepEqual(problemsOf({ [setting]: list(64) }), []);
      const message = onlyProblem(setting, { [setting]: list(65) });
      assert.ok(message.startsWith('has too many entries; '), message);
      assert.ok(message.endsWith('64 at most, got 65 entries; remove entries until 64 are left'), message);
      assert.equal(problemsOf({ [setting]: 'x,'.repeat(1_000) }).length, 1);
    }
  });

  it('comes after the cluster of the single settings, with its queue', () => {
    const { handlerCluster, handlerClusters, callerCluster, callerClusters } = resolveConfig({
      BRIDGE_DEV: 'true',
      CLUSTER_A_NAME: 'here',
      CLUSTER_B_NAME: 'there',
      CLUSTER_B_HOST: 'b:1',
      CLUSTER_B_ALLOW_PLAINTEXT: 'true',
      CLUSTER_B_NAMESPACE: 'of-b',
      BRIDGE_HANDLER_TASK_QUEUE: 'usual',
      [HANDLERS]: 'c=h:1/n?queue=own&plaintext=true d=h:2/n?plaintext=true',
      [CALLERS]: 'e=h:3/n?plaintext=true',
    });
    assert.deepEqual(bare(handlerCluster), { name: 'there', address: 'b:1', namespace: 'of-b' });
    assert.deepEqual(handlerClusters.map(bare), [
      { ...bare(handlerCluster), handlerTaskQueue: 'usual' },
      { name: 'c', address: 'h:1', namespace: 'n', handlerTaskQueue: 'own' },
      { name: 'd', address: 'h:2', namespace: 'n', handlerTaskQueue: 'usual' },
    ]);
    assert.deepEqual(bare(callerCluster), { name: 'here', address: 'localhost:7233', namespace: 'default' });
    assert.deepEqual(callerClusters.map(bare), [
      bare(callerCluster),
      { name: 'e', address: 'h:3', namespace: 'n' },
    ]);
  });

  for (const [setting, role, other] of [
    [HANDLERS, 'handler', 'caller'],
    [CALLERS, 'caller', 'handler'],
  ] as const) {
    it(`${setting} has no place in the role ${role}, whatever it holds`, () => {
      for (const text of ['eu=h:1/n', 'eu=h:1/n eu=h:1/n', ',']) {
        const message = onlyProblem(setting, { BRIDGE_ROLE: role, [setting]: text });
        assert.ok(message.startsWith(`has no place in the role ${role}; `), message);
        assert.ok(message.endsWith(`remove ${setting}, or set another BRIDGE_ROLE`), message);
      }
      assert.deepEqual(problemsOf({ BRIDGE_ROLE: other, [setting]: 'eu=h:1/n' }), []);
      assert.deepEqual(problemsOf({ BRIDGE_ROLE: role, [setting]: ' ' }), []);
    });
  }
});

interface RuleCase {
  readonly rule: string;
  readonly broken: Env;
  readonly what: string;
  readonly got: string;
  readonly kept: Env;
}

const sameName = (of: string) => `has an entry with the same name as ${of}`;
const samePlace = (as: string) => `has an entry that points to the same server and namespace as ${as}`;

const rules: readonly RuleCase[] = [
  {
    rule: 'two further handler clusters have two names',
    broken: { [HANDLERS]: 'eu=h:1/n us=h:2/n eu=h:3/m' },
    what: `${sameName('another entry')};`,
    got: 'eu=h:3/m',
    kept: { [HANDLERS]: 'eu=h:1/n us=h:2/n Eu=h:3/m' },
  },
  {
    rule: 'a further handler cluster has not the name of B',
    broken: { [HANDLERS]: 'cluster-b=h:1/n?queue=q' },
    what: `${sameName('CLUSTER_B_NAME')};`,
    got: 'cluster-b=h:1/n?queue=q',
    kept: { [HANDLERS]: 'cluster-b=h:1/n', CLUSTER_B_NAME: 'b' },
  },
  {
    rule: 'a further handler cluster has not the name of A',
    broken: { [HANDLERS]: 'cluster-a=h:1/n', BRIDGE_ROLE: 'caller' },
    what: `${sameName('CLUSTER_A_NAME')};`,
    got: 'cluster-a=h:1/n',
    kept: { [HANDLERS]: 'cluster-a=h:1/n', CLUSTER_A_NAME: 'a' },
  },
  {
    rule: 'two further handler clusters are two places',
    broken: { [HANDLERS]: 'eu=Host:1/n us=host:01/n' },
    what: `${samePlace('another entry')};`,
    got: 'us=host:01/n',
    kept: { [HANDLERS]: 'eu=host:1/n us=host:1/N as=host:2/n' },
  },
  {
    rule: 'a further handler cluster is not in the place of B',
    broken: { [HANDLERS]: 'eu=127.0.0.1:7234/default' },
    what: `${samePlace('CLUSTER_B_HOST')};`,
    got: 'eu=127.0.0.1:7234/default',
    kept: { [HANDLERS]: 'eu=127.0.0.1:7234/orders' },
  },
  {
    rule: 'a further handler cluster is not in the place of A',
    broken: { [HANDLERS]: 'eu=[::1]:7233/default' },
    what: `${samePlace('CLUSTER_A_HOST')};`,
    got: 'eu=[::1]:7233/default',
    kept: { [HANDLERS]: 'eu=[::2]:7233/default' },
  },
  {
    rule: 'caller clusters of one name are in different namespaces',
    broken: { [CALLERS]: 'eu=h:1/n us=h:2/n eu=h:3/n', BRIDGE_ROLE: 'handler' },
    what: `${sameName('another entry')}, in the same namespace;`,
    got: 'eu=h:3/n',
    kept: { [CALLERS]: 'eu=h:1/n us=h:2/n eu=h:1/m', BRIDGE_ROLE: 'handler' },
  },
  {
    rule: 'a further caller namespace of A is another one',
    broken: { [CALLERS]: 'cluster-a=h:1/default' },
    what: `${sameName('CLUSTER_A_NAME')}, in the same namespace;`,
    got: 'cluster-a=h:1/default',
    kept: { [CALLERS]: 'cluster-a=localhost:7233/billing cluster-a=localhost:7233/shop' },
  },
  {
    rule: 'two further caller clusters are two places',
    broken: { [CALLERS]: 'eu=h:1/n us=h:1/n' },
    what: `${samePlace('another entry')};`,
    got: 'us=h:1/n',
    kept: { [CALLERS]: 'eu=h:1/n us=h:1/m' },
  },
  {
    rule: 'a further caller cluster is not in the place of A',
    broken: { [CALLERS]: 'eu=localhost:7233/default' },
    what: `${samePlace('CLUSTER_A_HOST')};`,
    got: 'eu=localhost:7233/default',
    kept: { [CALLERS]: 'eu=localhost:7235/default' },
  },
];

describe('rules between listed clusters', () => {
  for (const { rule, broken, what, got, kept } of rules) {
    it(`${rule}: a breach is named with its fix`, () => {
      const message = onlyProblem(HANDLERS in broken ? HANDLERS : CALLERS, broken);
      assert.ok(message.startsWith(what), message);
      assert.ok(message.includes(`, got "${got}"; `), message);
      assert.match(message, /; (?:rename|correct) one of the two, or remove the entry$/);
    });

    it(`${rule}: what keeps it is accepted`, () => {
      assert.deepEqual(problemsOf(kept), []);
    });
  }

  it('name each entry once, however much it shares', () => {
    const env = { [HANDLERS]: 'eu=h:1/n eu=h:1/n eu=h:1/n', [CALLERS]: 'eu=h:1/n eu=h:1/n' };
    const settings = problemsOf(env).map(({ setting }) => setting);
    assert.deepEqual(settings, [HANDLERS, HANDLERS, CALLERS]);
  });

  it('do not speak of clusters that were refused already', () => {
    const env = {
      CLUSTER_A_HOST: 'x',
      CLUSTER_B_NAME: '/',
      [HANDLERS]: 'cluster-b=localhost:7233/default',
      [CALLERS]: 'eu=localhost:7233/default',
    };
    const settings = problemsOf(env).map(({ setting }) => setting);
    assert.deepEqual(settings, ['CLUSTER_A_HOST', 'CLUSTER_B_NAME']);
    const sameHost = { CLUSTER_A_HOST: 'h:1', CLUSTER_B_HOST: 'h:1', CLUSTER_A_NAMESPACE: 'a b' };
    assert.equal(problemsOf({ ...sameHost, CLUSTER_B_NAMESPACE: 'a b' }).length, 2);
    assert.deepEqual(
      problemsOf({ [HANDLERS]: 'eu=h:1/n eu=h:1/n bad' }).map(
        ({ message }) => /got "(.*?)"/.exec(message)?.[1],
      ),
      ['bad'],
    );
  });
});
