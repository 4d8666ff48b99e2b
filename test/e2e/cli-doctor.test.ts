/** `temporal-bridge doctor` on real servers: what it finds, what it advises, how it exits. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createSealKeyPair } from '../../src/bridge/config/seal-keys.js';
import type { Check } from '../../src/cli/doctor/check.js';
import { cli, cliEnv } from '../support/cli.js';
import { requestFor, startCrossCluster } from '../support/harness.js';
import { eventually } from '../support/inspect.js';
import { openStage, type Stage } from '../support/stage.js';

const PERMISSION_DENIED = 7;
/** No server is there. */
const NOWHERE = '127.0.0.1:9';

const pair = createSealKeyPair();
const KEYS = {
  BRIDGE_DEV: 'false',
  BRIDGE_SEAL_SIGNING_KEY: pair.signingKeyPem,
  BRIDGE_SEAL_VERIFY_KEYS: pair.verifyKeyPem,
};
const ALLOW = { BRIDGE_ALLOW_TARGETS: 'Echo@targets', BRIDGE_ALLOW_CALLERS: 'A@a B@b' };

async function examine(env: Record<string, string>, ...args: string[]) {
  const { exitCode, out } = await cli(['doctor', '--json', ...args], env);
  const { verdict, checks } = JSON.parse(out) as { verdict: string; checks: Check[] };
  const of = (what: string, where?: string) =>
    checks.filter((check) => check.what === what && (where === undefined || check.where === where));
  return { exitCode, verdict, checks, of };
}

