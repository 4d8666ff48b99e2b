/** `temporal-bridge/testing`: callers are tested in the SDK's test environment, without a second cluster. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ApplicationFailure } from '@temporalio/common';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import type { FakeBridge, FakeBridgeOptions, FakeCall } from '../../src/testing.js';
import { fakeRefusal, fakeTermination, fakeTimeout, startFakeBridge } from '../../src/testing.js';
import { readTestEnv } from '../support/test-env.js';
import type { TestWorker } from '../support/harness.js';
import { ensureRuntime, startLibraryCallers } from '../support/harness.js';
import type { EndView } from '../support/workflows/library-callers.js';

describe('a caller with a fake bridge', () => {
  let env: TestWorkflowEnvironment;
  let caller: TestWorker;
  let bridge: FakeBridge | undefined;
  let runs = 0;

  const fake = async (workflows: FakeBridgeOptions['workflows']): Promise<FakeBridge> => {
    await bridge?.stop();
    bridge = await startFakeBridge({ connection: env.nativeConnection, client: env.client, workflows });
    return bridge;
  };
  const call = <R>(workflow: string, ...args: unknown[]): Promise<R> => {
    runs += 1;
    return env.client.workflow.execute(workflow, {
      taskQueue: 'callers',
      workflowId: `run-${runs}`,
      args,
    }) as Promise<R>;
  };
  const errorOf = async (type: string): Promise<Extract<EndView, { error: unknown }>['error']> => {
    const end = await call<EndView>('ExecuteAndTell', { type });
    assert.ok('error' in end, JSON.stringify(end));
    return end.error;
  };

  before(async () => {
    readTestEnv();
    ensureRuntime();
    env = await TestWorkflowEnvironment.createLocal({
      server: { executable: { type: 'existing-path', path: process.env['TB_TEST_CLI'] ?? '' } },
    });
    caller = await startLibraryCallers({ address: env.address, namespace: env.namespace ?? 'default' });
  });
  after(async () => {
    await bridge?.stop();
    await caller.stop();
    await env.teardown();
  });

  test('gets what the fake target returns, and the test sees what was asked for', async () => {
    const { calls } = await fake({ Double: (n: number) => n * 2 });
    assert.equal(await call('Execute', { type: 'Double', args: [21], taskQueue: 'q', cluster: 'eu' }), 42);
    const [seen] = calls;
    assert.deepEqual([seen?.workflowType, seen?.taskQueue, seen?.cluster], ['Double', 'q', 'eu']);
  });

  test('gets each kind of ending', async () => {
    await fake({
      Fails: () => {
        throw ApplicationFailure.create({
          type: 'OutOfStock',
          message: 'none',
          nonRetryable: true,
          details: [7],
        });
      },
      Throws: () => {
        throw new RangeError('plain');
      },
      TimesOut: () => {
        throw fakeTimeout();
      },
      IsTerminated: () => {
        throw fakeTermination();
      },
      Expires: () => {
        throw fakeRefusal('CALL_EXPIRED', 'too late', { started: 'unknown' });
      },
      Nothing: () => undefined,
    });
    const failed = await errorOf('Fails');
    assert.equal(failed.type, 'REMOTE_WORKFLOW_FAILED');
    assert.deepEqual([failed.cause?.type, failed.cause?.details], ['OutOfStock', [7]]);
    assert.equal((await errorOf('Throws')).cause?.type, 'RangeError');
    assert.equal((await errorOf('TimesOut')).type, 'REMOTE_WORKFLOW_TIMED_OUT');
    assert.equal((await errorOf('IsTerminated')).type, 'REMOTE_WORKFLOW_TERMINATED');
    const expired = await errorOf('Expires');
    assert.equal(expired.type, 'CALL_EXPIRED');
    assert.equal((expired.details as { started: string }[])[0]?.started, 'unknown');
    assert.deepEqual(await call('ExecuteAndTell', { type: 'Nothing' }), { isUndefined: true });
    const unknown = await errorOf('Unknown');
    assert.equal(unknown.type, 'TARGET_NOT_ALLOWED');
    assert.match(unknown.message, /no fake for Unknown; the test has: Fails, /);
  });

  test('waits for a delayed fake target', async () => {
    await fake({ Late: { delay: '200ms', run: () => 'late' } });
    assert.equal(await call('Execute', { type: 'Late' }), 'late');
  });

  test('works with a handle: signals, a query, an update, and the result by signal', async () => {
    const items = ({ signals }: FakeCall) =>
      signals.filter(({ name }) => name === 'add').map(({ args }) => args[0]);
    await fake({
      Collector: {
        run: async (target: FakeCall) => {
          await target.nextSignal('done');
          return items(target);
        },
        queries: { items },
        updates: { set: (_target: FakeCall, item: unknown) => ({ set: item }) },
      },
    });
    assert.deepEqual(await call('SignalAtOnce', { type: 'Collector' }, ['a']), {
      seen: ['a'],
      updated: { set: 'last' },
      result: ['a'],
    });
    const [unknown, refused] = await call<EndView[]>('UseHandle', { type: 'Collector' }, [
      { do: 'query', name: 'other' },
      { do: 'update', name: 'other' },
      { do: 'signal', name: 'done' },
    ]);
    for (const end of [unknown, refused])
      assert.ok(end && 'error' in end && end.error.type === 'REMOTE_OPERATION_FAILED');
  });

  test('cancels and terminates a fake target', async () => {
    let told = false;
    await fake({
      Stubborn: {
        handlesCancellation: true,
        run: async ({ cancelRequested }: FakeCall) => {
          await cancelRequested;
          told = true;
          return 'cleaned up';
        },
      },
      Waits: () => new Promise(() => undefined),
    });
    assert.deepEqual(await call('CancelledCall', { type: 'Stubborn' }, 300), { value: 'cleaned up' });
    assert.ok(told);
    const canceled = await call<EndView>('CancelledCall', { type: 'Waits' }, 300);
    assert.ok('error' in canceled && canceled.error.isCancellation);
    const [, ended] = await call<EndView[]>('UseHandle', { type: 'Waits' }, [
      { do: 'terminate' },
      { do: 'result' },
    ]);
    assert.ok(ended && 'error' in ended && ended.error.type === 'REMOTE_WORKFLOW_TERMINATED');
  });

  test('hands its call over to the next run, and attaches', async () => {
    await fake({ Slow: { delay: '300ms', run: () => 'slow' }, 'by-hand': () => 'attached' });
    assert.equal(await call('HandOver', { type: 'Slow' }, 2), 'slow');
    const [end] = await call<EndView[]>('UseHandle', { attachTo: 'by-hand' }, [{ do: 'result' }]);
    assert.deepEqual(end, { value: 'attached' });
  });
});
