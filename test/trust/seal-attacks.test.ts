/**
 * The seal against somebody who may write to B's namespace: whatever he starts or schedules there, A gains no signal and no
 * request; the refusal is counted, logged, and final.
 */
import assert from 'node:assert/strict';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { WorkflowHandle } from '@temporalio/client';
import { createSealer } from '../../src/bridge/seal.js';
import type { SealedReplyAddress } from '../../src/shared/wire/call-envelope.js';
import { REMOTE_CALL_HEADER } from '../../src/shared/names.js';
import { jsonPayload } from '../../src/shared/payloads.js';
import { encodeStarted } from '../../src/shared/wire/completion-envelope.js';
import type { StolenEnvelope } from '../support/attacker.js';
import { Attacker } from '../support/attacker.js';
import type { BridgeProcess } from '../support/bridge-process.js';
import { spawnBridge } from '../support/bridge-process.js';
import { completionsOf } from '../support/completions.js';
import type { FaultProxy } from '../support/fault-proxy.js';
import { bridgeEnv } from '../support/harness.js';
import { eventually, listExecutions, remoteOf, whenClosed } from '../support/inspect.js';
import { scrape } from '../support/prometheus.js';
import type { SealKeyFiles } from '../support/seal-keys.js';
import { createSealKeyFiles } from '../support/seal-keys.js';
import type { Stage } from '../support/stage.js';
import { openStage } from '../support/stage.js';

const LIMIT = { timeout: 120_000 };
/** A refused delivery, as the activity returns it: the attacker's retry policy gets no second try. */
const REFUSED = 'seal-refused';

