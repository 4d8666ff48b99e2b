/**
 * Completion signals that are not ours, to callers that wait: none is taken, each is logged and counted once, by the
 * worker that runs the caller, and the call's own answer still comes by signal.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { WorkflowHandle } from '@temporalio/client';
import type { Payload } from '@temporalio/common';
import { COMPLETION_HEADER } from '../../src/shared/names.js';
import { payloadOf } from '../../src/shared/payloads.js';
import type { CompletionSignal } from '../support/completions.js';
import { completionWith, completionsOf, sendCompletionTo } from '../support/completions.js';
import { requestFor, startCrossCluster } from '../support/harness.js';
import type { HostileStage } from '../support/hostile-stage.js';
import { openHostileStage } from '../support/hostile-stage.js';
import { eventually, remoteOf, whenTaken } from '../support/inspect.js';
import { REMOTE } from '../support/wire-samples.js';

const LIMIT = { timeout: 180_000 };
const bytes = (text: string) => Buffer.from(text);
const headerOf = (data: Uint8Array, name = COMPLETION_HEADER): CompletionSignal => ({
  header: Object.fromEntries([[name, payloadOf('json/plain', data)]]),
  payloads: [],
});

/** A completion of a call that nobody has made; its outcome is a good one. */
const stranger = (callId: string, more: object = {}, payloads?: readonly Payload[]): CompletionSignal =>
  completionWith(
    {
      v: 1,
      kind: 'completion',
      callId,
      argsDigest: 'd'.repeat(64),
      remote: REMOTE,
      outcome: { status: 'completed' },
      ...more,
    },
    payloads,
  );
const deep = `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`;
const reference = payloadOf('json/protobuf', bytes('{"driverName":7'));
const messageType = bytes('temporal.api.sdk.v1.ExternalStorageReference');

/** Signals that cannot be read. */
const UNREADABLE: readonly CompletionSignal[] = [
  { header: {}, payloads: [] },
  headerOf(bytes('')),
  headerOf(bytes('{"v":1,"kind"')),
  headerOf(bytes(deep)),
  headerOf(Uint8Array.of(0xff, 0xfe)),
  headerOf(Buffer.from('{"v":1}', 'utf16le')),
  headerOf(bytes('\u001b[31m\u202e\n'.repeat(2000))),
  headerOf(bytes('{"v":1}'), '__proto__'),
  headerOf(bytes('{"__proto__":{"v":1,"kind":"completion"}}')),
  stranger('a'.repeat(64), { v: 99 }),
  stranger('a'.repeat(64), { kind: '__proto__' }),
  stranger('not a call id\n'),
  stranger('a'.repeat(64), { outcome: { status: 'toString' } }),
  stranger('a'.repeat(64), { outcome: { status: 'failed', failure: { applicationFailureInfo: [] } } }),
];
/** Signals that can be read, for calls that nobody made. */
const UNKNOWN: readonly CompletionSignal[] = [
  stranger('a'.repeat(64)),
  stranger('b'.repeat(64), {}, []),
  stranger(
    'c'.repeat(64),
    {},
    Array.from({ length: 100 }, (_, n) => payloadOf('nobody/knows', Uint8Array.of(n))),
  ),
  stranger('d'.repeat(64), { kind: 'started' }),
  // A worker without such a storage fails the workflow task on it: the bridge's own do not.
  stranger('e'.repeat(64), {}, [{ ...reference, metadata: { ...reference.metadata, messageType } }]),
];

describe('a caller that waits', () => {
  let hostile: HostileStage;
  before(async () => {
    // Each workflow task replays all that came before: what is told again there would be counted.
    hostile = await openHostileStage({ BRIDGE_MAX_CACHED_WORKFLOWS: '0' });
  });
  after(() => hostile.closeSound());

  const counted = (reason: string) => hostile.count('bridge_inputs_refused', { reason });

  async function waiting(): Promise<WorkflowHandle> {
    const caller = await startCrossCluster(hostile.stage.clusters, requestFor('Gate'));
    await eventually('its target runs', () =>
      remoteOf(hostile.stage.clusters.b, caller.workflowId).then(
        () => true,
        () => false,
      ),
    );
    return caller;
  }
  const send = async (caller: WorkflowHandle, signals: readonly CompletionSignal[]): Promise<void> => {
    for (const signal of signals) await sendCompletionTo(hostile.stage.clusters.a, caller.workflowId, signal);
    await whenTaken(caller, signals.length);
  };
  async function answer(caller: WorkflowHandle, sent: number): Promise<void> {
    const { target } = await remoteOf(hostile.stage.clusters.b, caller.workflowId);
    await target.signal('open', 'the real answer');
    const { result } = (await caller.result()) as { result: unknown };
    assert.equal(result, 'the real answer');
    assert.equal((await completionsOf(caller)).length, sent + 1, 'the answer came by signal');
  }

  for (const [what, signals, reason, line] of [
    ['cannot be read', UNREADABLE, 'signal-unreadable', /^Completion dropped: it cannot be read$/],
    ['are for calls that nobody made', UNKNOWN, 'signal-not-awaited', /^Completion kept: nobody awaits/],
  ] as const)
    test(`is not disturbed by signals that ${what}`, LIMIT, async () => {
      const caller = await waiting();
      const before = { counted: await counted(reason), lines: hostile.lines(line) };
      await send(caller, signals);
      await answer(caller, signals.length);
      await eventually('all are logged', () => hostile.lines(line) - before.lines >= signals.length);
      assert.equal((await counted(reason)) - before.counted, signals.length, 'counted once each');
      assert.equal(hostile.lines(line) - before.lines, signals.length, 'logged once each');
    });

  test('takes no second copy of what it got, which is counted', LIMIT, async () => {
    const caller = await waiting();
    const copy = stranger('f'.repeat(64));
    const before = await counted('signal-repeated');
    await send(caller, [copy, copy, copy]);
    await answer(caller, 3);
    await eventually('both are counted', async () => (await counted('signal-repeated')) - before >= 2);
    assert.equal((await counted('signal-repeated')) - before, 2);
  });
});