describe('temporal-bridge doctor, with a bridge', () => {
  let stage: Stage;
  before(async () => {
    stage = await openStage();
    await stage.bridge();
    await stage.targets();
    // A bridge is ready when its workers have started; the server sees them with their first polls.
    await eventually(
      'the pollers are seen',
      async () => (await examine(cliEnv(stage.clusters))).exitCode === 0,
    );
  });
  after(() => stage.close());

  it('finds a healthy pair healthy, without a word of its keys themselves', async () => {
    const { exitCode, out, err } = await cli(['doctor'], cliEnv(stage.clusters, { ...KEYS, ...ALLOW }));
    assert.equal(exitCode, 0, out + err);
    assert.match(out, /✓ keys — seals with key [0-9a-f]{16}; accepts [0-9a-f]{16}; the two belong together/);
    assert.match(out, /✓ allow-list — 1 target rule, 2 caller rules, hash [0-9a-f]{12}, from settings\n/);
    assert.match(out, /✓ pollers of the caller side — 1 process polls bridge-queue/);
    assert.match(out, /✓ pollers of the handler side — 1 process polls bridge-handler-queue/);
    assert.match(out, /✓ retention — 1d: a call can be started for 12h after it was made/);
    assert.match(out, /\nhealthy\n$/);
    assert.ok(!out.includes('BEGIN') && !out.includes(pair.verifyKeyPem.split('\n')[1] ?? '-'));
    assert.ok(!out.includes('\u001b'), 'no colours where no terminal is');
  });

  it('warns of a run without keys, which is healthy all the same', async () => {
    const { exitCode, verdict, of } = await examine(cliEnv(stage.clusters));
    assert.deepEqual([exitCode, verdict], [0, 'healthy with warnings']);
    assert.deepEqual(
      of('keys').map(({ level }) => level),
      ['warning'],
    );
  });

  it('fails without an allow-list, and on one that cannot be read', async () => {
    const without = await examine(cliEnv(stage.clusters, KEYS));
    assert.equal(without.exitCode, 1);
    const [missing] = without.of('allow-list');
    assert.match(missing?.found ?? '', /^none: every call is refused with TARGET_NOT_ALLOWED$/);
    assert.match(
      missing?.remedy ?? '',
      /^set BRIDGE_ALLOW_TARGETS and BRIDGE_ALLOW_CALLERS, or BRIDGE_ALLOW_FILE$/,
    );
    const env = cliEnv(stage.clusters, { ...KEYS, BRIDGE_ALLOW_FILE: '/nonexistent/allow.json' });
    const broken = await examine(env);
    assert.equal(broken.exitCode, 1);
    assert.match(broken.of('allow-list')[0]?.found ?? '', /cannot be read; .*ENOENT/);
    assert.equal(broken.of('reached').length, 2);
  });

  it('fails on keys that do not belong together, and looks at the clusters all the same', async () => {
    const env = cliEnv(stage.clusters, {
      ...KEYS,
      BRIDGE_SEAL_VERIFY_KEYS: createSealKeyPair().verifyKeyPem,
    });
    const { exitCode, of } = await examine(env);
    assert.equal(exitCode, 1);
    const [key] = of('keys');
    assert.match(key?.found ?? '', /does not hold the public half of the signing key/);
    assert.match(key?.remedy ?? '', /seal-verify-keys\.pem/);
    assert.equal(of('reached').length, 2);
  });

  it('fails on a private key that others may read, and says how to close it', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'bridge-doctor-'));
    t.after(() => rm(folder, { recursive: true, force: true }));
    const file = join(folder, 'seal-signing-key.pem');
    await writeFile(file, pair.signingKeyPem, { mode: 0o644 });
    const { BRIDGE_SEAL_SIGNING_KEY: _, ...others } = KEYS;
    const env = cliEnv(stage.clusters, { ...others, BRIDGE_SEAL_SIGNING_KEY_FILE: file });
    const { exitCode, of } = await examine(env);
    assert.equal(exitCode, 1);
    assert.match(of('keys')[0]?.found ?? '', /may be read by others; .* got mode 0644$/);
    assert.match(of('keys')[0]?.remedy ?? '', /^run chmod 600 on it/);
  });

  it('warns of a retention that is too short for the longest time-out', async () => {
    const { exitCode, of } = await examine(cliEnv(stage.clusters), '--longest-timeout', '3d');
    assert.equal(exitCode, 0);
    const [retention] = of('retention');
    assert.equal(retention?.level, 'warning');
    assert.match(retention?.remedy ?? '', /raise the retention of the namespace to 6d or more/);
  });

  it('tells by the encodings whether both sides of a call encode alike', async () => {
    const handle = await startCrossCluster(stage.clusters, requestFor('Echo', ['a secret value']));
    await handle.result();
    const { of, checks } = await examine(cliEnv(stage.clusters), '--workflow', handle.workflowId);
    assert.match(
      of('codecs')[0]?.found ?? '',
      /the caller wrote json\/plain, the target got json\/plain and returned json\/plain/,
    );
    assert.ok(!JSON.stringify(checks).includes('a secret value'));
    const unknown = await examine(cliEnv(stage.clusters), '--workflow', 'no-such-call');
    assert.deepEqual([unknown.exitCode, unknown.of('codecs')[0]?.level], [0, 'warning']);
  });

  it('fails where a right is missing that the bridge needs, and notes one that only commands need', async (t) => {
    const own = await openStage(t);
    await own.bridge();
    await eventually(
      'the pollers are seen',
      async () => (await examine(cliEnv(own.clusters))).exitCode === 0,
    );
    const proxy = await own.proxy('a');
    const message = 'not for you';
    proxy.refuse({ method: 'SignalWorkflowExecution', status: PERMISSION_DENIED, message });
    proxy.refuse({ method: 'ListWorkflowExecutions', status: PERMISSION_DENIED, message });
    const { exitCode, of } = await examine(cliEnv(own.clusters, { CLUSTER_A_HOST: proxy.address }));
    assert.equal(exitCode, 1);
    const levels = of('permissions', 'cluster-a')
      .map(({ level }) => level)
      .sort();
    assert.deepEqual(levels, ['failure', 'note', 'ok']);
    const failure = of('permissions', 'cluster-a').find(({ level }) => level === 'failure');
    assert.match(
      failure?.found ?? '',
      /may not SignalWorkflowExecution: not for you; the bridge needs it to deliver outcomes/,
    );
    assert.match(failure?.remedy ?? '', /^allow SignalWorkflowExecution for namespace test-/);
    // The same rights are no matter of a caller side, which never signals A.
    const asCaller = await examine(
      cliEnv(own.clusters, { CLUSTER_A_HOST: proxy.address }),
      '--role',
      'caller',
    );
    assert.deepEqual(
      [asCaller.exitCode, asCaller.of('permissions', 'cluster-a').some(({ level }) => level === 'failure')],
      [0, false],
    );
  });

  it('says that a host may not see who polls, instead of failing', async (t) => {
    const own = await openStage(t);
    const proxy = await own.proxy('b');
    proxy.refuse({ method: 'DescribeTaskQueue', status: PERMISSION_DENIED, message: 'no' });
    const env = cliEnv(own.clusters, { CLUSTER_B_HOST: proxy.address });
    const { of } = await examine(env, '--role', 'caller');
    assert.deepEqual(
      of('pollers of the handler side').map(({ level }) => level),
      ['note'],
    );
  });
});

