/** Which calls an allow-list allows, and which text is one. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import type { AskedCall } from '../../src/bridge/allow/allow-gate.js';
import { allowGate, denialMessage } from '../../src/bridge/allow/allow-gate.js';
import { parseAllowFile } from '../../src/bridge/allow/allow-rules.js';
import { namePattern } from '../../src/bridge/allow/pattern.js';
import { ConfigError } from '../../src/bridge/config/config-error.js';
import { resolveConfig } from '../../src/bridge/config/resolve.js';
import { MAX_ALLOW_FILE_BYTES, MAX_ALLOW_RULES } from '../../src/shared/limits.js';

const DEV = { BRIDGE_DEV: 'true' };

/** What a regular expression would match, written without one's own eyes on the pattern. */
const MATCHES: readonly (readonly [pattern: string, yes: readonly string[], no: readonly string[]])[] = [
  ['Order', ['Order'], ['order', 'Orders', 'MyOrder', 'Order ', 'Оrder', 'Order\n', '']],
  ['Order*', ['Order', 'OrderX', 'Order*', 'Order\n'], ['order', 'MyOrder']],
  ['*Order', ['Order', 'MyOrder'], ['Orders']],
  ['a*b*c', ['abc', 'aXbYc', 'abbcc', 'abcbc'], ['ab', 'acb', 'aXcYb', 'abc ']],
  ['a*a', ['aa', 'aba'], ['a', 'ab']],
  ['*', ['', 'anything'], []],
  ['**', ['', 'anything'], []],
  ['a**b', ['ab', 'aXb'], ['a', 'b']],
  ['*ab*ab*', ['abab', 'xabyabz'], ['ab', 'aab']],
  ['a.c', ['a.c'], ['abc']],
  ['[a-z]+$', ['[a-z]+$'], ['abc']],
  ['caf\u00e9', ['caf\u00e9'], ['cafe\u0301']],
];

const call = (
  workflowType: string,
  taskQueue: string,
  from: Partial<AskedCall['from']> = {},
  cluster = 'cluster-b',
): AskedCall => ({
  from: { cluster: 'cluster-a', namespace: 'shop', workflowType: 'OrderWorkflow', ...from },
  to: { cluster, target: { workflowType, taskQueue } },
});
const gateOf = (rules: unknown, dev = false) => allowGate(parseAllowFile(JSON.stringify(rules), 'f'), dev);

describe('a pattern of names', () => {
  for (const [pattern, yes, no] of MATCHES)
    it(`${JSON.stringify(pattern)} is exact but for its stars, and anchored`, () => {
      for (const name of yes) assert.ok(namePattern(pattern).matches(name), name);
      for (const name of no) assert.ok(!namePattern(pattern).matches(name), name);
    });

  it('agrees with a regular expression, whatever it is made of', () => {
    const letters = ['a', 'b', '*'];
    const words = (length: number, of: readonly string[]): string[] =>
      length === 0 ? [''] : words(length - 1, of).flatMap((word) => of.map((letter) => word + letter));
    const names = [1, 2, 3, 4, 5].flatMap((length) => words(length, ['a', 'b']));
    for (const text of [1, 2, 3, 4].flatMap((length) => words(length, letters))) {
      const regular = new RegExp(`^${text.replaceAll('*', '[^]*')}$`);
      for (const name of names)
        assert.equal(namePattern(text).matches(name), regular.test(name), `${text} ${name}`);
    }
  });
});

