/** Names that were made to break something: as ids of callers and targets, types, queues, keys, memo keys, headers. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { jsonPayload } from '../../src/shared/payloads.js';
import { bundleWorkflows } from '../support/bundle.js';
import { requestFor, startCrossCluster } from '../support/harness.js';
import type { HostileStage } from '../support/hostile-stage.js';
import { ON_EACH_OBJECT, openHostileStage } from '../support/hostile-stage.js';
import { applicationFailureOf, listExecutions } from '../support/inspect.js';

const LIMIT = { timeout: 120_000 };

const NAMES: Readonly<Record<string, string>> = {
  'a line break': 'line\nbreak\r\n',
  NUL: 'nul\0byte\0',
  'ANSI escapes': '\u001b[31mred\u001b[0m\u001b]0;title\u0007\u009b2J',
  'bidirectional controls': '\u202egpj.exe\u2066\u2069\u200f',
  'zero-width characters': 'a\u200b\u2060\ufeffb\u2028c',
  'a path': '../../etc/passwd',
  'a URL’s parts': 'a/b?c#d&e=f;g',
  'percent signs': '%2e%2e%2f%00%s%d%n',
  quotes: `'"\`$(id)\${id}{{id}}<script>`,
  blanks: ' \t ',
  ['__proto__']: '__proto__',
  constructor: 'constructor',
  toString: 'toString',
  hasOwnProperty: 'hasOwnProperty',
  '255 multi-byte characters': '漢'.repeat(255),
  'surrogate pairs': '\u{1f600}'.repeat(127),
  'characters that compose': 'e\u0301'.repeat(100),
};
/** Queues that get a worker of their own. */
const QUEUES = ['a line break', 'NUL', 'ANSI escapes', 'a path', '__proto__', '255 multi-byte characters'];

