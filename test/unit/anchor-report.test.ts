/** The way of the fallback poll: what the anchor activity reports is what the signal would have brought. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Payload, ProtoFailure } from '@temporalio/common';
import type { Outcome } from '../../src/shared/outcome.js';
import { FAILURE_TABLE } from '../../src/shared/failure-table.js';
import type { FailureType } from '../../src/shared/failure-table.js';
import {
  decodeAnchorFailure,
  decodeAnchorResult,
  decodeWaiting,
  encodeAnchorFailure,
  encodeAnchorResult,
  hasValue,
  waitingSource,
} from '../../src/shared/wire/anchor-report.js';
import type { AnchorReport } from '../../src/shared/wire/anchor-report.js';
import { encodeCompletion, parseCompletion } from '../../src/shared/wire/completion-envelope.js';
import {
  CALL,
  CANARY,
  FAILURES,
  OUTCOMES,
  REMOTE,
  failureBytes,
  fromWire,
  payloadProtoBytes,
  userPayload,
} from '../support/wire-samples.js';

function report(outcome: Outcome): AnchorReport | undefined {
  if (hasValue(outcome)) return decodeAnchorResult(encodeAnchorResult(outcome.value, REMOTE));
  return decodeAnchorFailure(fromWire(encodeAnchorFailure(outcome, REMOTE)));
}

/** The payloads of a failure's own link. */
const payloadsIn = (failure: ProtoFailure) => [
  ...(failure.applicationFailureInfo?.details?.payloads ?? []),
  ...(failure.encodedAttributes ? [failure.encodedAttributes] : []),
];

/** An outcome's user payloads and failure as bytes. */
function bytesOf(outcome: Outcome | undefined): unknown {
  switch (outcome?.status) {
    case 'completed':
      return outcome.value && payloadProtoBytes(outcome.value);
    case 'failed':
      return failureBytes(outcome.failure);
    case 'canceled':
      return outcome.details.map(payloadProtoBytes);
    default:
      return outcome;
  }
}

describe('an outcome that the anchor activity reports', () => {
  for (const [name, outcome] of Object.entries(OUTCOMES)) {
    it(`and that is ${name} is the one that the signal brings, byte for byte`, () => {
      const { header, payloads } = encodeCompletion({ ...CALL, remote: REMOTE, outcome });
      const bySignal = parseCompletion(header, payloads);
      const byPoll = report(outcome);
      assert.equal(byPoll?.outcome.status, outcome.status);
      assert.deepEqual(bytesOf(byPoll?.outcome), bytesOf(outcome));
      assert.deepEqual(bytesOf(byPoll?.outcome), bytesOf(bySignal.outcome));
      assert.deepEqual(byPoll?.remote, REMOTE);
    });
  }

  for (const [name, failure] of Object.entries(FAILURES)) {
    it(`and that failed by a failure of kind ${name} comes back byte-equal`, () => {
      assert.deepEqual(bytesOf(report({ status: 'failed', failure })?.outcome), failureBytes(failure));
    });
  }

  it('and that the bridge refused comes back with every type of the failure table', () => {
    for (const type of Object.keys(FAILURE_TABLE) as FailureType[]) {
      if (type.startsWith('REMOTE_WORKFLOW_')) continue;
      const outcome: Outcome = { status: 'refused', refusal: { type, message: 'm', details: { a: 'b' } } };
      assert.deepEqual(report(outcome), { outcome, remote: REMOTE });
    }
  });
});

