/** Each option of a call arrives at the target, or is refused with a typed error before anything is started. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { Stage } from '../support/stage.js';
import { openStage } from '../support/stage.js';
import type { EndView, LibraryCall } from '../support/workflows/library-callers.js';
import {
  applicationFailureOf,
  eventually,
  listExecutions,
  remoteOf,
  taskTroubles,
} from '../support/inspect.js';

const LIMIT = { timeout: 90_000 };

/** Names and types of the search attributes registered on B; numbers as the server's API has them. */
const ATTRIBUTES = {
  BridgeText: 1,
  BridgeKeyword: 2,
  BridgeInt: 3,
  BridgeDouble: 4,
  BridgeBool: 5,
  BridgeDate: 6,
  BridgeList: 7,
};

interface Introspection {
  readonly workflowId: string;
  readonly memo?: Record<string, unknown>;
  readonly searchAttributes: { key: { name: string; type: string }; value: unknown }[];
  readonly executionTimeoutMs?: number;
  readonly runTimeoutMs?: number;
  readonly taskTimeoutMs?: number;
  readonly retryPolicy?: Record<string, unknown>;
  readonly priority?: number;
}

const attribute = (name: string, type: string, value: unknown) => ({ key: { name, type }, value });

describe('the options of a call', () => {
  let stage: Stage;
  before(async () => {
    stage = await openStage();
    const { namespace, client } = stage.clusters.b;
    await client.connection.operatorService.addSearchAttributes({ namespace, searchAttributes: ATTRIBUTES });
    await Promise.all([stage.bridge(), stage.targets(), stage.libraryCallers()]);
  });
  after(() => stage.close());

  const introspect = (call: Omit<LibraryCall, 'type'>) =>
    stage.call<Introspection>('Execute', { type: 'Introspect', ...call });

  test('that concern time arrive at the target', LIMIT, async () => {
    const got = await introspect({
      workflowExecutionTimeout: '50m',
      workflowRunTimeout: '40m',
      workflowTaskTimeout: 7000,
    });
    assert.deepEqual(
      [got.executionTimeoutMs, got.runTimeoutMs, got.taskTimeoutMs],
      [50 * 60_000, 40 * 60_000, 7000],
    );
    const limited = await introspect({ workflowExecutionTimeout: '50m', timeout: '10m' });
    assert.ok(
      (limited.executionTimeoutMs ?? 0) > 9 * 60_000 && (limited.executionTimeoutMs ?? 0) <= 10 * 60_000,
    );
    const unlimited = await introspect({});
    assert.ok(!unlimited.executionTimeoutMs, 'none unless asked for');
  });

  test('retry, priority and workflow id arrive at the target', LIMIT, async () => {
    const workflowId = `mine-${randomUUID()}`;
    const got = await introspect({
      workflowId,
      priority: { priorityKey: 2 },
      retry: {
        initialInterval: 250,
        backoffCoefficient: 1.5,
        maximumInterval: '2s',
        maximumAttempts: 4,
        nonRetryableErrorTypes: ['Never', 'Not at all'],
      },
    });
    assert.equal(got.workflowId, workflowId);
    assert.equal(got.priority, 2);
    assert.deepEqual(got.retryPolicy, {
      initialInterval: 250,
      backoffCoefficient: 1.5,
      maximumInterval: 2000,
      maximumAttempts: 4,
      nonRetryableErrorTypes: ['Never', 'Not at all'],
    });
  });

  test('memo, summary and details arrive, and the arguments beside them', LIMIT, async () => {
    const memo = {
      plain: 1,
      '': 'refused',
      ['__proto__']: 'kept',
      nested: { a: [null, 'é'] },
      nothing: null,
    };
    const { '': _, ...good } = Object.fromEntries(Object.entries(memo));
    const got = await introspect({ memo: good });
    assert.deepEqual(Object.entries(got.memo ?? {}).sort(), Object.entries(good).sort());

    const caller = await stage.start('Execute', {
      type: 'EchoAll',
      args: [1, 'two', null],
      memo: { a: 1, b: 2 },
      staticSummary: 'what *it* does',
      staticDetails: 'line 1\nline 2',
    });
    assert.deepEqual(await caller.result(), [1, 'two', null]);
    const { target } = await remoteOf(stage.clusters.b, caller.workflowId);
    const description = await target.describe();
    assert.deepEqual(description.memo, { a: 1, b: 2 });
    assert.equal(await description.staticSummary(), 'what *it* does');
    assert.equal(await description.staticDetails(), 'line 1\nline 2');
  });

  test('search attributes of each type arrive at the target', LIMIT, async () => {
    const iso = '2026-02-03T04:05:06.789Z';
    const values = [
      attribute('BridgeText', 'TEXT', 'some words'),
      attribute('BridgeKeyword', 'KEYWORD', 'é "quoted"'),
      attribute('BridgeInt', 'INT', -7),
      attribute('BridgeDouble', 'DOUBLE', 1.5),
      attribute('BridgeBool', 'BOOL', false),
      attribute('BridgeList', 'KEYWORD_LIST', ['a', 'b']),
    ];
    const got = await stage.call<Introspection>(
      'ExecuteWithDate',
      { type: 'Introspect', typedSearchAttributes: values },
      'BridgeDate',
      iso,
    );
    const byName = (one: { key: { name: string } }, other: { key: { name: string } }) =>
      one.key.name < other.key.name ? -1 : 1;
    assert.deepEqual(
      [...got.searchAttributes].sort(byName),
      [...values, attribute('BridgeDate', 'DATETIME', iso)].sort(byName),
    );
  });

  test(
    'a search attribute that was registered after a call was refused for it can be used at once',
    LIMIT,
    async () => {
      const name = 'BridgeLate';
      const call = { type: 'Introspect', typedSearchAttributes: [attribute(name, 'KEYWORD', 'x')] };
      const failure = await applicationFailureOf(await stage.start('Execute', call));
      assert.match(failure.message, /BridgeLate that can be set/);
      const { namespace, client } = stage.clusters.b;
      await client.connection.operatorService.addSearchAttributes({
        namespace,
        searchAttributes: { [name]: 2 },
      });
      const { searchAttributes } = await stage.call<Introspection>('Execute', call);
      assert.deepEqual(searchAttributes, [attribute(name, 'KEYWORD', 'x')]);
    },
  );

  const longText = 'x'.repeat(3000);
  const call = (more: Record<string, unknown>) =>
    ({ type: 'Introspect', ...more }) as Record<string, unknown>;
  const BAD: Readonly<Record<string, { call: Record<string, unknown>; says: RegExp; type?: string }>> = {
    'a search attribute that the handler cluster does not know': {
      call: call({ typedSearchAttributes: [attribute('Unknown', 'KEYWORD', 'x')] }),
      says: /no search attribute Unknown that can be set exists in test-.* of cluster-b/,
    },
    'a search attribute of another type than it is registered with': {
      call: call({ typedSearchAttributes: [attribute('BridgeInt', 'KEYWORD', 'x')] }),
      says: /BridgeInt is of type INT on cluster-b; expected that, got KEYWORD/,
    },
    'a search attribute whose value is not of its type': {
      call: call({ typedSearchAttributes: [attribute('BridgeInt', 'INT', 'seven')] }),
      says: /search attribute BridgeInt.*a value of type INT/,
    },
    'a search attribute of a type that does not exist': {
      call: call({ typedSearchAttributes: [attribute('BridgeInt', 'INTEGER', 7)] }),
      says: /KEYWORD_LIST/,
    },
    'a search attribute that the server sets itself': {
      call: call({ typedSearchAttributes: [attribute('WorkflowId', 'KEYWORD', 'x')] }),
      says: /no search attribute WorkflowId that can be set exists/,
    },
    'a search attribute above 2 KiB': {
      call: call({ typedSearchAttributes: [attribute('BridgeText', 'TEXT', longText)] }),
      says: /search attribute BridgeText.*at most 2048 bytes/,
    },
    'a date that no server can read': {
      call: call({ typedSearchAttributes: [attribute('BridgeDate', 'DATETIME', 9e14)] }),
      says: /search attribute BridgeDate.*DATETIME/,
    },
    'search attributes that are no pairs': {
      call: call({ typedSearchAttributes: [{ BridgeInt: [7] }] }),
      says: /typedSearchAttributes\.key; expected an object/,
    },
    'search attributes that are a text': {
      call: call({ typedSearchAttributes: 'x' }),
      says: /typedSearchAttributes/,
    },
    'a retry policy with a coefficient below 1': {
      call: call({ retry: { backoffCoefficient: 0.5 } }),
      says: /backoffCoefficient 0.5; expected at least 1/,
    },
    'a retry policy whose intervals cross': {
      call: call({ retry: { initialInterval: '2s', maximumInterval: '1s' } }),
      says: /retry.*maximumInterval cannot be less than its initialInterval/,
    },
    'a retry policy with a bad duration': {
      call: call({ retry: { initialInterval: 'soon' } }),
      says: /retry/,
    },
    'a retry policy with no attempts': {
      call: call({ retry: { maximumAttempts: 0 } }),
      says: /positive integer/,
    },
    'a retry policy with too many attempts': {
      call: call({ retry: { maximumAttempts: 2 ** 31 } }),
      says: /maximumAttempts 2147483648; expected at most 2147483647/,
    },
    'a retry policy with a coefficient that is no number': {
      call: call({ retry: { backoffCoefficient: '2' } }),
      says: /backoffCoefficient; expected a number/,
    },
    'a retry policy with a time-out type that does not exist': {
      call: call({ retry: { nonRetryableErrorTypes: ['TemporalTimeout:Soon'] } }),
      says: /TemporalTimeout:Soon/,
    },
    'a retry policy that is a text': { call: call({ retry: 'twice' }), says: /retry; expected an object/ },
    'a retry policy with error types that are a text': {
      call: call({ retry: { nonRetryableErrorTypes: 'X' } }),
      says: /retry.nonRetryableErrorTypes; expected a list/,
    },
    'a workflow id of 1,001 bytes': {
      call: call({ workflowId: 'x'.repeat(1001) }),
      says: /workflowId; expected a text of 1 to 255 characters/,
    },
    'a workflow id that is a number': { call: call({ workflowId: 7 }), says: /workflowId; expected a text/ },
    'a workflow id of the bridge': {
      call: call({ workflowId: `bridge-call-${'a'.repeat(64)}` }),
      says: /does not begin with bridge-call-/,
    },
    'a task queue of 1,001 bytes': { call: call({ taskQueue: 'q'.repeat(1001) }), says: /taskQueue/ },
    'a task queue of Temporal’s own': { call: call({ taskQueue: '/_sys/x' }), says: /taskQueue/ },
    'no task queue': { call: call({ taskQueue: null }), says: /taskQueue; expected a text/ },
    'the task queue of the bridge': {
      call: call({ taskQueue: 'bridge-handler-queue' }),
      says: /reserved target/,
    },
    'a type of 1,001 bytes': { call: { type: 'T'.repeat(1001) }, says: /workflow type/ },
    'a memo of 101 keys': {
      call: call({ memo: Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`key-${n}`, n])) }),
      says: /memo; expected at most 100 keys, got 101/,
    },
    'a memo with long keys': {
      call: call({
        memo: Object.fromEntries(Array.from({ length: 90 }, (_, n) => [`${n}-${'k'.repeat(900)}`, n])),
      }),
      says: /memo; expected keys of at most 16384 bytes together/,
    },
    'a memo that is a text': { call: call({ memo: 'remember' }), says: /memo; expected an object/ },
    'a memo that is null': { call: call({ memo: null }), says: /memo; expected an object/ },
    '129 arguments': {
      call: call({ args: Array.from({ length: 129 }, (_, n) => n) }),
      says: /args; expected a list of at most 128/,
    },
    'arguments that are no list': { call: call({ args: { 0: 'a' } }), says: /args; expected a list/ },
    'a time-out that is none': { call: call({ timeout: 'soon' }), says: /timeout; expected a duration/ },
    'a time-out of 0': { call: call({ timeout: 0 }), says: /timeout; expected a duration of 1ms to 365d/ },
    'a time-out of ten years': { call: call({ timeout: '3650 days' }), says: /timeout; expected a duration/ },
    'an execution time-out below 0': {
      call: call({ workflowExecutionTimeout: -1 }),
      says: /workflowExecutionTimeout; expected a duration/,
    },
    'a run time-out that is an object': {
      call: call({ workflowRunTimeout: { seconds: 5 } }),
      says: /workflowRunTimeout; expected a duration/,
    },
    'a task time-out of 5 minutes': {
      call: call({ workflowTaskTimeout: '5m' }),
      says: /workflowTaskTimeout; expected a duration of 1ms to 2m/,
    },
    'an unknown cancellation type': {
      call: call({ cancellationType: 'MAYBE' }),
      says: /cancellationType; expected ABANDON, TRY_CANCEL, .*got "MAYBE"/,
    },
    'an unknown parent-close policy': {
      call: call({ parentClosePolicy: 'FORGET' }),
      says: /parentClosePolicy; expected TERMINATE, ABANDON or REQUEST_CANCEL, got "FORGET"/,
    },
    'an unknown scope': {
      call: call({ scope: 'cluster' }),
      says: /scope; expected run, chain or workflow-id/,
    },
    'a wider scope without a key': { call: call({ scope: 'chain' }), says: /key; expected a key/ },
    'scope workflow-id without the cluster’s name': {
      call: call({ scope: 'workflow-id', key: 'k' }),
      says: /sourceCluster; expected this cluster’s name/,
    },
    'a key of 1,001 characters': {
      call: call({ key: 'k'.repeat(1001) }),
      says: /key; expected a text of 1 to 1000/,
    },
    'a fallback below 100 ms': {
      call: call({ fallback: { first: 10 } }),
      says: /fallback.first; expected a duration/,
    },
    'a fallback that shrinks': {
      call: call({ fallback: { first: '2s', max: '1s' } }),
      says: /fallback.first; expected at most fallback.max/,
    },
    'a cluster that the bridge does not reach': {
      call: call({ cluster: 'mars' }),
      says: /cluster: the call is to mars; this bridge reaches cluster-b/,
    },
    'a priority below 1': { call: call({ priority: { priorityKey: 0 } }), says: /priority.priorityKey/ },
    'a priority that no server knows': {
      call: call({ priority: { priorityKey: 2 ** 40 } }),
      says: /priority.priorityKey/,
    },
    'a reuse policy without an id': {
      call: call({ workflowIdReusePolicy: 'ALLOW_DUPLICATE' }),
      says: /workflowIdReusePolicy; expected none without a workflowId/,
    },
    'a reuse policy that terminates': {
      call: call({ workflowId: 'mine', workflowIdReusePolicy: 'TERMINATE_IF_RUNNING' }),
      says: /a running workflow is never terminated.*TERMINATE_IF_RUNNING/,
    },
    'a summary that is a number': {
      call: call({ staticSummary: 7 }),
      says: /staticSummary; expected a text/,
    },
  };
  for (const [what, bad] of Object.entries(BAD)) {
    test(`with ${what} are refused, and nothing is started`, LIMIT, async () => {
      const caller = await stage.start('Execute', bad.call);
      const failure = await eventually(
        'the caller closes; its task troubles would be told',
        async () => {
          assert.deepEqual(await taskTroubles(caller), []);
          return (await caller.describe()).status.name !== 'RUNNING' && applicationFailureOf(caller);
        },
        30_000,
      );
      assert.equal(failure.type, bad.type ?? 'INVALID_REQUEST');
      assert.equal(failure.nonRetryable, true);
      assert.match(failure.message, bad.says);
      const { b } = stage.clusters;
      const prefix = `bridge-cluster-a-${caller.workflowId}-`;
      assert.deepEqual(await listExecutions(b, `WorkflowId STARTS_WITH "${prefix}"`), []);
    });
  }

  // After the refused ones: it sees what they have left behind.
  test('that were refused leave no wrapper running', LIMIT, async () => {
    const { b } = stage.clusters;
    await eventually('no wrapper runs', async () => {
      const open = await listExecutions(b, 'ExecutionStatus = "Running"');
      return open.length === 0;
    });
    assert.deepEqual(await listExecutions(b, 'WorkflowId = "mine"'), []);
  });

  test(
    'above 2 MiB with their arguments are refused, naming size and limit, and nothing is started',
    LIMIT,
    async () => {
      // A text's payload has 36 bytes more than characters, and the bridge's own 35.
      const most = 2_031_616 - 36 - 35;
      assert.deepEqual(await stage.call('ExecuteLarge', { type: 'Nothing' }, 'args', most), { value: null });
      for (const what of ['args', 'memo']) {
        const caller = await stage.start('ExecuteLarge', { type: 'Nothing' }, what, most + 1);
        const { error } = (await caller.result()) as Extract<EndView, { error: unknown }>;
        assert.equal(error.type, 'PAYLOAD_TOO_LARGE');
        assert.equal(
          error.message,
          'arguments of 2031617 bytes; expected at most 2031616; nothing was started',
        );
        const [details] = error.details as { bytes: string; limit: string }[];
        assert.deepEqual([details?.bytes, details?.limit], ['2031617', '2031616']);
        const prefix = `bridge-cluster-a-${caller.workflowId}-`;
        assert.deepEqual(await listExecutions(stage.clusters.b, `WorkflowId STARTS_WITH "${prefix}"`), []);
      }
    },
  );

  test('that say when to look bring a result that is too large for a signal, or say so', LIMIT, async () => {
    const large = (chars: number) => ({
      type: 'Large',
      args: [chars],
      fallback: { first: '300ms', max: '1s' },
    });
    const fetched = await stage.call<{ value: string }>('ExecuteAndTell', large(2_050_000));
    assert.equal(fetched.value.length, 2_050_000);
    const { error } = await stage.call<Extract<EndView, { error: unknown }>>(
      'ExecuteAndTell',
      large(2_096_000),
    );
    assert.equal(error.type, 'PAYLOAD_TOO_LARGE');
    assert.match(error.message, /has 2096\d\d\d bytes; 2095104 can be handed over/);
  });

  describe('with a workflow id of the user’s', () => {
    const again = async (
      workflowIdReusePolicy: string | undefined,
      how: 'Echo' | 'Fail',
      workflowId: string,
    ) => {
      const [first, second] = await stage
        .call<EndView[]>('ExecuteMany', [{ type: how, workflowId, args: ['first'] }])
        .then(async (ends) => [
          ...ends,
          ...(await stage.call<EndView[]>('ExecuteMany', [
            {
              type: 'Echo',
              workflowId,
              args: ['second'],
              ...(workflowIdReusePolicy && { workflowIdReusePolicy }),
            },
          ])),
        ]);
      return { first, second };
    };
    const typeOf = (end: EndView | undefined) => (end && 'error' in end ? end.error.type : end);

    test('refuse an id that was used before, by default', LIMIT, async () => {
      const { second } = await again(undefined, 'Echo', `used-${randomUUID()}`);
      assert.equal(typeOf(second), 'CALL_ID_CONFLICT');
      const rejected = await again('REJECT_DUPLICATE', 'Fail', `used-${randomUUID()}`);
      assert.equal(typeOf(rejected.second), 'CALL_ID_CONFLICT');
    });

    test('take it again where the policy allows it', LIMIT, async () => {
      const { second } = await again('ALLOW_DUPLICATE', 'Echo', `used-${randomUUID()}`);
      assert.deepEqual(second, { value: 'second' });
      const afterFailure = await again('ALLOW_DUPLICATE_FAILED_ONLY', 'Fail', `used-${randomUUID()}`);
      assert.deepEqual(afterFailure.second, { value: 'second' });
      const afterValue = await again('ALLOW_DUPLICATE_FAILED_ONLY', 'Echo', `used-${randomUUID()}`);
      assert.equal(typeOf(afterValue.second), 'CALL_ID_CONFLICT');
    });

    test('never take or touch a running workflow of that id', LIMIT, async () => {
      const workflowId = `running-${randomUUID()}`;
      const { client } = stage.clusters.b;
      const stranger = await client.workflow.start('Gate', { taskQueue: 'targets', workflowId });
      for (const workflowIdReusePolicy of ['ALLOW_DUPLICATE', 'ALLOW_DUPLICATE_FAILED_ONLY']) {
        const [end] = await stage.call<EndView[]>('ExecuteMany', [
          { type: 'Gate', workflowId, workflowIdReusePolicy },
        ]);
        assert.equal(typeOf(end), 'CALL_ID_CONFLICT');
      }
      assert.equal((await stranger.describe()).status.name, 'RUNNING');
      await stranger.signal('open', 'untouched');
      assert.equal(await stranger.result(), 'untouched');
    });
  });
});
