/** Caps on sizes: just below they pass, just above there is a typed error, and nothing is wedged. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { after, before, describe, test } from 'node:test';
import { Worker, bundleWorkflowCode } from '@temporalio/worker';
import type { WorkflowBundleWithSourceMap } from '@temporalio/worker';
import type { WorkflowFailedError, WorkflowHandle } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { type ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { MAX_ARGUMENTS_BYTES, MAX_FAILURE_DEPTH, MAX_TRACE_CONTEXT_BYTES } from '../../src/shared/limits.js';
import {
  CANCEL_ACTIVITY,
  MEMO_ARGS_DIGEST,
  MEMO_CALL_ID,
  TRACE_HEADER,
  TRACE_PARENT_HEADER,
} from '../../src/shared/names.js';
import { jsonPayload, payloadOf } from '../../src/shared/payloads.js';
import { anchorBackedOff, remoteIdsOf } from '../support/anchor.js';
import type { CallerEnd } from '../support/caller-end.js';
import { callerEnd } from '../support/caller-end.js';
import { completionWith, completionsOf, sendCompletionTo } from '../support/completions.js';
import { bareDeepFailure, deepFailure, failActivityDeeply, failDeeply } from '../support/deep-failure.js';
import { requestFor, startCrossCluster } from '../support/harness.js';
import {
  applicationFailureOf,
  eventually,
  listExecutions,
  remoteOf,
  taskTroubles,
  whenClosed,
} from '../support/inspect.js';
import { SILENT } from '../support/silent-logger.js';
import type { Stage } from '../support/stage.js';
import { openStage } from '../support/stage.js';
import { COMMAND, decideByHand } from '../support/worker-by-hand.js';
import type { AddedFields } from '../support/workflows/header-callers.js';
import type { EndView, Step } from '../support/workflows/library-callers.js';

const LIMIT = { timeout: 120_000 };
const SOON = { BRIDGE_FALLBACK_FIRST: '1s', BRIDGE_FALLBACK_MAX: '1s' };

/** Calls a target that fails with a chain of so many links, on a queue of its own. */
async function callDeep(stage: Stage, links: number): Promise<WorkflowHandle> {
  const taskQueue = `by-hand-${links}`;
  const caller = await startCrossCluster(stage.clusters, requestFor('Deep', [], { taskQueue }), {
    workflowId: `deep-${links}`,
  });
  await failDeeply(stage.clusters.b, taskQueue, deepFailure(links));
  return caller;
}

/** The links of the target's own failure, outermost first. */
function linksOf(failure: ApplicationFailure): Error[] {
  const links: Error[] = [];
  for (let link = failure.cause; link; link = link.cause instanceof Error ? link.cause : undefined)
    links.push(link);
  return links;
}

/** The links of a chain that a caller gets of so many. */
function assertCut(failure: ApplicationFailure, links: number): void {
  assert.equal(failure.type, 'REMOTE_WORKFLOW_FAILED');
  const messages = linksOf(failure).map(({ message }) => message);
  const expected = Array.from({ length: Math.min(links, MAX_FAILURE_DEPTH) }, (_, n) => `link ${n}`);
  if (links > MAX_FAILURE_DEPTH) expected[MAX_FAILURE_DEPTH - 1] += ' [causes beyond 50 links were cut]';
  assert.deepEqual(messages, expected);
}

