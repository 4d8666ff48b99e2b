/** What an allow-list keeps callers from, on each side and by each way of a call; and that it is read again when it changes. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createSealKeyPair } from '../../src/bridge/config/seal-keys.js';
import type { FaultProxy } from '../support/fault-proxy.js';
import type { LogLine, TestBridge } from '../support/harness.js';
import { requestFor, startCrossCluster } from '../support/harness.js';
import { applicationFailureOf, eventually, listExecutions, remoteOf } from '../support/inspect.js';
import { scrape } from '../support/prometheus.js';
import type { Stage } from '../support/stage.js';
import { openStage } from '../support/stage.js';
import type { EndView } from '../support/workflows/library-callers.js';

const LIMIT = { timeout: 120_000 };
const REFUSED = 'TARGET_NOT_ALLOWED';
const pair = createSealKeyPair();
const KEYS = {
  BRIDGE_DEV: '',
  BRIDGE_SEAL_SIGNING_KEY: pair.signingKeyPem,
  BRIDGE_SEAL_VERIFY_KEYS: pair.verifyKeyPem,
};
const ROLES = { caller: { BRIDGE_ROLE: 'caller' }, handler: { BRIDGE_ROLE: 'handler' } };

const refusalsIn = (logs: readonly LogLine[]): readonly LogLine[] =>
  logs.filter(({ type }) => type === REFUSED);
const errorOf = (end: EndView | undefined) => (end && 'error' in end ? end.error : undefined);

/** Requests by which a bridge starts or touches a workflow. */
const WRITES = [
  'StartWorkflowExecution',
  'SignalWorkflowExecution',
  'QueryWorkflow',
  'UpdateWorkflowExecution',
  'RequestCancelWorkflowExecution',
  'TerminateWorkflowExecution',
  'SignalWithStartWorkflowExecution',
];
const writesOf = (proxy: FaultProxy): Record<string, number> =>
  Object.fromEntries(Object.entries(proxy.calls()).filter(([method]) => WRITES.includes(method)));

describe('without an allow-list, outside of development', () => {
  test(
    'the bridge starts and says so, and each call is refused before anything is sent',
    LIMIT,
    async (t) => {
      const stage = await openStage(t);
      const toB = await stage.proxy('b');
      const [bridge] = await Promise.all([
        stage.bridge({ env: KEYS, addressOfB: toB.address }),
        stage.targets(),
        stage.libraryCallers(),
      ]);
      const told = bridge.logs.find(({ msg }) => msg.startsWith('Every call will be refused'));
      assert.equal(told?.level, 'error');
      assert.match(
        String(told['todo']),
        /BRIDGE_ALLOW_TARGETS and BRIDGE_ALLOW_CALLERS, or BRIDGE_ALLOW_FILE/,
      );

      const failure = await applicationFailureOf(
        await startCrossCluster(stage.clusters, requestFor('Echo', [1])),
      );
      assert.equal(failure.type, REFUSED);
      assert.equal(failure.nonRetryable, true);
      assert.match(
        failure.message,
        /workflow type "Echo" on task queue "targets" of "cluster-b"; nothing was started/,
      );
      const end = await stage.call<EndView>('ExecuteAndTell', { type: 'Echo', args: [1] });
      assert.equal(errorOf(end)?.type, REFUSED);
      assert.deepEqual(writesOf(toB), {});
      assert.equal(refusalsIn(bridge.logs).length, 2, 'one line for each');
      assert.deepEqual(await listExecutions(stage.clusters.b, 'WorkflowType = "Echo"'), []);
    },
  );

  test('a development run allows everything, with a warning', LIMIT, async (t) => {
    const stage = await openStage(t);
    const [bridge] = await Promise.all([stage.bridge(), stage.targets(), stage.libraryCallers()]);
    assert.equal(await stage.call('Execute', { type: 'Echo', args: [1] }), 1);
    assert.equal(bridge.logs.find(({ msg }) => msg.startsWith('Every call is allowed'))?.level, 'warn');
  });
});

