/** What the command line reads out of histories is read from anybody's. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { defaultPayloadConverter } from '@temporalio/common';
import { encodeRemoteCallEnvelope } from '../../src/shared/wire/call-envelope.js';
import type { HistoryEvent } from '../../src/cli/cluster-reader.js';
import { factsOfStart, outcomeIn, recordedCalls, reportOfClose } from '../../src/cli/calls/call-facts.js';

const GARBAGE: readonly unknown[] = [
  null,
  42,
  'text',
  [],
  {},
  { v: 1, kind: 'remote-call' },
  { v: 99, kind: 'remote-call', callId: 'x' },
  { v: 1, kind: 'call', callId: '\u001b' },
  { outcome: 1, delivered: {} },
  { traceparent: 'x' },
];

const payloads = [
  ...GARBAGE.map((value) => defaultPayloadConverter.toPayload(value)),
  { metadata: { encoding: Buffer.from('binary/encrypted') }, data: Buffer.from('x') },
  { metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from('{') },
  {},
];

describe('the start of a wrapper', () => {
  it('names the call, its caller, its target and its trace', () => {
    const callId = 'ab'.repeat(32);
    const caller = { namespace: 'n', workflowId: 'w', runId: 'r', firstRunId: 'f' };
    const header = encodeRemoteCallEnvelope({
      callId,
      argsDigest: 'cd'.repeat(32),
      target: { workflowType: 'T', taskQueue: 'q', workflowId: 't' },
      startBy: 1,
      replyTo: {
        ...caller,
        v: 1,
        kind: 'seal',
        keyId: 'k',
        sourceCluster: 'cluster-a',
        callId,
        wrapperWorkflowId: `bridge-call-${callId}`,
        signature: 's',
      },
    });
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    const fields = {
      'temporal-bridge-remote-call': header,
      '_tracer-data': defaultPayloadConverter.toPayload({ traceparent: `00-${traceId}-b7ad6b7169203331-01` }),
    };
    assert.deepEqual(factsOfStart({ workflowExecutionStartedEventAttributes: { header: { fields } } }), {
      callId,
      caller: { cluster: 'cluster-a', namespace: 'n', workflowId: 'w', runId: 'r' },
      target: { workflowType: 'T', taskQueue: 'q', workflowId: 't' },
      attached: false,
      traceId,
    });
  });
});

describe('histories of strangers', () => {
  for (const [at, payload] of payloads.entries()) {
    const fields = {
      'temporal-bridge-remote-call': payload,
      'temporal-bridge-call': payload,
      'temporal-bridge-completion': payload,
      '_tracer-data': payload,
    };

    it(`hold no call, no report and no outcome in garbage ${at}`, () => {
      const started = { workflowExecutionStartedEventAttributes: { header: { fields } } } as HistoryEvent;
      const closed = {
        workflowExecutionCompletedEventAttributes: { result: { payloads: [payload] } },
      } as HistoryEvent;
      const scheduled = {
        activityTaskScheduledEventAttributes: {
          activityType: { name: 'StartWorkflowInRemote' },
          header: { fields },
        },
      } as HistoryEvent;
      const signaled = {
        workflowExecutionSignaledEventAttributes: {
          signalName: 'temporal-bridge.completion',
          header: { fields },
        },
      } as HistoryEvent;
      assert.equal(factsOfStart(started), undefined);
      assert.equal(reportOfClose(closed), undefined);
      assert.deepEqual(recordedCalls([scheduled, signaled]), []);
      const call = { envelope: { callId: 'ab'.repeat(32) }, eventId: 5 } as Parameters<typeof outcomeIn>[1];
      assert.equal(outcomeIn([scheduled, signaled], call), undefined);
    });
  }
});