describe('a reported value', () => {
  const values: Payload[] = [
    userPayload(1),
    userPayload(2, 'binary/encrypted'),
    { metadata: {}, data: new Uint8Array([1]) },
    { data: new Uint8Array() },
    { metadata: { encoding: new TextEncoder().encode('binary/null') } },
  ];

  it('keeps the user’s metadata and bytes', () => {
    for (const value of values) {
      const reported = encodeAnchorResult(value, REMOTE);
      for (const [key, bytes] of Object.entries(value.metadata ?? {}))
        assert.deepEqual(reported.metadata?.[key], bytes);
      assert.equal(reported.data, value.data);
      const { outcome } = decodeAnchorResult(reported);
      assert.deepEqual(bytesOf(outcome), payloadProtoBytes(value));
    }
  });

  it('of nothing is no value, and the null that a target returned is one', () => {
    const nothing = encodeAnchorFailure({ status: 'completed', value: undefined }, REMOTE);
    // A payload of the bridge's own would meet the caller's codec, which may throw on it.
    assert.deepEqual([payloadsIn(nothing), nothing.cause], [[], undefined]);
    assert.deepEqual(decodeAnchorFailure(fromWire(nothing)), {
      outcome: { status: 'completed', value: undefined },
      remote: REMOTE,
    });
    const returned = values[4];
    assert.ok(returned);
    const { outcome } = decodeAnchorResult(encodeAnchorResult(returned, REMOTE));
    assert.ok(outcome.status === 'completed' && outcome.value !== undefined);
  });

  it('stands without the bridge’s metadata, which a codec may have dropped or spoilt', () => {
    assert.deepEqual(decodeAnchorResult(userPayload(1)), {
      outcome: { status: 'completed', value: userPayload(1) },
      remote: undefined,
    });
    for (const spoilt of ['', '{', 'null', '{"remote":7}', '{"remote":{"workflowId":1}}']) {
      const value = userPayload(1);
      const metadata = { ...value.metadata, 'temporal-bridge-remote': new TextEncoder().encode(spoilt) };
      const { outcome, remote } = decodeAnchorResult({ ...value, metadata });
      assert.deepEqual([bytesOf(outcome), remote], [payloadProtoBytes(value), undefined]);
    }
  });
});

describe('a reported failure', () => {
  it('is never retried and has the bridge’s words where no codec looks', () => {
    for (const outcome of Object.values(OUTCOMES)) {
      if (outcome.status === 'completed') continue;
      const failure = encodeAnchorFailure(outcome, REMOTE);
      assert.equal(failure.applicationFailureInfo?.nonRetryable, true);
      assert.equal(failure.applicationFailureInfo.details, undefined);
      assert.ok(!`${failure.source} ${failure.message}`.includes(CANARY));
    }
  });

  it('is told from a user’s own failure of the same type', () => {
    for (const type of ['REMOTE_WORKFLOW_FAILED', 'CALL_EXPIRED', 'REMOTE_WORKFLOW_CANCELED']) {
      assert.equal(decodeAnchorFailure({ source: 'GoSDK', applicationFailureInfo: { type } }), undefined);
      assert.equal(decodeAnchorFailure({ applicationFailureInfo: { type } }), undefined);
    }
    const source = 'temporal-bridge {}';
    assert.equal(decodeAnchorFailure({ source }), undefined);
    assert.equal(decodeAnchorFailure({ source, applicationFailureInfo: { type: 'MADE_UP' } }), undefined);
    const causeless = { source, applicationFailureInfo: { type: 'REMOTE_WORKFLOW_FAILED' } };
    assert.equal(decodeAnchorFailure(causeless), undefined);
  });
});

describe('a waiting attempt', () => {
  it('says whether the call was started, and is no outcome', () => {
    for (const started of ['yes', 'no', 'unknown'] as const) {
      const failure = { source: waitingSource(started), applicationFailureInfo: { type: 'REMOTE_RUNNING' } };
      assert.equal(decodeWaiting(failure), started);
      assert.equal(decodeAnchorFailure(failure), undefined);
    }
  });

  it('is not seen in anything else', () => {
    const outcome = OUTCOMES['refused'];
    assert.ok(outcome && outcome.status !== 'completed');
    assert.equal(decodeWaiting(encodeAnchorFailure(outcome, REMOTE)), undefined);
    for (const source of [null, '', 'GoSDK', 'temporal-bridge ', 'temporal-bridge {"started":"maybe"}']) {
      assert.equal(decodeWaiting({ source }), undefined);
    }
  });
});