describe('a chain of causes', () => {
  let bySignal: Stage;
  let byFallback: Stage;
  before(async () => {
    [bySignal, byFallback] = await Promise.all([openStage(), openStage()]);
    await Promise.all([
      bySignal.bridge({ env: SOON }),
      bySignal.targets(),
      byFallback.bridge({ env: { ...SOON, BRIDGE_COMPLETION_SIGNALS: 'false' } }),
    ]);
  });
  after(() => Promise.all([bySignal, byFallback].map((stage) => stage.close())));

  for (const links of [10, MAX_FAILURE_DEPTH, 51, 60, 90])
    test(
      `of ${links} links from a target comes cut to 50, the same by signal and by fallback`,
      LIMIT,
      async () => {
        const run = async (stage: Stage): Promise<CallerEnd> => {
          const caller = await callDeep(stage, links);
          assertCut(await applicationFailureOf(caller), links);
          return callerEnd(stage.clusters, caller);
        };
        const [signalled, polled] = await Promise.all([run(bySignal), run(byFallback)]);
        assert.deepEqual([signalled.signals, polled.signals], [1, 0]);
        assert.equal(polled.end, signalled.end);
      },
    );

  for (const links of [100, 5_000])
    test(
      `of ${links} links, which no SDK reads, comes by the fallback, and nothing stays open`,
      LIMIT,
      async () => {
        const caller = await callDeep(bySignal, links);
        assertCut(await applicationFailureOf(caller), links);
        assert.deepEqual(await taskTroubles(caller), []);
        const { wrapper } = await remoteIdsOf(bySignal.clusters.b, caller);
        assert.equal((await whenClosed(wrapper)).status.name, 'TERMINATED');
        const next = await startCrossCluster(bySignal.clusters, requestFor('Echo', ['still here']));
        assert.equal(((await next.result()) as { result: unknown }).result, 'still here');
      },
    );

  test('of 100,000 links is refused by the server, and the target can end otherwise', LIMIT, async () => {
    await assert.rejects(callDeep(bySignal, 100_000), /recursion depth/);
    await decideByHand(bySignal.clusters.b, 'by-hand-100000', {
      commandType: COMMAND.complete,
      completeWorkflowExecutionCommandAttributes: { result: { payloads: [jsonPayload('otherwise')] } },
    });
    const caller = bySignal.clusters.a.client.workflow.getHandle('deep-100000');
    assert.equal(((await caller.result()) as { result: unknown }).result, 'otherwise');
  });

  test(
    'in a forged completion: 50 links are read, more are dropped, and the real answer comes',
    LIMIT,
    async () => {
      const { clusters } = bySignal;
      /** A call, and what forges a completion of it with so many links. */
      const open = async () => {
        const caller = await startCrossCluster(clusters, requestFor('Gate'));
        const { wrapper, target } = await remoteOf(clusters.b, caller.workflowId);
        const { memo = {} } = await wrapper.describe();
        const forge = (links: number) => {
          const head = completionWith({
            v: 1,
            kind: 'completion',
            callId: memo[MEMO_CALL_ID],
            argsDigest: memo[MEMO_ARGS_DIGEST],
            remote: { wrapperWorkflowId: wrapper.workflowId, workflowId: target.workflowId, runId: 'r' },
            outcome: { status: 'failed', failure: 'HERE' },
          });
          const [[name, { data }] = assert.fail()] = Object.entries(head.header);
          const chain = '{"cause":'.repeat(links - 1) + '{"message":"forged"}' + '}'.repeat(links - 1);
          const text = Buffer.from(data ?? [])
            .toString()
            .replace('"HERE"', chain);
          return { header: { [name]: payloadOf('json/plain', Buffer.from(text)) }, payloads: [] };
        };
        return { caller, target, forge };
      };
      const { caller, target, forge } = await open();
      const deep = [51, 60, 5_000, 100_000];
      for (const links of deep) await sendCompletionTo(clusters.a, caller.workflowId, forge(links));
      await target.signal('open', 'the real answer');
      assert.equal(((await caller.result()) as { result: unknown }).result, 'the real answer');
      assert.equal((await completionsOf(caller)).length, deep.length + 1);
      assert.deepEqual(await taskTroubles(caller), []);

      const other = await open();
      await sendCompletionTo(clusters.a, other.caller.workflowId, other.forge(50));
      const failure = await applicationFailureOf(other.caller);
      assert.deepEqual([failure.type, linksOf(failure).length], ['REMOTE_WORKFLOW_FAILED', 50]);
      await other.target.signal('open', 'too late');
    },
  );
});