describe('the handler side, whatever the caller side lets through', () => {
  let stage: Stage;
  let handler: TestBridge;
  before(async () => {
    stage = await openStage();
    const list = { BRIDGE_ALLOW_TARGETS: 'Echo@targets Gate*@targets' };
    [, handler] = await Promise.all([
      stage.bridge({ env: ROLES.caller }),
      stage.bridge({ env: { ...ROLES.handler, ...list } }),
      stage.targets(),
      stage.libraryCallers(),
    ]);
  });
  after(() => stage.close());

  test('runs what is allowed', LIMIT, async () => {
    assert.equal(await stage.call('Execute', { type: 'Echo', args: ['yes'] }), 'yes');
  });

  for (const [type, taskQueue] of [
    ['Nothing', 'targets'],
    ['Echo', 'other'],
    ['echo', 'targets'],
    ['EchoAll', 'targets'],
    ['Echo ', 'targets'],
    ['\u0415cho', 'targets'],
    ['Echo', 'Targets'],
    ['Gate*', 'targets2'],
  ] as const)
    test(`does not run ${JSON.stringify(type)} on ${JSON.stringify(taskQueue)}`, LIMIT, async () => {
      const refused = refusalsIn(handler.logs).length;
      const end = errorOf(await stage.call<EndView>('ExecuteAndTell', { type, taskQueue, args: [1] }));
      assert.equal(end?.type, REFUSED);
      assert.equal(end.nonRetryable, true);
      assert.equal(
        end.message,
        `workflow type ${JSON.stringify(type)} on task queue ${JSON.stringify(taskQueue)} of "cluster-b" is not allowed by the handler side's allow-list; nothing was started`,
      );
      assert.equal(refusalsIn(handler.logs).length, refused + 1, 'one line');
      assert.deepEqual(
        await listExecutions(stage.clusters.b, `WorkflowType = "${type}" AND TaskQueue = "${taskQueue}"`),
        [],
      );
    });

  test('does not wait for a workflow of another type', LIMIT, async () => {
    const workflowId = `foreign-${randomUUID()}`;
    const foreign = await stage.clusters.b.client.workflow.start('Collector', {
      taskQueue: 'targets',
      workflowId,
    });
    const ends = await stage.call<EndView[]>('UseHandle', { attachTo: workflowId }, [{ do: 'result' }]);
    assert.equal(errorOf(ends[0])?.type, REFUSED);
    assert.match(errorOf(ends[0])?.message ?? '', /workflow type "Collector" on task queue "targets"/);
    assert.equal((await foreign.describe()).status.name, 'RUNNING');
    await foreign.terminate();
  });
});

