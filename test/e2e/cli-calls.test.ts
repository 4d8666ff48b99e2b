/** `temporal-bridge calls` on real servers: which calls there are, how they stand, where they hang. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type { WorkflowHandle } from '@temporalio/client';
import type { CallRow } from '../../src/cli/calls/call-row.js';
import { cli, cliEnv, startCli } from '../support/cli.js';
import { requestFor, startCrossCluster } from '../support/harness.js';
import { eventually } from '../support/inspect.js';
import { openStage, type Stage } from '../support/stage.js';

const PERMISSION_DENIED = 7;
const UNAVAILABLE = 14;
/** Clears a screen, and turns the direction of what follows. */
const HOSTILE = 'evil\u001b[2J\u202e\u0007';

interface Shown {
  readonly callId: string;
  readonly status: string;
  readonly step: string;
  readonly hangs: boolean;
  readonly where: string;
  readonly todo: string;
  readonly caller: Record<string, unknown> | null;
  readonly wrapper: Record<string, unknown> | null;
  readonly target: Record<string, unknown> | null;
  readonly links: Record<string, string | null>;
  readonly trace: Record<string, unknown>;
}

async function show(env: Record<string, string>, id: string): Promise<Shown> {
  const { exitCode, out, err } = await cli(['calls', 'show', id, '--json'], env);
  assert.equal(exitCode, 0, err);
  return JSON.parse(out) as Shown;
}

/** Shows a call once it stands as it is to be. */
function shownAs(env: Record<string, string>, id: string, stands: (shown: Shown) => boolean): Promise<Shown> {
  return eventually(`${id} stands so`, async () => {
    const { exitCode, out } = await cli(['calls', 'show', id, '--json'], env);
    const shown = exitCode === 0 ? (JSON.parse(out) as Shown) : undefined;
    return shown && stands(shown) ? shown : undefined;
  });
}

async function list(env: Record<string, string>, ...args: string[]): Promise<CallRow[]> {
  const { exitCode, out, err } = await cli(['calls', 'list', '--json', ...args], env);
  assert.equal(exitCode, 0, err);
  return (JSON.parse(out) as { calls: CallRow[] }).calls;
}