describe('a target that tries again what failed with a long chain of causes', () => {
  test('is looked at, and its call ends', LIMIT, async (t) => {
    const stage = await openStage(t);
    await stage.bridge({ env: SOON });
    const { b } = stage.clusters;
    const taskQueue = `by-hand-${randomUUID()}`;
    const caller = await startCrossCluster(stage.clusters, requestFor('Deep', [], { taskQueue }));
    await decideByHand(b, taskQueue, {
      commandType: COMMAND.scheduleActivity,
      scheduleActivityTaskCommandAttributes: {
        activityId: 'tried-again',
        activityType: { name: 'pack' },
        taskQueue: { name: taskQueue },
        startToCloseTimeout: msToTs('30s'),
        scheduleToCloseTimeout: msToTs('10m'),
        retryPolicy: { initialInterval: msToTs('100s') },
      },
    });
    // A server cuts this failure to some 4 KiB, in its texts; without them all links are kept.
    await failActivityDeeply(b, taskQueue, bareDeepFailure(150));
    const { target } = await remoteIdsOf(b, caller);
    await assert.rejects(target.describe(), ({ cause }: Error) => /depth/.test(String(cause)));
    const { lastFailure } = await anchorBackedOff(caller, 3);
    assert.match(lastFailure?.message ?? '', /^running on cluster-b/);
    await caller.cancel();
    await decideByHand(b, taskQueue, {
      commandType: COMMAND.cancel,
      cancelWorkflowExecutionCommandAttributes: {},
    });
    await assert.rejects(
      caller.result(),
      (error: WorkflowFailedError) => error.cause instanceof CancelledFailure,
    );
  });
});

describe('header fields that a caller’s interceptors add', () => {
  const CALLERS = fileURLToPath(new URL('../support/workflows/header-callers.ts', import.meta.url));
  let stage: Stage;
  let workflowBundle: WorkflowBundleWithSourceMap;
  before(async () => {
    stage = await openStage();
    workflowBundle = await bundleWorkflowCode({
      workflowsPath: CALLERS,
      workflowInterceptorModules: [CALLERS],
      logger: SILENT,
    });
    await Promise.all([stage.bridge(), stage.targets(), stage.libraryCallers({ workflowBundle })]);
  });
  after(() => stage.close());

  const start = (workflow: string, added: AddedFields, ...args: unknown[]) =>
    stage.clusters.a.client.workflow.start(workflow, {
      taskQueue: 'callers',
      workflowId: `headers-${randomUUID()}`,
      memo: { added },
      args,
    });
  const targetsOf = ({ workflowId }: WorkflowHandle): string =>
    `WorkflowId STARTS_WITH "bridge-cluster-a-${workflowId}-"`;
  const ECHO = { type: 'Echo', args: ['arrived'] };
  /** A field's name and framing, in bytes. */
  const FIELD_BYTES = 'field-0'.length + 8;
  const MOST = 64 * 1024 - FIELD_BYTES;

  for (const added of [
    { fields: 100, valueBytes: 1 },
    { fields: 1, valueBytes: MOST },
  ])
    test(`${added.fields} of ${added.valueBytes} bytes are taken`, LIMIT, async () => {
      assert.equal(await (await start('Execute', added, ECHO)).result(), 'arrived');
    });

  for (const [type, message, added] of [
    [
      'INVALID_REQUEST',
      /added 101 header fields; expected at most 100; nothing was started/,
      { fields: 101, valueBytes: 1 },
    ],
    [
      'PAYLOAD_TOO_LARGE',
      /fields of 65537 bytes; expected at most 65536; nothing/,
      { fields: 1, valueBytes: MOST + 1 },
    ],
    [
      'PAYLOAD_TOO_LARGE',
      /fields of 6000\d{3} bytes; expected at most 65536/,
      { fields: 6, valueBytes: 1_000_000 },
    ],
  ] as const)
    test(
      `${added.fields} of ${added.valueBytes} bytes are ${type}, and nothing is scheduled`,
      LIMIT,
      async () => {
        const caller = await start('Execute', added, ECHO);
        const failure = await applicationFailureOf(caller);
        assert.equal(failure.type, type);
        assert.match(failure.message, message);
        const { events = [] } = await caller.fetchHistory();
        assert.equal(events?.filter((event) => event.activityTaskScheduledEventAttributes).length, 0);
        assert.deepEqual(await taskTroubles(caller), []);
        const { b } = stage.clusters;
        assert.deepEqual(await listExecutions(b, targetsOf(caller)), []);
      },
    );

  test('too large for a cancellation are left out, and it goes', LIMIT, async () => {
    const added = { fields: 1, valueBytes: MOST + 1, only: CANCEL_ACTIVITY };
    const caller = await start('Execute', added, { type: 'UntilCancelled' });
    await eventually(
      'the target runs',
      async () => (await listExecutions(stage.clusters.b, targetsOf(caller))).length === 1,
    );
    await caller.cancel();
    await assert.rejects(
      caller.result(),
      (error: WorkflowFailedError) => error.cause instanceof CancelledFailure,
    );
    assert.deepEqual(await taskTroubles(caller), []);
  });

  test('too large for today, with which an earlier version had scheduled a call, replay', LIMIT, async () => {
    const caller = await start('Execute', { fields: 1, valueBytes: MOST }, ECHO);
    await caller.result();
    const history = await caller.fetchHistory();
    const begun = history.events?.[0]?.workflowExecutionStartedEventAttributes;
    assert.ok(begun?.memo?.fields?.['added']);
    begun.memo.fields['added'] = jsonPayload({ fields: 1, valueBytes: MOST + 1 });
    await Worker.runReplayHistory({ workflowBundle }, history, caller.workflowId);
  });

  test('that are a trace context of over 4 KiB do not go along, and the call goes on', LIMIT, async () => {
    for (const [bytes, goesAlong] of [
      [MAX_TRACE_CONTEXT_BYTES, true],
      [MAX_TRACE_CONTEXT_BYTES + 1, false],
    ] as const) {
      const workflowId = `traced-${randomUUID()}`;
      const { a } = stage.clusters;
      await a.client.workflowService.startWorkflowExecution({
        namespace: a.namespace,
        workflowId,
        workflowType: { name: 'Execute' },
        taskQueue: { name: 'callers' },
        input: { payloads: [jsonPayload(ECHO)] },
        memo: { fields: { added: jsonPayload({ fields: 0, valueBytes: 0 }) } },
        header: { fields: { [TRACE_HEADER]: payloadOf('json/plain', Buffer.alloc(bytes, 'x')) } },
        requestId: randomUUID(),
      });
      const caller = a.client.workflow.getHandle(workflowId);
      assert.equal(await caller.result(), 'arrived');
      const { events } = await caller.fetchHistory();
      const anchor = events?.find((event) => event.activityTaskScheduledEventAttributes);
      const fields = anchor?.activityTaskScheduledEventAttributes?.header?.fields ?? {};
      assert.equal(Object.hasOwn(fields, TRACE_PARENT_HEADER), goesAlong, `${bytes} bytes`);
    }
  });

  test('to an operation are bounded, too', LIMIT, async () => {
    const attached = await stage.clusters.b.client.workflow.start('Gate', {
      taskQueue: 'targets',
      workflowId: `gate-${randomUUID()}`,
    });
    const steps: Step[] = [{ do: 'signal', name: 'open', args: [1] }];
    const caller = await start(
      'UseHandle',
      { fields: 101, valueBytes: 1 },
      { attachTo: attached.workflowId },
      steps,
    );
    const [end] = (await caller.result()) as EndView[];
    assert.ok(end && 'error' in end);
    assert.equal(end.error.type, 'INVALID_REQUEST');
    await attached.terminate();
  });
});