describe('temporal-bridge doctor, without a bridge', () => {
  let stage: Stage;
  before(async () => {
    stage = await openStage();
  });
  after(() => stage.close());

  it('fails, with the commands that start one', async () => {
    const { exitCode, verdict, of } = await examine(cliEnv(stage.clusters));
    assert.deepEqual([exitCode, verdict], [1, 'not healthy']);
    const [caller] = of('pollers of the caller side');
    const [handler] = of('pollers of the handler side');
    assert.match(caller?.found ?? '', /^nobody polls bridge-queue for workflow tasks and activity tasks/);
    assert.match(caller?.remedy ?? '', /temporal-bridge run --role caller/);
    assert.match(handler?.remedy ?? '', /temporal-bridge run --role handler/);
  });

  it('takes that for no fault before the start', async () => {
    const { exitCode, of } = await examine(cliEnv(stage.clusters), '--before-start');
    assert.equal(exitCode, 0);
    assert.equal(of('pollers of the caller side')[0]?.level, 'note');
  });

  it('warns a caller side that the other side is missing', async () => {
    const { of } = await examine(cliEnv(stage.clusters), '--role', 'caller');
    assert.deepEqual(
      [of('pollers of the caller side')[0]?.level, of('pollers of the handler side')[0]?.level],
      ['failure', 'warning'],
    );
  });

  it('says that B is away, once, and looks at A all the same', async () => {
    const { exitCode, of, checks } = await examine(
      cliEnv(stage.clusters, { CLUSTER_B_HOST: NOWHERE, BRIDGE_RPC_TIMEOUT: '1s' }),
    );
    assert.equal(exitCode, 1);
    const onB = checks.filter(({ where }) => where === 'cluster-b');
    assert.deepEqual(
      onB.map(({ what, level }) => [what, level]),
      [['reached', 'failure']],
    );
    assert.match(onB[0]?.found ?? '', /cannot be reached at 127\.0\.0\.1:9/);
    assert.match(onB[0]?.remedy ?? '', /or correct CLUSTER_B_HOST/);
    assert.equal(of('namespace', 'cluster-a')[0]?.level, 'ok');
  });

  it('says that a namespace is missing, and how to make it', async () => {
    const { exitCode, of } = await examine(
      cliEnv(stage.clusters, { CLUSTER_B_NAMESPACE: 'no-such-namespace' }),
    );
    assert.equal(exitCode, 1);
    const [namespace] = of('namespace', 'cluster-b');
    assert.match(namespace?.found ?? '', /has no namespace no-such-namespace/);
    assert.match(
      namespace?.remedy ?? '',
      /correct CLUSTER_B_NAMESPACE, or create it: temporal operator namespace create/,
    );
  });

  it('refuses other bad settings as the other commands do', async () => {
    const { exitCode, out } = await cli(['doctor', '--json'], cliEnv(stage.clusters, { BRIDGE_ROLE: 'x' }));
    assert.equal(exitCode, 2);
    assert.equal((JSON.parse(out) as { code: string }).code, 'CONFIG_INVALID');
  });
});