describe('temporal-bridge calls', () => {
  let stage: Stage;
  let env: Record<string, string>;
  let done: WorkflowHandle, failed: WorkflowHandle, open: WorkflowHandle, hanging: WorkflowHandle;

  before(async () => {
    stage = await openStage();
    env = cliEnv(stage.clusters, {
      CLUSTER_A_UI: 'http://ui-a:8080/',
      CLUSTER_B_UI: 'http://ui-b:8081',
      BRIDGE_JAEGER_UI: 'http://jaeger:16686',
    });
    await stage.bridge();
    await stage.targets();
    await stage.libraryCallers();
    done = await startCrossCluster(stage.clusters, requestFor('Echo', ['a secret value']));
    failed = await startCrossCluster(stage.clusters, requestFor('Fail', ['out of stock']));
    open = await startCrossCluster(stage.clusters, requestFor('Gate'));
    // Visibility goes by the start of the wrappers, so that one is on B before the other is made.
    await shownAs(env, open.workflowId, ({ step }) => step === 'target runs');
    hanging = await startCrossCluster(stage.clusters, requestFor('Gate', [], { taskQueue: 'nobody' }));
    await done.result();
    await failed.result().catch(() => undefined);
    await shownAs(env, hanging.workflowId, ({ hangs }) => hangs);
    await eventually('visibility has all calls', async () => (await list(env)).length === 4);
  });
  after(() => stage.close());

  it('lists open calls first, with both sides’ ids and where they are', async () => {
    const rows = await eventually('visibility has the ends', async () => {
      const calls = await list(env);
      return calls.filter(({ status }) => status === 'running').length === 2 ? calls : undefined;
    });
    const [first, second] = rows;
    assert.deepEqual(
      [first?.caller?.workflowId, second?.caller?.workflowId],
      [hanging.workflowId, open.workflowId],
    );
    assert.deepEqual([first?.step, first?.hangs], ['target waits', true]);
    assert.match(first?.where ?? '', /^no worker polls nobody on B; the target has waited for one for /);
    assert.match(first?.todo ?? '', /^start a worker of nobody on B that knows Gate/);
    assert.deepEqual([second?.step, second?.hangs], ['target runs', false]);
    const end = rows.find(({ status }) => status === 'completed');
    assert.deepEqual(Object.keys(end ?? {}), [
      'callId',
      'status',
      'startedAt',
      'closedAt',
      'ageMs',
      'caller',
      'target',
      'wrapper',
      'delivered',
      'step',
      'hangs',
      'where',
      'todo',
    ]);
    assert.equal(end?.delivered, 'signal');
    assert.equal(end.wrapper.workflowId, `bridge-call-${end.callId}`);
    assert.deepEqual(rows.map(({ status }) => status).sort(), ['completed', 'failed', 'running', 'running']);
  });

  it('lists open calls only, closed calls only, so many, and those of one caller', async () => {
    assert.deepEqual(new Set((await list(env, '--open')).map(({ status }) => status)), new Set(['running']));
    const closed = await eventually('both ends are in visibility', async () => {
      const calls = await list(env, '--closed');
      return calls.length === 2 ? calls : undefined;
    });
    assert.ok(closed.every(({ closedAt }) => closedAt !== null));
    assert.equal((await list(env, '--limit', '1')).length, 1);
    const own = await list(env, '--caller', failed.workflowId);
    assert.deepEqual(
      own.map(({ status, caller }) => [status, caller?.workflowId]),
      [['failed', failed.workflowId]],
    );
  });

  it('prints a table and what hangs, without a payload', async () => {
    const { out } = await cli(['calls', 'list'], env);
    assert.match(out, /^CALL +STATUS +AGE +TARGET TYPE +CALLER ON A +TARGET ON B\n/);
    assert.match(
      out,
      /\n! [0-9a-f]{12} {2}no worker polls nobody on B; .*\n +→ start a worker of nobody on B/,
    );
    assert.match(out, /\n\d+ shown; 2 open in all\n$/);
    assert.ok(!out.includes('a secret value') && !out.includes('\u001b'));
  });

  it('shows a call by any of its ids', async () => {
    const { callId, caller, wrapper, target } = await show(env, done.workflowId);
    assert.equal(caller?.['workflowId'], done.workflowId);
    const ids = [
      callId,
      callId.slice(0, 16),
      wrapper?.['workflowId'],
      `bridge-call-${callId.slice(0, 16)}`,
      target?.['workflowId'],
    ];
    for (const id of ids) assert.equal((await show(env, String(id))).callId, callId, String(id));
  });

  it('shows how a call that was delivered went, with links to both sides and the trace', async () => {
    const { status, step, where, callId, links, trace, wrapper, target } = await show(env, done.workflowId);
    assert.deepEqual([status, step, where], ['completed', 'ended', 'the caller got its outcome by signal']);
    assert.deepEqual([wrapper?.['status'], target?.['status']], ['completed', 'completed']);
    assert.ok(
      links['caller']?.startsWith(
        `http://ui-a:8080/namespaces/${stage.clusters.a.namespace}/workflows/${done.workflowId}/`,
      ),
    );
    assert.ok(
      links['wrapper']?.startsWith(
        `http://ui-b:8081/namespaces/${stage.clusters.b.namespace}/workflows/bridge-call-${callId}/`,
      ),
    );
    assert.equal(links['trace'], `http://jaeger:16686/trace/${callId.slice(0, 32)}`);
    assert.deepEqual(trace, { traceId: callId.slice(0, 32), isRecorded: false });
  });

  it('shows where an open call hangs, for people', async () => {
    const { out } = await cli(['calls', 'show', hanging.workflowId], env);
    assert.match(out, /\nstatus +running, target waits\nwhere +no worker polls nobody on B/);
    assert.match(
      out,
      /\nto do +start a worker of nobody on B that knows Gate; the bridge has done its part\n/,
    );
    assert.match(out, /\n +anchor: attempt 2, next in /);
    const running = await show(env, open.workflowId);
    assert.match(running.where, /^the target has run for .*; its outcome comes by signal$/);
    assert.equal(running.hangs, false);
  });

  it('lists the calls that an id may mean, instead of choosing', async () => {
    const many = await stage.start('ExecuteMany', [
      { type: 'Echo', args: [1] },
      { type: 'Echo', args: [2] },
    ]);
    await many.result();
    const { exitCode, out, err } = await cli(['calls', 'show', many.workflowId], env);
    assert.deepEqual([exitCode, out], [1, '']);
    assert.match(
      err,
      /means 2 calls; name one by the beginning of its call id:\n {2}[0-9a-f]{12} {2}Echo {2}made /,
    );
  });

  it('says where it looked for a call that is not known', async () => {
    const { exitCode, err } = await cli(['calls', 'show', 'no-such-workflow'], env);
    assert.equal(exitCode, 1);
    assert.match(
      err,
      /no call is known by "no-such-workflow"; looked for a call id, a caller, a wrapper and a target/,
    );
  });

  it('tells what this host cannot see, instead of failing', async () => {
    const { callId } = await show(env, hanging.workflowId);
    const away = { ...env, CLUSTER_A_HOST: '127.0.0.1:9', BRIDGE_RPC_TIMEOUT: '1s' };
    const shown = await show(away, callId);
    assert.equal(shown.step, 'target waits');
    assert.match(String(shown.caller?.['unavailable']), /cluster-a cannot be reached/);
    const { exitCode, err } = await cli(['calls', 'list'], {
      ...env,
      CLUSTER_B_HOST: '127.0.0.1:9',
      BRIDGE_RPC_TIMEOUT: '1s',
    });
    assert.equal(exitCode, 1);
    assert.match(err, /cluster-b cannot be reached at 127\.0\.0\.1:9.*correct CLUSTER_B_HOST\n$/);
  });

  it('says that a caller is gone', async () => {
    const gone = await startCrossCluster(stage.clusters, requestFor('Gate'));
    const { callId, target } = await shownAs(env, gone.workflowId, ({ step }) => step === 'target runs');
    await gone.terminate('by a test');
    await stage.clusters.b.client.workflow.getHandle(String(target?.['workflowId'])).signal('open', 1);
    const { where, status } = await shownAs(env, callId, ({ step }) => step === 'ended');
    assert.equal(status, 'completed');
    assert.match(where, /^the caller is gone: /);
  });

  it('shows a call that was handed over in the run that waits for it now', async () => {
    const caller = await stage.start('HandOver', { type: 'Gate' }, 1);
    const first = (await caller.describe()).raw.workflowExecutionInfo?.firstRunId;
    const isHandedOver = ({ caller: onA }: Shown) => onA !== null && onA['runId'] !== first;
    const { callId, caller: onA } = await shownAs(env, caller.workflowId, isHandedOver);
    assert.deepEqual([onA?.['status'], onA?.['workflowId']], ['running', caller.workflowId]);
    assert.notEqual(onA?.['anchor'], null);
    // B names the run that made it.
    assert.ok(isHandedOver(await show(env, callId)));
  });

  it('escapes what a hostile id would do to a terminal', async () => {
    const evil = await startCrossCluster(stage.clusters, requestFor('Echo'), {
      workflowId: `${HOSTILE}-${randomUUID()}`,
    });
    await evil.result();
    // Not of a bridge at all, under the wrapper's name.
    await stage.clusters.b.client.workflow.start('RemoteCallWorkflow', {
      taskQueue: 'nobody',
      workflowId: HOSTILE,
    });
    await eventually('visibility has it', async () =>
      (await list(env)).some(({ caller }) => caller === null),
    );
    for (const args of [['list'], ['show', evil.workflowId]]) {
      const { out, err } = await cli(['calls', ...args], env);
      assert.ok(out.includes('evil\\u{1b}[2J\\u{202e}'), out + err);
      // eslint-disable-next-line no-control-regex -- that there is none is the point
      assert.ok(!/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/.test(out + err));
    }
    const asked = await cli(['calls', 'show', '\u001b[31mx'], env);
    assert.match(asked.err, /no call is known by "\\u\{1b\}\[31mx"/);
  });

  it('watches one call until it ends, a line for each change', async () => {
    const watched = await startCrossCluster(stage.clusters, requestFor('Gate'));
    const { target } = await shownAs(env, watched.workflowId, ({ step }) => step === 'target runs');
    const command = startCli(['calls', 'watch', watched.workflowId, '--interval', '500ms'], env);
    await eventually('the first line', () => command.out().includes('target runs'));
    await stage.clusters.b.client.workflow.getHandle(String(target?.['workflowId'])).signal('open', 1);
    const { exitCode, out } = await command.ended;
    assert.equal(exitCode, 0);
    const lines = out.trimEnd().split('\n');
    assert.match(lines[0] ?? '', /^\S+Z {2}[0-9a-f]{12} {2}target runs {2}the target has run for /);
    assert.match(
      lines.at(-1) ?? '',
      /^\S+Z {2}[0-9a-f]{12} {2}completed {2}the caller got its outcome by signal$/,
    );
  });

  it('watches all calls until Ctrl-C, as JSON lines', async () => {
    const command = startCli(['calls', 'watch', '--json', '--limit', '3', '--interval', '500ms'], env);
    await eventually('three lines', () => command.out().split('\n').length > 3);
    command.interrupt();
    const { exitCode, out } = await command.ended;
    assert.equal(exitCode, 0);
    for (const line of out.trimEnd().split('\n')) {
      const { at, callId } = JSON.parse(line) as { at: string; callId: string };
      assert.ok(Date.parse(at) > 0 && callId.length > 0);
    }
  });
});