describe('somebody who may write to B’s namespace', () => {
  let stage: Stage;
  let keys: SealKeyFiles;
  let toA: FaultProxy;
  let handler: BridgeProcess;
  let attacker: Attacker;
  /** Two open calls, whose wrappers' histories the attacker may read. */
  let caller: WorkflowHandle;
  let envelope: StolenEnvelope;
  let other: WorkflowHandle;
  let otherEnvelope: StolenEnvelope;

  before(async () => {
    [stage, keys] = await Promise.all([openStage(), createSealKeyFiles()]);
    toA = await stage.proxy('a');
    const env = { ...keys.handler, BRIDGE_LEASE_FIRST: '100ms', BRIDGE_LEASE_MAX: '100ms' };
    [handler] = await Promise.all([
      spawnBridge('handler', bridgeEnv(stage.clusters, { env, addressOfA: toA.address })),
      stage.bridgeProcess('caller', keys.caller),
      stage.targets(),
      stage.libraryCallers(),
    ]);
    await handler.ready();
    attacker = new Attacker(stage.clusters.b);
  });
  after(async () => {
    await handler.stop();
    await stage.close();
    await keys.remove();
  });
  beforeEach(async () => {
    [[caller, envelope], [other, otherEnvelope]] = await Promise.all([openCall(), openCall()]);
  });

  /** A call that waits, and its envelope. It looks at no caller's life: the lease is the attacker's matter here. */
  async function openCall(): Promise<[WorkflowHandle, StolenEnvelope]> {
    const handle = await stage.start('Execute', { type: 'Gate', parentClosePolicy: 'ABANDON' });
    const { wrapper } = await remoteOf(stage.clusters.b, handle.workflowId);
    return [handle, await attacker.steal(wrapper.workflowId)];
  }

  const sealOf = ({ replyTo }: StolenEnvelope): SealedReplyAddress => replyTo;
  const refusedOf = async (reason: string) =>
    (await scrape(handler)).sum('bridge_calls_refused', { reason }) ?? 0;
  const linesOf = (message: RegExp) => handler.logs.filter(({ msg }) => message.test(msg)).length;
  /** All that a caller's cluster can be asked by the handler side, but for its own heartbeat. */
  const requestsToA = (): Record<string, number | undefined> => {
    const { SignalWorkflowExecution, DescribeWorkflowExecution } = toA.calls();
    return { SignalWorkflowExecution, DescribeWorkflowExecution };
  };

  /** Both callers have got no signal, and both calls end with their targets' own answers. */
  async function assertUnharmed(): Promise<void> {
    for (const handle of [caller, other]) {
      assert.deepEqual(await completionsOf(handle), []);
      const { target } = await remoteOf(stage.clusters.b, handle.workflowId);
      await target.signal('open', `the answer to ${handle.workflowId}`);
      assert.equal(await handle.result(), `the answer to ${handle.workflowId}`);
      assert.equal((await completionsOf(handle)).length, 1, 'the real answer came by signal');
    }
  }

  /** Attacks, and checks that nothing of it reaches A, that it is counted `n` times, and logged as often. */
  async function assertRefused(
    attack: () => Promise<unknown>,
    { reason = 'seal-invalid', line = /^Completion not sent: the seal is not good$/, n = 1 } = {},
  ): Promise<void> {
    const before = { requests: requestsToA(), counted: await refusedOf(reason), lines: linesOf(line) };
    await attack();
    assert.equal((await refusedOf(reason)) - before.counted, n, `counted as ${reason}`);
    assert.equal(linesOf(line) - before.lines, n, 'logged once for each');
    assert.deepEqual(requestsToA(), before.requests);
    await assertUnharmed();
  }

  /** A delivery that is refused for good, at its first attempt. */
  async function deliverInVain(spoilt: unknown, workflowId?: string): Promise<void> {
    const { result, attempt } = await attacker.deliver(spoilt, workflowId);
    assert.equal(result?.delivered, REFUSED, JSON.stringify(result));
    assert.equal(attempt, 1);
  }

  const withSeal = (seal: Partial<SealedReplyAddress>, of = envelope): StolenEnvelope => ({
    ...of,
    replyTo: { ...of.replyTo, ...seal },
  });

  describe('with a delivery of his own workflow', () => {
    test('and a genuine seal, copied from an open call, under another workflow id', LIMIT, () =>
      assertRefused(() => deliverInVain(envelope)),
    );

    test('and the seal of one call for another call', LIMIT, () =>
      assertRefused(() => deliverInVain({ ...envelope, replyTo: otherEnvelope.replyTo })),
    );

    test('and the call id of one call in the envelope of another', LIMIT, () =>
      assertRefused(() => deliverInVain({ ...envelope, callId: otherEnvelope.callId })),
    );

    for (const [what, alter] of [
      ['workflow', () => ({ workflowId: other.workflowId })],
      ['run', () => ({ runId: otherEnvelope.replyTo.runId })],
      ['first run', () => ({ firstRunId: otherEnvelope.replyTo.firstRunId })],
      ['namespace', () => ({ namespace: 'default' })],
      ['cluster', () => ({ sourceCluster: 'cluster-b' })],
      ['call', () => ({ callId: otherEnvelope.callId })],
    ] as const)
      test(`and a genuine seal that was altered to another ${what}`, LIMIT, () =>
        assertRefused(() => deliverInVain(withSeal(alter()))),
      );

    test('and a genuine seal that was altered to name his own workflow as the wrapper', LIMIT, () =>
      assertRefused(async () => {
        const workflowId = `attack-${randomUUID()}`;
        await deliverInVain(withSeal({ wrapperWorkflowId: workflowId }), workflowId);
      }),
    );

    for (const [what, spoil] of [
      ['truncated', (signature: Buffer) => signature.subarray(0, 40)],
      ['of one byte', () => Buffer.of(1)],
      ['of zeros', () => Buffer.alloc(64)],
      ['with a byte more', (signature: Buffer) => Buffer.concat([signature, Buffer.of(0)])],
    ] as const)
      test(`and a seal whose signature is ${what}`, LIMIT, () =>
        assertRefused(() => {
          const signature = spoil(Buffer.from(sealOf(envelope).signature, 'base64')).toString('base64');
          return deliverInVain(withSeal({ signature }));
        }),
      );

    test('and a seal whose signature is empty', LIMIT, () =>
      assertRefused(() => refusedAsNoCall(withSeal({ signature: '' })), NO_CALL),
    );

    test('and a seal that he signed himself, under the name of the bridge’s key', LIMIT, () =>
      assertRefused(async () => {
        const workflowId = `attack-${randomUUID()}`;
        const forged = createSealer(generateKeyPairSync('ed25519').privateKey).seal({
          ...sealOf(envelope),
          wrapperWorkflowId: workflowId,
        });
        const { keyId } = sealOf(envelope);
        await deliverInVain(withSeal({ ...forged, keyId }), workflowId);
      }),
    );

    const NO_CALL = {
      reason: 'envelope-invalid',
      line: /^Activity refused: it was not scheduled by a wrapper/,
    };
    async function refusedAsNoCall(spoilt: unknown): Promise<void> {
      const { failure, attempt } = await attacker.deliver(spoilt);
      assert.equal(failure, 'INVALID_REQUEST');
      assert.equal(attempt, 1, 'it is not tried again');
    }

    test('and a seal of another version', LIMIT, () =>
      assertRefused(() => refusedAsNoCall(withSeal({ v: 2 as unknown as 1 })), NO_CALL),
    );

    test('and an envelope of another version', LIMIT, () =>
      assertRefused(() => refusedAsNoCall({ ...envelope, v: 2 }), NO_CALL),
    );

    test('and no seal, no envelope, or what is none', LIMIT, () =>
      assertRefused(
        async () => {
          const { replyTo: _, ...unsealed } = envelope;
          for (const spoilt of [unsealed, null, [], 'text']) await refusedAsNoCall(spoilt);
        },
        { ...NO_CALL, n: 4 },
      ),
    );

    test('and the word of a start instead of an outcome', LIMIT, () =>
      assertRefused(async () => {
        const started = encodeStarted({
          ...envelope,
          remote: { wrapperWorkflowId: 'w', workflowId: 't', runId: 'r' },
        });
        const { result } = await attacker.schedule(
          'SendCompletion',
          { [REMOTE_CALL_HEADER]: jsonPayload(envelope), 'temporal-bridge-completion': started },
          { payloads: [] },
        );
        assert.equal(result?.delivered, REFUSED);
      }),
    );
  });

  test('with a key that nobody knows is kept waiting, and that is counted, for an alert', LIMIT, async () => {
    const WAITS = /^Call waits: its seal is of a key that this handler side does not know$/;
    const before = { requests: requestsToA(), counted: await refusedOf('seal-key-unknown') };
    const lines = linesOf(WAITS);
    const workflowId = `attack-${randomUUID()}`;
    const forged = createSealer(generateKeyPairSync('ed25519').privateKey).seal({
      ...sealOf(envelope),
      wrapperWorkflowId: workflowId,
    });
    const { failure, attempt } = await attacker.deliver({ ...envelope, replyTo: forged }, workflowId);
    assert.equal(failure, 'BridgeError');
    assert.equal(attempt, 4, 'as often as his own retry policy says');
    assert.equal((await refusedOf('seal-key-unknown')) - before.counted, 4);
    assert.equal(linesOf(WAITS) - lines, 4);
    assert.deepEqual(requestsToA(), before.requests);
    await assertUnharmed();
  });

  test('with a wrapper of his own has no target started, and nobody told', LIMIT, () =>
    assertRefused(
      async () => {
        const stolen = { ...envelope, target: { ...envelope.target, workflowId: `stolen-${randomUUID()}` } };
        const id = await attacker.startWrapper(stolen);
        const wrapper = stage.clusters.b.client.workflow.getHandle(id);
        const report = (await wrapper.result()) as { refusal: { type: string }; delivered: string };
        assert.equal(report.refusal.type, 'SEAL_INVALID');
        assert.equal(report.delivered, REFUSED);
        assert.deepEqual(
          await listExecutions(stage.clusters.b, `WorkflowId = "${stolen.target.workflowId}"`),
          [],
        );
      },
      { n: 2, line: /^(?:Call refused|Completion not sent: the seal is not good)$/ },
    ),
  );

  test('with a wrapper of the CLI, which has no envelope, sees it fail', LIMIT, async () => {
    const before = requestsToA();
    const id = `bridge-call-${randomUUID()}`;
    const type = ['--type', 'RemoteCallWorkflow', '--task-queue', 'bridge-handler-queue'];
    await attacker.cli('workflow', 'start', ...type, '--workflow-id', id, '--input', '"forged"');
    const wrapper = stage.clusters.b.client.workflow.getHandle(id);
    assert.equal((await whenClosed(wrapper)).status.name, 'FAILED');
    assert.deepEqual(requestsToA(), before);
    await assertUnharmed();
  });

  test('has no caller looked at by a lease of his own', LIMIT, () =>
    assertRefused(
      async () => {
        const { attempt, result } = await attacker.schedule('WatchCaller', {
          [REMOTE_CALL_HEADER]: jsonPayload(envelope),
        });
        assert.equal(attempt, 2, 'the first attempt looks at nobody');
        assert.deepEqual(result, {});
      },
      { line: /^Caller not looked at: the seal is not good$/ },
    ),
  );

  test(
    'in the place of the real wrapper can answer for the target, once, and nothing else',
    LIMIT,
    async () => {
      // What B's own namespace says is B's to forge; see docs/security.md.
      const { wrapperWorkflowId } = sealOf(envelope);
      await attacker.cli('workflow', 'terminate', '--workflow-id', wrapperWorkflowId);
      const before = requestsToA();
      const first = await attacker.deliver(envelope, wrapperWorkflowId);
      assert.equal(first.result?.delivered, 'signal');
      assert.equal(await caller.result(), 'forged');
      await attacker.deliver(envelope, wrapperWorkflowId);
      assert.equal((await completionsOf(caller)).length, 1);
      // With this id, too, only for this call.
      await deliverInVain(otherEnvelope, wrapperWorkflowId);
      await deliverInVain({ ...envelope, replyTo: otherEnvelope.replyTo }, wrapperWorkflowId);
      assert.deepEqual(await completionsOf(other), []);
      assert.ok(
        (requestsToA()['SignalWorkflowExecution'] ?? 0) - (before['SignalWorkflowExecution'] ?? 0) <= 3,
      );
    },
  );

  test('sends the same word again to a caller that lives, and it is one event', LIMIT, async () => {
    const handle = await stage.start('ExecuteThenWait', { type: 'Gate', parentClosePolicy: 'ABANDON' });
    const { wrapper } = await remoteOf(stage.clusters.b, handle.workflowId);
    const stolen = await attacker.steal(wrapper.workflowId);
    await attacker.cli('workflow', 'terminate', '--workflow-id', wrapper.workflowId);
    for (let n = 0; n < 3; n += 1) await attacker.deliver(stolen, wrapper.workflowId);
    await eventually('the caller has its answer', async () => (await completionsOf(handle)).length > 0);
    assert.equal((await completionsOf(handle)).length, 1);
    await handle.terminate();
  });
});