describe('an allow-list', () => {
  it('that was not given denies everything, and in a development run nothing', () => {
    for (const [dev, target, caller] of [
      [false, 'target-not-allowed', 'caller-not-allowed'],
      [true, undefined, undefined],
    ] as const) {
      const gate = gateOf({}, dev);
      assert.equal(gate.deniedToHandler(call('T', 'q')), target);
      assert.equal(gate.deniedToCaller(call('T', 'q')), caller);
      assert.equal(gate.isOpen, dev);
    }
  });

  it('without a rule denies everything, also in a development run', () => {
    const gate = gateOf({ targets: [], callers: [] }, true);
    assert.equal(gate.deniedToHandler(call('T', 'q')), 'target-not-allowed');
    assert.equal(gate.deniedToCaller(call('T', 'q')), 'caller-not-allowed');
    assert.equal(gate.isOpen, false);
  });

  it('allows a type on its queue, for its cluster and its callers only', () => {
    const gate = gateOf({
      targets: [
        { workflowType: 'T', taskQueue: 'q' },
        { workflowType: 'Bill*', taskQueue: 'bills', cluster: 'eu', fromCluster: 'c1', fromNamespace: 'n1' },
      ],
    });
    assert.equal(gate.deniedToHandler(call('T', 'q')), undefined);
    for (const asked of [call('T', 'q2'), call('U', 'q'), call('t', 'q'), call('T ', 'q'), call('', '')])
      assert.equal(gate.deniedToHandler(asked), 'target-not-allowed');
    const bills = { cluster: 'c1', namespace: 'n1' };
    assert.equal(gate.deniedToHandler(call('Billing', 'bills', bills, 'eu')), undefined);
    for (const asked of [
      call('Billing', 'bills', bills),
      call('Billing', 'bills', { ...bills, cluster: 'c2' }, 'eu'),
      call('Billing', 'bills', { ...bills, namespace: 'n2' }, 'eu'),
    ])
      assert.equal(gate.deniedToHandler(asked), 'target-not-allowed');
  });

  it('allows a caller by namespace and type, and what it may call', () => {
    const gate = gateOf({
      targets: [{ workflowType: '*', taskQueue: '*' }],
      callers: [
        { workflowType: 'OrderWorkflow', namespace: 'shop' },
        {
          workflowType: 'Bill*',
          namespace: '*',
          toCluster: 'cluster-b',
          toWorkflowType: 'T',
          toTaskQueue: 'q',
        },
      ],
    });
    assert.equal(gate.deniedToCaller(call('T', 'q')), undefined);
    assert.equal(gate.deniedToCaller(call('T', 'q', { workflowType: 'Billing' })), undefined);
    for (const asked of [
      call('T', 'q', { namespace: 'other' }),
      call('T', 'q', { workflowType: 'Other' }),
      call('U', 'q', { workflowType: 'Billing' }),
      call('T', 'r', { workflowType: 'Billing' }),
      call('T', 'q', { workflowType: 'Billing' }, 'cluster-c'),
    ])
      assert.equal(gate.deniedToCaller(asked), 'caller-not-allowed');
  });

  it('holds the caller side to what may be called, too', () => {
    const gate = gateOf({
      targets: [{ workflowType: 'T', taskQueue: 'q' }],
      callers: [{ workflowType: '*', namespace: '*' }],
    });
    assert.equal(gate.deniedToCaller(call('T', 'q')), undefined);
    assert.equal(gate.deniedToCaller(call('U', 'q')), 'target-not-allowed');
  });

  it('is denied in words that name what was asked, whole, and no rule', () => {
    const type = 'T'.repeat(255);
    const words = denialMessage('target-not-allowed', call(type, 'q'), 'handler');
    assert.equal(
      words,
      `workflow type "${type}" on task queue "q" of "cluster-b" is not allowed by the handler side's allow-list`,
    );
    assert.equal(
      denialMessage('caller-not-allowed', call('T', 'q\u0007'), 'caller'),
      'workflow type "OrderWorkflow" in namespace "shop" of "cluster-a" is not allowed by the caller side\'s allow-list to call workflow type "T" on task queue "q\\u0007" of "cluster-b"',
    );
  });
});