describe('arguments of an operation', () => {
  let stage: Stage;
  before(async () => {
    stage = await openStage();
    await Promise.all([stage.bridge(), stage.targets(), stage.libraryCallers()]);
  });
  after(() => stage.close());

  // A text's payload has 36 bytes more than characters, and the bridge's own 35.
  const MOST = MAX_ARGUMENTS_BYTES - 36 - 35;
  for (const [what, step] of [
    ['a signal', (chars: number): Step => ({ do: 'signal', name: 'add', args: ['x'.repeat(chars)] })],
    ['an update', (chars: number): Step => ({ do: 'update', name: 'set', args: ['x'.repeat(chars)] })],
    ['a query', (chars: number): Step => ({ do: 'query', name: 'items', args: ['x'.repeat(chars)] })],
  ] as const)
    test(`of ${what} pass up to 1,984 KiB, and are PAYLOAD_TOO_LARGE above`, LIMIT, async () => {
      for (const [chars, type] of [
        [MOST, undefined],
        [MOST + 1, 'PAYLOAD_TOO_LARGE'],
      ] as const) {
        const caller = await stage.start('UseHandle', { type: 'Collector' }, [
          step(chars),
          { do: 'terminate' },
        ]);
        const [end] = (await caller.result()) as EndView[];
        assert.equal(
          end && 'error' in end ? end.error.type : undefined,
          type,
          JSON.stringify(end).slice(0, 500),
        );
      }
    });
});