describe('a call whose names have', { concurrency: 4 }, () => {
  let hostile: HostileStage;

  before(async () => {
    hostile = await openHostileStage();
    const workflowBundle = await bundleWorkflows('hostile-targets');
    for (const taskQueue of ['any', ...QUEUES.map((name) => NAMES[name] ?? '')])
      await hostile.stage.targets({ taskQueue, workflowBundle });
  });
  after(() => hostile.closeSound());

  const call = (request: Record<string, unknown>, workflowId?: string) =>
    startCrossCluster(
      hostile.stage.clusters,
      { workflowType: 'Any', taskQueue: 'any', args: [], timeout: '1m', ...request },
      workflowId === undefined ? {} : { workflowId },
    );
  const result = async (handle: { result(): Promise<unknown> }) => {
    const { result, workflowId } = (await handle.result()) as {
      result: { workflowType: string; workflowId: string; taskQueue: string };
      workflowId: string;
    };
    return { ...result, answered: workflowId };
  };

  for (const [what, name] of Object.entries(NAMES)) {
    test(`${what}: the caller's id`, LIMIT, async () => {
      const { workflowId, answered } = await result(await call({}, name));
      assert.equal(answered, workflowId);
      assert.match(workflowId, /^bridge-cluster-a-[A-Za-z0-9_.:@+=,~-]+$/, 'escaped');
      assert.ok(workflowId.length <= 255);
    });

    test(`${what}: the target's id`, LIMIT, async () => {
      const { workflowId, answered } = await result(await call({ workflowId: name }));
      assert.deepEqual([workflowId, answered], [name, name]);
    });

    test(`${what}: the target's type`, LIMIT, async (t) => {
      if (name.trim() === '') {
        const failure = await applicationFailureOf(await call({ workflowType: name }));
        assert.equal(failure.type, 'INVALID_REQUEST');
        return;
      }
      if (ON_EACH_OBJECT.includes(name)) {
        t.diagnostic('the worker of the target runs something else of this name');
        const handle = await call({ workflowType: name, timeout: '2s' });
        await handle.result().catch(() => undefined);
        await handle.describe();
        return;
      }
      const { workflowType } = await result(await call({ workflowType: name }));
      assert.equal(workflowType, name);
    });

    test(`${what}: the key, and the same key again`, LIMIT, async () => {
      const request = { key: name, scope: 'workflow-id', sourceCluster: 'cluster-a' };
      const id = `keyed-${randomUUID()}`;
      const first = await result(await call(request, id));
      const again = await result(await call(request, id));
      assert.equal(again.workflowId, first.workflowId, 'the same call');
      const other = await result(await call({ ...request, key: `${name.slice(0, 100)}.` }, id));
      assert.notEqual(other.workflowId, first.workflowId, 'another call');
    });
  }

  for (const what of QUEUES)
    test(`${what}: the target's queue`, LIMIT, async () => {
      const taskQueue = NAMES[what] ?? '';
      assert.equal((await result(await call({ taskQueue }))).taskQueue, taskQueue);
    });

  test('1,000 multi-byte characters: a key, and nothing else', LIMIT, async () => {
    const name = '漢'.repeat(1000);
    assert.ok((await result(await call({ key: name }))).workflowId);
    for (const field of ['workflowId', 'workflowType', 'taskQueue', 'sourceCluster', 'cluster']) {
      const failure = await applicationFailureOf(await call({ [field]: name }));
      assert.equal(failure.type, 'INVALID_REQUEST', field);
      assert.ok(failure.message.length < 400, 'what was there is cut');
    }
    await assert.rejects(call({}, name), 'no server takes it as a caller’s id');
  });

  test('as many bytes as a server takes: the caller’s id', LIMIT, async () => {
    assert.ok((await result(await call({}, '漢'.repeat(333)))).workflowId);
  });

  test('lone surrogates: refused in words', LIMIT, async () => {
    for (const field of ['workflowId', 'workflowType', 'taskQueue', 'key', 'sourceCluster', 'cluster']) {
      // As JSON has it: an escape. A server could not store the character itself.
      const failure = await applicationFailureOf(await call({ [field]: 'a\ud800' }));
      assert.equal(failure.type, 'INVALID_REQUEST', field);
      assert.match(failure.message, /lone surrogate/);
    }
  });

  test('names of prototypes, line breaks, and the bridge’s own: header fields', LIMIT, async () => {
    const { client, namespace } = hostile.stage.clusters.a;
    const names = [
      '__proto__',
      'constructor',
      'a\nb',
      '\0',
      'x'.repeat(1000),
      'temporal-bridge-call',
      '_tracer-data',
    ];
    const workflowId = `headers-${randomUUID()}`;
    await client.workflowService.startWorkflowExecution({
      namespace,
      workflowId,
      workflowType: { name: 'CrossClusterWorkflow' },
      taskQueue: { name: 'bridge-queue' },
      requestId: randomUUID(),
      input: { payloads: [jsonPayload(requestFor('Any', [], { taskQueue: 'any' }))] },
      header: { fields: Object.fromEntries(names.map((name) => [name, jsonPayload({ polluted: true })])) },
    });
    assert.ok((await result(client.workflow.getHandle(workflowId))).workflowId);
  });

  test('names of prototypes: memo keys, which arrive', LIMIT, async () => {
    const memo = JSON.parse('{"__proto__":1,"constructor":2,"a\\nb":3}') as object;
    const workflowId = `memo-${randomUUID()}`;
    await hostile.stage.call('Execute', { type: 'Any', taskQueue: 'any', workflowId, memo });
    const [target] = await listExecutions(hostile.stage.clusters.b, `WorkflowId = "${workflowId}"`, 1);
    assert.ok(target);
    const shown = await hostile.stage.clusters.b.client.workflow.getHandle(workflowId).fetchHistory();
    const fields = shown.events?.[0]?.workflowExecutionStartedEventAttributes?.memo?.fields ?? {};
    assert.deepEqual(Object.keys(fields).sort(), ['__proto__', 'a\nb', 'constructor']);
  });
});