describe('the settings of an allow-list', () => {
  const folder = mkdtempSync(join(tmpdir(), 'allow-'));
  after(() => {
    rmSync(folder, { recursive: true });
  });
  let files = 0;
  const file = (text: string): string => {
    files += 1;
    const path = join(folder, `allow-${String(files)}.json`);
    writeFileSync(path, text);
    return path;
  };
  const problemOf = (env: Record<string, string>): string => {
    try {
      resolveConfig({ ...DEV, ...env });
    } catch (error) {
      assert.ok(ConfigError.is(error));
      assert.equal(error.problems.length, 1, error.message);
      return error.problems[0]?.message ?? '';
    }
    return assert.fail('no problem');
  };

  it('give the same list in short and as a file', () => {
    const short = resolveConfig({
      ...DEV,
      BRIDGE_ALLOW_TARGETS: 'T@q, Order*@orders\n',
      BRIDGE_ALLOW_CALLERS: 'OrderWorkflow@shop',
    });
    const path = file(
      JSON.stringify({
        callers: [{ namespace: 'shop', workflowType: 'OrderWorkflow' }],
        targets: [
          { taskQueue: 'q', workflowType: 'T' },
          { workflowType: 'Order*', taskQueue: 'orders' },
        ],
      }),
    );
    const long = resolveConfig({ ...DEV, BRIDGE_ALLOW_FILE: path });
    assert.equal(short.allow.hash, long.allow.hash);
    assert.equal(short.allow.source, 'settings');
    assert.equal(long.allow.source, path);
    assert.equal(short.allow.targets?.length, 2);
    assert.equal(short.readAgain, undefined);
    assert.equal(long.readAgain?.().allow.hash, short.allow.hash);
  });

  it('may be left out, and may hold nothing', () => {
    assert.deepEqual(resolveConfig(DEV).allow.targets, undefined);
    assert.deepEqual(resolveConfig({ ...DEV, BRIDGE_ALLOW_TARGETS: ',' }).allow.targets, []);
    assert.deepEqual(resolveConfig({ ...DEV, BRIDGE_ALLOW_FILE: file('{}') }).allow.callers, undefined);
  });

  const SHORT: readonly (readonly [text: string, what: RegExp])[] = [
    ['T', /is not NAME@PLACE|an entry that is not/],
    ['T@', /not NAME@PLACE/],
    ['@q', /not NAME@PLACE/],
    ['a@b@c', /not NAME@PLACE/],
    [`${'t'.repeat(256)}@q`, /too long/],
    [Array.from({ length: MAX_ALLOW_RULES + 1 }, () => 'a@b').join(' '), /more than 1000 rules/],
  ];
  for (const [text, what] of SHORT)
    it(`in short refuse ${JSON.stringify(text.slice(0, 20))}`, () => {
      assert.match(problemOf({ BRIDGE_ALLOW_TARGETS: text }), what);
    });

  const rule = { workflowType: 'T', taskQueue: 'q' };
  const FILES: readonly (readonly [text: string, what: RegExp])[] = [
    ['', /is not JSON/],
    ['{"targets": [', /is not JSON/],
    ['[]', /is no allow-list/],
    ['null', /is no allow-list/],
    ['{"targets": {}}', /targets/],
    ['{"target": []}', /unknown field "target"/],
    [
      JSON.stringify({ targets: [{ ...rule, fromNamspace: 'n' }] }),
      /targets\.0 has an unknown field "fromNamspace"/,
    ],
    [JSON.stringify({ targets: [rule, { workflowType: 'T' }] }), /targets\.1\.taskQueue is no text/],
    [JSON.stringify({ targets: [{ ...rule, taskQueue: 7 }] }), /targets\.0\.taskQueue is no text/],
    [JSON.stringify({ targets: [{ ...rule, taskQueue: '' }] }), /targets\.0\.taskQueue is empty/],
    [JSON.stringify({ targets: [{ ...rule, workflowType: 'T'.repeat(256) }] }), /longer than 255/],
    [JSON.stringify({ callers: [{ workflowType: 'T' }] }), /callers\.0\.namespace/],
    [
      JSON.stringify({ targets: Array.from({ length: MAX_ALLOW_RULES + 1 }, () => rule) }),
      /more than 1000 rules/,
    ],
    [' '.repeat(MAX_ALLOW_FILE_BYTES + 1), /too large/],
  ];
  for (const [text, what] of FILES)
    it(`refuse a file like ${text.slice(0, 60).trim() || `of ${String(text.length)} bytes`}`, () => {
      assert.match(problemOf({ BRIDGE_ALLOW_FILE: file(text) }), what);
    });

  it('refuse a file that is not there, a folder, and a list in two places', () => {
    assert.match(problemOf({ BRIDGE_ALLOW_FILE: join(folder, 'none') }), /cannot be read.*ENOENT/);
    assert.match(problemOf({ BRIDGE_ALLOW_FILE: folder }), /is no regular file/);
    assert.match(
      problemOf({ BRIDGE_ALLOW_FILE: file('{}'), BRIDGE_ALLOW_TARGETS: 'a@b' }),
      /BRIDGE_ALLOW_TARGETS: is given as well as BRIDGE_ALLOW_FILE/,
    );
    assert.match(problemOf({ BRIDGE_ALLOW_FILE: '{"targets": []}' }), /is not a path/);
    assert.match(
      problemOf({ BRIDGE_ROLE: 'handler', BRIDGE_ALLOW_CALLERS: 'a@b' }),
      /no place in the role handler/,
    );
  });
});

describe('files that are read again', () => {
  const folder = mkdtempSync(join(tmpdir(), 'read-again-'));
  after(() => rmSync(folder, { recursive: true }));

  it('are those of keys and list alone: a broken credential of a connection keeps neither from coming into force', () => {
    const [list, apiKey] = ['allow.json', 'api-key'].map((name) => join(folder, name)) as [string, string];
    const allow = (targets: readonly object[]): void =>
      writeFileSync(list, JSON.stringify({ targets, callers: [] }));
    allow([{ workflowType: 'Echo', taskQueue: 'targets' }]);
    writeFileSync(apiKey, 'key', { mode: 0o600 });
    const config = resolveConfig({
      ...DEV,
      BRIDGE_ALLOW_FILE: list,
      CLUSTER_B_TLS: 'false',
      CLUSTER_B_API_KEY_FILE: apiKey,
    });
    assert.equal(config.allow.targets?.length, 1);
    allow([]);
    writeFileSync(apiKey, '\u0000');
    assert.deepEqual(config.readAgain?.().allow.targets, []);
    writeFileSync(list, '{');
    assert.throws(() => config.readAgain?.(), ConfigError);
  });
});
