/** The failure converter of the bridge's own workers: no payload is read, no failure is changed. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ApplicationFailure, TemporalFailure, defaultPayloadConverter } from '@temporalio/common';
import type { PayloadConverter } from '@temporalio/common';
import { outcomeError } from '../../src/workflow/outcome-error.js';
import { failureConverter } from '../../src/workflow/raw-failure-converter.js';
import { FAILURES, REMOTE, failureBytes, failureChain, fromWire } from '../support/wire-samples.js';

const unreadable = new Proxy<PayloadConverter>(defaultPayloadConverter, {
  get: (_target, name) => assert.fail(`the converter was asked to ${String(name)}`),
});
const call = { callId: 'c', workflowType: 'T', taskQueue: 'q', remote: REMOTE };

describe('a failure that passes through the bridge', () => {
  for (const [name, failure] of Object.entries(FAILURES)) {
    it(`of kind ${name} becomes an error and comes back byte-equal, its payloads unread`, () => {
      const error = failureConverter.failureToError(fromWire(failure), unreadable);
      const back = failureConverter.errorToFailure(error, unreadable);
      assert.deepEqual(failureBytes(back), failureBytes(failure));
    });

    it(`of kind ${name} is the cause of the caller's failure, byte-equal`, () => {
      const error = outcomeError({ status: 'failed', failure: fromWire(failure) }, call, (own) =>
        failureConverter.failureToError(own, unreadable),
      );
      const back = failureConverter.errorToFailure(error, defaultPayloadConverter);
      assert.deepEqual(failureBytes(back.cause ?? {}), failureBytes(failure));
    });
  }

  it('of a long chain comes back byte-equal', () => {
    const chain = failureChain(50);
    const error = failureConverter.failureToError(chain, unreadable);
    assert.deepEqual(failureBytes(failureConverter.errorToFailure(error, unreadable)), failureBytes(chain));
  });

  it('that lacks what the SDK requires becomes an error all the same', () => {
    for (const failure of [{ childWorkflowExecutionFailureInfo: {} }, { activityFailureInfo: {} }]) {
      const error = failureConverter.failureToError(failure, unreadable);
      assert.ok(error instanceof TemporalFailure);
      assert.equal(error.failure, failure);
    }
  });

  it('keeps its type and its flag in the error, for who looks at them', () => {
    const error = failureConverter.failureToError(FAILURES['application'] ?? {}, unreadable);
    assert.ok(error instanceof ApplicationFailure);
    assert.deepEqual([error.type, error.nonRetryable, error.message], ['OutOfStock', true, 'app']);
  });
});
