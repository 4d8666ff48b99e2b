/** The inbox of completions: kept until awaited, taken once, bounded. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MAX_KEPT_COMPLETIONS } from '../../src/shared/limits.js';
import type { Completion } from '../../src/shared/wire/completion-envelope.js';
import type { CompletedCall } from '../../src/workflow/completion-inbox.js';
import { CompletionInbox, completionInbox } from '../../src/workflow/completion-inbox.js';
import { REMOTE } from '../support/wire-samples.js';

/** A call id whose second half, by which a caller goes, is this name. */
const callIdFor = (name: string, first = '0') => first.repeat(32) + name;

/** A call as the inbox knows it: its id, and a digest of what was asked for. */
const call = (name: string, argsDigest = 'digest'): CompletedCall => ({
  callId: callIdFor(name),
  argsDigest,
});

const completion = (name: string, message = 'first', argsDigest = 'digest'): Completion => ({
  callId: callIdFor(name),
  argsDigest,
  remote: REMOTE,
  outcome: { status: 'refused', refusal: { type: 'CALL_EXPIRED', message, details: {} } },
});

/** What a promise gives, if it is settled already. */
async function settledValue<T>(promise: Promise<T>): Promise<T | 'pending'> {
  await Promise.resolve();
  return Promise.race([promise, Promise.resolve('pending' as const)]);
}

describe('a completion', () => {
  it('is delivered to the call that awaits it, and to no other', async () => {
    const inbox = new CompletionInbox();
    const [one, two] = [inbox.expect(call('one')), inbox.expect(call('two'))];
    assert.equal(inbox.take(completion('one')), 'delivered');
    assert.deepEqual(await one, completion('one'));
    assert.equal(await settledValue(two), 'pending');
  });

  it('is delivered in a replay, whose namespace makes another first half of the call id', async () => {
    const inbox = new CompletionInbox();
    const replayed = inbox.expect({ ...call('one'), callId: callIdFor('one', '1') });
    assert.equal(inbox.take(completion('one')), 'delivered');
    assert.deepEqual(await settledValue(replayed), completion('one'));
  });

  it('is not delivered to a call that asks for something else under the same id', async () => {
    const inbox = new CompletionInbox();
    const [same, other] = [inbox.expect(call('one')), inbox.expect(call('one', 'other digest'))];
    assert.equal(inbox.take(completion('one')), 'delivered');
    assert.deepEqual(await same, completion('one'));
    assert.equal(await settledValue(other), 'pending');
  });

  it('is delivered to each who awaits it', async () => {
    const inbox = new CompletionInbox();
    const waiting = [inbox.expect(call('call')), inbox.expect(call('call'))];
    assert.equal(inbox.take(completion('call')), 'delivered');
    assert.deepEqual(await Promise.all(waiting.map(settledValue)), [completion('call'), completion('call')]);
  });

  it('that came first is kept until it is awaited', async () => {
    const inbox = new CompletionInbox();
    assert.equal(inbox.take(completion('call')), 'kept');
    assert.deepEqual(await settledValue(inbox.expect(call('call'))), completion('call'));
  });

  it('is taken once: the second of a call is dropped, awaited or not', async () => {
    const inbox = new CompletionInbox();
    inbox.take(completion('early'));
    assert.equal(inbox.take(completion('early', 'second')), 'dropped');
    assert.deepEqual(await inbox.expect(call('early')), completion('early'));

    const awaited = inbox.expect(call('awaited'));
    inbox.take(completion('awaited'));
    assert.equal(inbox.take(completion('awaited', 'second')), 'dropped');
    assert.deepEqual(await awaited, completion('awaited'));
  });

  it('of a call that has ended is dropped, also if it was kept before', async () => {
    const inbox = new CompletionInbox();
    const waiting = inbox.expect(call('ended'));
    inbox.settle(call('ended'));
    assert.equal(inbox.take(completion('ended')), 'dropped');
    assert.equal(await settledValue(waiting), 'pending');

    inbox.take(completion('kept'));
    inbox.settle(call('kept'));
    assert.equal(inbox.take(completion('kept')), 'dropped');
    assert.equal(await settledValue(inbox.expect(call('kept'))), 'pending');
  });

  it('that nobody awaits is kept up to a bound, and the oldest goes first', async () => {
    const inbox = new CompletionInbox();
    for (let n = 0; n <= MAX_KEPT_COMPLETIONS; n += 1) assert.equal(inbox.take(completion(`c${n}`)), 'kept');
    assert.equal(MAX_KEPT_COMPLETIONS, 1000);
    assert.equal(await settledValue(inbox.expect(call('c0'))), 'pending');
    assert.deepEqual(await settledValue(inbox.expect(call('c1'))), completion('c1'));
    assert.deepEqual(await settledValue(inbox.expect(call('c1000'))), completion('c1000'));
  });

  it('does not push out another by coming twice', async () => {
    const inbox = new CompletionInbox();
    for (let n = 0; n < MAX_KEPT_COMPLETIONS; n += 1) inbox.take(completion(`c${n}`));
    for (let n = 0; n < 5; n += 1) assert.equal(inbox.take(completion('c7', 'again')), 'dropped');
    assert.deepEqual(await settledValue(inbox.expect(call('c0'))), completion('c0'));
  });

  it('for a call id like a name of the language is one as any other', async () => {
    const inbox = new CompletionInbox();
    for (const callId of ['__proto__', 'constructor', '']) {
      const waiting = inbox.expect(call(callId));
      assert.equal(inbox.take(completion(callId)), 'delivered');
      assert.deepEqual(await waiting, completion(callId));
    }
  });
});

describe('the workflow’s inbox', () => {
  it('is one, shared by all copies of the package', () => {
    assert.equal(completionInbox(), completionInbox());
    const key = Symbol.for('temporal-bridge.completion-inbox/1');
    assert.equal((globalThis as Record<symbol, unknown>)[key], completionInbox());
  });
});
