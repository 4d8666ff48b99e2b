import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { Payload } from '@temporalio/common';
import { COMPLETION_HEADER } from '../../src/shared/names.js';
import { payloadOf } from '../../src/shared/payloads.js';
import type { CompletionSignal } from '../support/completions.js';
import {
  completionWith,
  completionsOf,
  envelopeOf,
  firstCompletion,
  sendCompletionTo,
} from '../support/completions.js';
import type { TestBridge, TestWorker, TwoClusters } from '../support/harness.js';
import { createTwoClusters, startBridge, startCallers, startTargets } from '../support/harness.js';
import { remoteOf, taskTroubles } from '../support/inspect.js';

const LIMIT = { timeout: 60_000 };

/** A real completion's envelope, to be spoilt. */
type Real = Record<string, unknown> & { readonly outcome: Record<string, unknown> };

const headerOf = (payload: Payload): CompletionSignal => ({
  header: { [COMPLETION_HEADER]: payload },
  payloads: [],
});
const text = (words: string) => payloadOf('json/plain', Buffer.from(words));
const failedWith = (real: Real, failure: unknown, payloads: Payload[] = []) =>
  completionWith({ ...real, outcome: { status: 'failed', failure } }, payloads);

/** Signals that are no completion of the call whose real envelope is given. */
const SPOILT: Readonly<Record<string, (real: Real) => CompletionSignal>> = {
  'without a header': () => ({ header: {}, payloads: [text('"forged"')] }),
  'with an empty header field': () => headerOf({ metadata: {}, data: new Uint8Array() }),
  'with a header that is not JSON': () => headerOf(text('{"v":1,')),
  'with a header that is not UTF-8': () => headerOf(payloadOf('json/plain', Uint8Array.of(0xff, 0xfe))),
  'with a header that is no object': () => completionWith([1, 2, 3]),
  'with a header of null': () => completionWith(null),
  'with a header nested too deeply': () => headerOf(text('['.repeat(20_000) + ']'.repeat(20_000))),
  'of a newer version': (real) => completionWith({ ...real, v: 2 }),
  'of no version': ({ v: _v, ...real }) => completionWith(real),
  'of another kind': (real) => completionWith({ ...real, kind: 'call' }),
  'for another call': (real) => completionWith({ ...real, callId: 'f'.repeat(64) }),
  'for a call id that is none': (real) => completionWith({ ...real, callId: '../x' }),
  'without a remote execution': ({ remote: _remote, ...real }) => completionWith(real),
  'with an unknown outcome': (real) => completionWith({ ...real, outcome: { status: 'sold' } }),
  'with an unknown refusal': (real) =>
    completionWith({ ...real, outcome: { status: 'refused', type: 'NEW_TYPE', message: 'm', details: {} } }),
  'with a failure that is none': (real) => failedWith(real, 'broken'),
  'with a failure whose payload is not there': (real) =>
    failedWith(real, { message: 'm', applicationFailureInfo: { type: 'T', details: { $p: [7] } } }),
  'with arguments of an unknown encoding': (real) =>
    completionWith({ ...real, callId: 'd'.repeat(64) }, [
      payloadOf('binary/encrypted', Uint8Array.of(1, 2, 3)),
    ]),
  'with a thousand arguments': (real) =>
    completionWith(
      { ...real, callId: 'e'.repeat(64) },
      Array.from({ length: 1000 }, () => payloadOf('nobody/knows', Uint8Array.of(1))),
    ),
};

/** Failures with fields of wrong types: one that came this far might fail the task that passes it on. */
const MISTYPED: readonly unknown[] = [
  { message: 7 },
  { message: { a: 1 }, stackTrace: [1] },
  { message: 'm', applicationFailureInfo: 'text' },
  { message: 'm', applicationFailureInfo: { type: 1, nonRetryable: 'yes', details: 'none' } },
  { message: 'm', timeoutFailureInfo: { timeoutType: 'LATE' } },
  { message: 'm', cause: 'text' },
  { message: 'm', cause: { cause: { applicationFailureInfo: { nextRetryDelay: 'soon' } } } },
  { message: 'm', encodedAttributes: 'text' },
  { message: 'm', childWorkflowExecutionFailureInfo: { initiatedEventId: {}, workflowExecution: 1 } },
];

describe('a caller that gets signals which are no completion of its call', () => {
  let clusters: TwoClusters;
  let bridge: TestBridge;
  let targets: TestWorker;
  let callers: TestWorker;
  let real: Real;

  before(async () => {
    clusters = await createTwoClusters();
    [bridge, targets, callers] = await Promise.all([
      startBridge(clusters),
      startTargets(clusters.b),
      startCallers(clusters.a),
    ]);
    // The envelope of a real completion, with the call id of a caller that is still to be started.
    const model = await start('CallTwice');
    await open(model.workflowId, 'model');
    real = envelopeOf(await firstCompletion(model)) as Real;
    await model.terminate();
  });
  after(async () => {
    await bridge.stop();
    await Promise.all([targets.stop(), callers.stop()]);
    await clusters.close();
  });

  function start(workflowType: string, queue = 'callers') {
    return clusters.a.client.workflow.start(workflowType, {
      taskQueue: queue,
      workflowId: `spoilt-${randomUUID()}`,
      args: [{ workflowType: 'Gate', key: 'order-1' }],
    });
  }

  async function open(callerId: string, value: unknown): Promise<void> {
    const { target } = await remoteOf(clusters.b, callerId);
    await target.signal('open', value);
  }

  /** The envelope that the real completion of a running call will have. */
  async function envelopeFor(callerId: string): Promise<Real> {
    const { wrapper } = await remoteOf(clusters.b, callerId);
    const { memo } = await wrapper.describe();
    return { ...real, callId: String(memo?.['bridge-call-id']) };
  }

  for (const [what, spoil] of Object.entries(SPOILT)) {
    test(`takes none ${what}, and gets the real answer`, LIMIT, async () => {
      const caller = await start('CallOnce');
      await sendCompletionTo(clusters.a, caller.workflowId, spoil(await envelopeFor(caller.workflowId)));
      await open(caller.workflowId, 'the real answer');
      assert.equal(await caller.result(), 'the real answer');
      assert.equal((await completionsOf(caller)).length, 2, 'the answer came by signal');
      assert.deepEqual(await taskTroubles(caller), []);
    });
  }

  test('takes none whose failure has fields of wrong types', LIMIT, async () => {
    const caller = await start('CallOnce');
    const envelope = await envelopeFor(caller.workflowId);
    for (const failure of MISTYPED)
      await sendCompletionTo(clusters.a, caller.workflowId, failedWith(envelope, failure));
    await open(caller.workflowId, 'the real answer');
    assert.equal(await caller.result(), 'the real answer');
    assert.deepEqual(await taskTroubles(caller), []);
  });
});