describe('the caller side, whatever the handler side lets through', () => {
  let stage: Stage;
  let caller: TestBridge;
  let toB: FaultProxy;
  before(async () => {
    stage = await openStage();
    toB = await stage.proxy('b');
    const { namespace } = stage.clusters.a;
    const list = {
      BRIDGE_ALLOW_TARGETS: 'Echo@targets Gate@targets',
      BRIDGE_ALLOW_CALLERS: `Execute*@${namespace} UseHandle@${namespace} StartAndClose@elsewhere`,
    };
    [caller] = await Promise.all([
      stage.bridge({ env: { ...ROLES.caller, ...list }, addressOfB: toB.address }),
      stage.bridge({ env: ROLES.handler }),
      stage.targets(),
      stage.libraryCallers(),
    ]);
  });
  after(() => stage.close());

  test('sends the call of a caller that is allowed', LIMIT, async () => {
    assert.equal(await stage.call('Execute', { type: 'Echo', args: ['yes'] }), 'yes');
  });

  test('sends nothing for a caller of another type, or of another namespace', LIMIT, async () => {
    const before = writesOf(toB);
    const cross = await applicationFailureOf(
      await startCrossCluster(stage.clusters, requestFor('Echo', [1])),
    );
    assert.equal(cross.type, REFUSED);
    assert.match(cross.message, /^.*workflow type "CrossClusterWorkflow" in namespace "test-/);
    const handle = await stage.start('StartAndClose', { type: 'Echo' }, 'return');
    assert.equal((await applicationFailureOf(handle)).type, REFUSED);
    assert.deepEqual(writesOf(toB), before);
  });

  test('sends nothing for a target that is not allowed', LIMIT, async () => {
    const before = writesOf(toB);
    const end = errorOf(await stage.call<EndView>('ExecuteAndTell', { type: 'Nothing' }));
    assert.equal(end?.type, REFUSED);
    assert.deepEqual(end.details, [
      {
        ...(end.details as Record<string, string>[])[0],
        workflowType: 'Nothing',
        taskQueue: 'targets',
        started: 'no',
      },
    ]);
    assert.deepEqual(writesOf(toB), before);
  });

  test('lends its credentials for no operation on a workflow of another type', LIMIT, async () => {
    const workflowId = `foreign-${randomUUID()}`;
    const foreign = await stage.clusters.b.client.workflow.start('Collector', {
      taskQueue: 'targets',
      workflowId,
    });
    const before = writesOf(toB);
    const refused = refusalsIn(caller.logs).length;
    const ends = await stage.call<EndView[]>('UseHandle', { attachTo: workflowId }, [
      { do: 'signal', name: 'add', args: ['spy'] },
      { do: 'query', name: 'items' },
      { do: 'update', name: 'set', args: [1] },
      { do: 'cancel' },
      { do: 'terminate' },
      { do: 'result' },
    ]);
    assert.equal(ends.length, 6);
    for (const end of ends) {
      assert.equal(errorOf(end)?.type, REFUSED, JSON.stringify(end));
      assert.match(errorOf(end)?.message ?? '', /workflow type "Collector" on task queue "targets"/);
    }
    assert.deepEqual(writesOf(toB), before);
    assert.equal(refusalsIn(caller.logs).length, refused + 6);
    assert.equal((await foreign.describe()).status.name, 'RUNNING');
    await foreign.terminate();
  });

  test('takes operations to a workflow that is allowed, its own or another', LIMIT, async () => {
    const workflowId = `foreign-${randomUUID()}`;
    await stage.clusters.b.client.workflow.start('Gate', { taskQueue: 'targets', workflowId });
    const opened = [{ do: 'signal', name: 'open', args: [7] }, { do: 'result' }];
    const attached = await stage.call<EndView[]>('UseHandle', { attachTo: workflowId }, opened);
    assert.deepEqual(attached[1], { value: 7 });
    const own = await stage.call<EndView[]>('UseHandle', { type: 'Gate' }, opened);
    assert.deepEqual(own[1], { value: 7 });
  });
});

describe('an allow-list in a file', () => {
  test(
    'is read again when it changes: not what cannot be read, and never for calls that run',
    LIMIT,
    async (t) => {
      const stage = await openStage(t);
      const folder = await mkdtemp(join(tmpdir(), 'allow-'));
      t.after(() => rm(folder, { recursive: true }));
      const file = join(folder, 'allow.json');
      let versions = 0;
      /** As Kubernetes does it: the name is a link, which is put in another's place in one step. */
      const write = async (text: string): Promise<void> => {
        versions += 1;
        const data = join(folder, `data-${String(versions)}`);
        await writeFile(data, text);
        await symlink(data, `${data}.link`);
        await rename(`${data}.link`, file);
      };
      const rules = (...types: string[]) =>
        JSON.stringify({
          callers: [{ workflowType: '*', namespace: '*' }],
          targets: types.map((workflowType) => ({ workflowType, taskQueue: 'targets' })),
        });
      await write(rules('Gate'));
      const [bridge] = await Promise.all([
        stage.bridgeProcess('both', { ...KEYS, BRIDGE_ALLOW_FILE: file }),
        stage.targets(),
        stage.libraryCallers(),
      ]);
      const told = (message: RegExp) => bridge.logs.filter(({ msg }) => message.test(msg));
      const typeOf = async (type: string) =>
        errorOf(await stage.call<EndView>('ExecuteAndTell', { type, args: [1] }))?.type;
      const open = await stage.start('Execute', { type: 'Gate' });
      const { target } = await remoteOf(stage.clusters.b, open.workflowId);
      assert.equal(await typeOf('Echo'), REFUSED);

      await write(rules('Echo'));
      const reloaded = await bridge.logged(/^allow-list reloaded$/);
      assert.equal(reloaded['targetRules'], 1);
      assert.match(String(reloaded['hash']), /^[0-9a-f]{12}$/);
      assert.equal(await typeOf('Echo'), undefined);
      assert.equal(await typeOf('Gate'), REFUSED);

      await write('{"targets": [');
      await bridge.logged(/^Changed files cannot be used/);
      bridge.signal('SIGHUP');
      await bridge.logged(/^SIGHUP/);
      await eventually('it is counted', async () => (await scrape(bridge)).sum('bridge_reload_failed') === 1);
      assert.equal(told(/^Changed files cannot be used/).length, 1, 'told once');
      assert.equal(await typeOf('Echo'), undefined);
      assert.equal(await typeOf('Gate'), REFUSED);

      await write(rules('Echo', 'Gate'));
      bridge.signal('SIGHUP');
      await bridge.logged(/^the files can be used again$/);
      await eventually('it is counted', async () => (await scrape(bridge)).sum('bridge_reload_failed') === 0);
      await eventually('the new list is in force', () => told(/^allow-list reloaded$/).length === 2);

      await target.signal('open', 'still there');
      assert.equal(await open.result(), 'still there');
      const counted = (await scrape(bridge)).sum('bridge_calls_refused', { reason: 'target-not-allowed' });
      assert.equal(counted, 3);
    },
  );
});

describe('an allow-list and the published bridge’s ids', () => {
  test('lets a call take up no workflow of another queue, though id and type are right', LIMIT, async (t) => {
    const stage = await openStage(t);
    const { a, b } = stage.clusters;
    await stage.bridge({
      env: { ...KEYS, BRIDGE_ALLOW_TARGETS: 'Gate@targets', BRIDGE_ALLOW_CALLERS: '*@*' },
    });
    const call = async (queue: string) => {
      const workflowId = `order-${randomUUID()}`;
      const left = await b.client.workflow.start('Gate', {
        taskQueue: queue,
        workflowId: `bridge-cluster-a-${workflowId}-Gate`,
      });
      const request = { WorkflowType: 'Gate', TaskQueue: 'targets', Input: '', IDMode: 'article' };
      const caller = await startCrossCluster({ a }, request, { workflowId });
      return { caller, left };
    };
    const other = await call('another-queue');
    assert.equal((await applicationFailureOf(other.caller)).type, REFUSED);
    assert.equal((await other.left.describe()).status.name, 'RUNNING');

    const right = await call('targets');
    await stage.targets();
    await right.left.signal('open', 'taken up');
    assert.equal(((await right.caller.result()) as { Status: string }).Status, 'completed');
  });
});