describe('temporal-bridge calls, while a link is down', () => {
  it('ends a watch by Ctrl-C although B does not answer', async (t) => {
    const stage = await openStage(t);
    const proxy = await stage.proxy('b');
    let answer = (): void => undefined;
    proxy.hold('ListWorkflowExecutions', new Promise<void>((resolve) => (answer = resolve)));
    const env = cliEnv(stage.clusters, { CLUSTER_B_HOST: proxy.address, BRIDGE_RPC_TIMEOUT: '2s' });
    const command = startCli(['calls', 'watch'], env);
    // It is told, and asked again.
    await eventually('the trouble is told', () => command.err().includes('cluster-b cannot be reached'));
    command.interrupt();
    assert.equal((await command.ended).exitCode, 0);
    answer();
  });

  it('shows a call that cannot be started on B, and why', async (t) => {
    const stage = await openStage(t);
    const proxy = await stage.proxy('b');
    proxy.refuse({ method: 'StartWorkflowExecution', status: PERMISSION_DENIED, message: 'not for you' });
    await stage.bridge({ addressOfB: proxy.address });
    const env = cliEnv(stage.clusters);
    const call = await startCrossCluster(stage.clusters, requestFor('Echo'));
    const { where, todo, wrapper } = await shownAs(env, call.workflowId, ({ hangs }) => hangs);
    assert.equal(wrapper, null);
    assert.match(
      where,
      /^the caller side could not start it on B in \d+ attempts?: cluster-b refuses the bridge’s credentials/,
    );
    assert.match(
      todo,
      /^it is tried again .*; temporal-bridge doctor, on a host of the caller side, says why$/,
    );
    const [row] = await list(env, '--caller', call.workflowId);
    assert.deepEqual([row?.status, row?.step], ['recorded', 'recorded on A']);
  });

  it('shows an outcome that cannot be delivered to A, and why', async (t) => {
    const stage = await openStage(t);
    const proxy = await stage.proxy('a');
    proxy.refuse({ method: 'SignalWorkflowExecution', status: UNAVAILABLE, message: 'link down' });
    await stage.bridge({ addressOfA: proxy.address });
    await stage.targets();
    const env = cliEnv(stage.clusters);
    const call = await startCrossCluster(stage.clusters, requestFor('Echo'));
    const { step, where, todo } = await shownAs(env, call.workflowId, ({ hangs }) => hangs);
    assert.equal(step, 'delivery');
    assert.match(where, /^the target has ended, and its outcome could not be sent to A in \d+ attempts?: /);
    assert.match(todo, /temporal-bridge doctor --role handler/);
    proxy.clearRules();
    await shownAs(env, call.workflowId, (shown) => shown.step === 'ended');
  });

  it('says that no bridge takes a call up', async (t) => {
    const stage = await openStage(t);
    await stage.callers();
    const call = await stage.start('CallOnce', requestFor('Echo'));
    const env = cliEnv(stage.clusters);
    const { where, todo } = await shownAs(env, call.workflowId, ({ hangs }) => hangs);
    assert.match(where, /^no bridge polls bridge-queue on A; the call has waited there for /);
    assert.match(todo, /temporal-bridge run --role caller/);
    const { out } = await cli(['calls', 'list'], env);
    assert.match(out, /^No calls\.\n\n! no bridge polls bridge-queue on cluster-a/);
  });
});
