/** `temporal-bridge call` on real servers: progress, result, failures and exit status. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { cli, cliEnv, startCli } from '../support/cli.js';
import { eventually } from '../support/inspect.js';
import { openStage, type Stage } from '../support/stage.js';

const ON_TARGETS = ['--task-queue', 'targets'];

describe('temporal-bridge call', () => {
  let stage: Stage;
  let env: Record<string, string>;
  before(async () => {
    stage = await openStage();
    env = cliEnv(stage.clusters);
    await stage.bridge();
    await stage.targets();
    await eventually('the pollers are seen', async () => (await cli(['doctor'], env)).exitCode === 0);
  });
  after(() => stage.close());

  it('prints the result alone on the standard output, and each step on the error output', async () => {
    const { exitCode, out, err } = await cli(
      ['call', 'EchoAll', '{"a":[1,null]}', '"hi"', ...ON_TARGETS],
      env,
    );
    assert.equal(exitCode, 0, err);
    assert.deepEqual(JSON.parse(out), [{ a: [1, null] }, 'hi']);
    const steps = [
      /started on A\n/,
      /call [0-9a-f]{12} recorded on A\n/,
      /started on B: wrapper bridge-call-[0-9a-f]{64}\n/,
      /target on B: EchoAll /,
      /target completed\n/,
      /outcome delivered to A by signal\n$/,
    ];
    for (const step of steps) assert.match(err, step);
    assert.ok(!out.includes('\u001b') && !err.includes('\u001b'));
  });

  it('prints one JSON document', async () => {
    const workflowId = `by-hand-${randomUUID()}`;
    const args = [
      'call',
      'Echo',
      '1',
      ...ON_TARGETS,
      '--json',
      '--workflow-id',
      workflowId,
      '--target-id',
      `t-${workflowId}`,
    ];
    const { exitCode, out } = await cli(args, env);
    assert.equal(exitCode, 0);
    const { callId, caller, status, result, steps } = JSON.parse(out) as {
      callId: string;
      caller: { workflowId: string };
      status: string;
      result: unknown;
      steps: { step: string }[];
    };
    assert.match(callId, /^[0-9a-f]{64}$/);
    assert.deepEqual([caller.workflowId, status, result], [workflowId, 'completed', 1]);
    assert.deepEqual(
      steps.map(({ step }) => step),
      ['made', 'recorded', 'wrapper', 'target', 'target-ended', 'delivered'],
    );
    const target = await stage.clusters.b.client.workflow.getHandle(`t-${workflowId}`).describe();
    assert.equal(target.status.name, 'COMPLETED');
    // The id is taken now, by a workflow that has closed: a server takes it again. An open one it refuses.
    const gate = startCli(['call', 'Gate', ...ON_TARGETS, '--workflow-id', `open-${workflowId}`], env);
    await eventually('the gate runs', () => gate.err().includes('target on B'));
    const again = await cli(['call', 'Echo', ...ON_TARGETS, '--workflow-id', `open-${workflowId}`], env);
    gate.interrupt();
    assert.equal(again.exitCode, 1);
    assert.match(again.err, /is taken on cluster-a; nothing was started; choose another --workflow-id/);
    await gate.ended;
  });

  it('exits with 1 and the failure’s chain of types and messages', async () => {
    const { exitCode, out, err } = await cli(
      ['call', 'Fail', '"out of stock\\u001b[2J"', ...ON_TARGETS],
      env,
    );
    assert.deepEqual([exitCode, out], [1, '']);
    assert.match(err, /\nfailed: REMOTE_WORKFLOW_FAILED: .*out of stock\\u\{1b\}\[2J/);
    assert.match(err, /\n {2}caused by \S+: out of stock/);
    // eslint-disable-next-line no-control-regex -- that there is none is the point
    assert.ok(!/[\u0000-\u0009\u000b-\u001f]/.test(err));
    const asJson = await cli(['call', 'Fail', ...ON_TARGETS, '--json'], env);
    const { status, failure } = JSON.parse(asJson.out);
    assert.deepEqual([asJson.exitCode, status, failure[0].type], [1, 'failed', 'REMOTE_WORKFLOW_FAILED']);
    assert.deepEqual(Object.keys(failure[0]), ['type', 'message']);
  });

  it('says where a call hangs while it waits, and that it goes on after Ctrl-C', async () => {
    const command = startCli(['call', 'Echo', '--task-queue', 'nobody', '--timeout', '5m'], env);
    await eventually('the hint', () => command.err().includes('no worker polls nobody on B'));
    command.interrupt();
    const { exitCode, out, err } = await command.ended;
    assert.deepEqual([exitCode, out], [130, '']);
    assert.match(err, /→ start a worker of nobody on B that knows Echo/);
    assert.match(
      err,
      /The call goes on without being watched\.\n {2}watch it: +temporal-bridge calls watch [0-9a-f]{64}\n/,
    );
    const cancel = /cancel it: +temporal workflow cancel .* --workflow-id (\S+)\n$/.exec(err)?.[1] ?? '';
    const handle = stage.clusters.a.client.workflow.getHandle(cancel);
    assert.equal((await handle.describe()).status.name, 'RUNNING');
  });

  it('does not wait with --detach', async () => {
    const { exitCode, out, err } = await cli(['call', 'Gate', ...ON_TARGETS, '--detach'], env);
    assert.equal(exitCode, 0);
    assert.match(out, /^call-[0-9a-f-]{36}\n$/);
    assert.ok(err.includes(`temporal-bridge calls show ${out.trim()}`));
  });

  const refused: readonly (readonly [what: string, args: string[], says: RegExp])[] = [
    [
      'an argument that is no JSON',
      ['Echo', 'hello', ...ON_TARGETS],
      /argument 1: expected JSON, got hello; a text is written '"hello"'; nothing was started/,
    ],
    ['a missing task queue', ['Echo'], /required option '-t, --task-queue <queue>' not specified/],
    [
      'a time-out that is none',
      ['Echo', ...ON_TARGETS, '--timeout', 'soon'],
      /timeout: expected a duration such as .*got "soon"; nothing was started/,
    ],
    [
      'a handler cluster that is not known',
      ['Echo', ...ON_TARGETS, '--cluster', 'x'],
      /--cluster: no handler cluster has this name; known are cluster-b/,
    ],
    ['a reserved task queue', ['Echo', '--task-queue', '/_sys/x'], /nothing was started/],
  ];
  for (const [what, args, says] of refused) {
    it(`refuses ${what} with status 2`, async () => {
      const { exitCode, out, err } = await cli(['call', ...args], env);
      assert.deepEqual([exitCode, out], [2, '']);
      assert.match(err, says);
    });
  }

  it('starts nothing if no bridge polls, and says how to start one', async () => {
    const workflowId = `unpolled-${randomUUID()}`;
    const unpolled = { ...env, BRIDGE_TASK_QUEUE: 'no-bridge-here' };
    const { exitCode, err } = await cli(
      ['call', 'Echo', ...ON_TARGETS, '--workflow-id', workflowId],
      unpolled,
    );
    assert.equal(exitCode, 1);
    assert.match(
      err,
      /no bridge polls no-bridge-here on cluster-a; nothing was started; start one with "temporal-bridge run"/,
    );
    await assert.rejects(stage.clusters.a.client.workflow.getHandle(workflowId).describe(), {
      name: 'WorkflowNotFoundError',
    });
  });

  it('says what to do if A is away', async () => {
    const away = { ...env, CLUSTER_A_HOST: '127.0.0.1:9', BRIDGE_RPC_TIMEOUT: '1s' };
    const { exitCode, err } = await cli(['call', 'Echo', ...ON_TARGETS], away);
    assert.equal(exitCode, 1);
    assert.match(err, /cluster-a cannot be reached at 127\.0\.0\.1:9: .*or correct CLUSTER_A_HOST\n$/);
  });

  it('waits for A to come back, and still ends by Ctrl-C while it is away', async (t) => {
    const own = await openStage(t);
    await own.bridge();
    await own.targets();
    const proxy = await own.proxy('a');
    const through = cliEnv(own.clusters, { CLUSTER_A_HOST: proxy.address, BRIDGE_RPC_TIMEOUT: '1s' });
    await eventually('the pollers are seen', async () => (await cli(['doctor'], through)).exitCode === 0);
    const start = () => startCli(['call', 'Gate', ...ON_TARGETS], through);
    const [waiting, given] = [start(), start()];
    for (const command of [waiting, given])
      await eventually('it runs', () => command.err().includes('target on B'));
    proxy.cut();
    for (const command of [waiting, given]) {
      await eventually('it is told', () => command.err().includes('cluster-a cannot be reached'));
    }
    given.interrupt();
    assert.equal((await given.ended).exitCode, 130);
    // A try of a request that its connection did not outlive would break the process.
    await sleep(3_000);
    proxy.heal();
    const callId = /wrapper bridge-call-([0-9a-f]{64})/.exec(waiting.err())?.[1] ?? '';
    const shown = await cli(['calls', 'show', callId, '--json'], cliEnv(own.clusters));
    const { target } = JSON.parse(shown.out) as { target: { workflowId: string } };
    await own.clusters.b.client.workflow.getHandle(target.workflowId).signal('open', 'at last');
    const { exitCode, out } = await waiting.ended;
    assert.deepEqual([exitCode, out], [0, '"at last"\n']);
  });

  it('brings the outcome although this host cannot see B', async () => {
    const blind = { ...env, CLUSTER_B_HOST: '127.0.0.1:9', BRIDGE_RPC_TIMEOUT: '1s' };
    const { exitCode, out, err } = await cli(['call', 'Echo', '7', ...ON_TARGETS], blind);
    assert.deepEqual([exitCode, out], [0, '7\n'], err);
    assert.match(err, /outcome delivered to A by signal/);
  });
});
