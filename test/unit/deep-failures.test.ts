/** Chains of causes that the SDK's decoder gives up on, cut in the bytes of a server's answer. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import protos from '@temporalio/proto';
import { cutDeepFailures } from '../../src/bridge/deep-failures.js';
import { isTooDeep } from '../../src/shared/failure-chain.js';
import { MAX_READABLE_LINKS } from '../../src/shared/limits.js';
import { deepFailure } from '../support/deep-failure.js';

const { workflowservice } = protos.temporal.api;
const {
  DescribeWorkflowExecutionResponse: DescribeAnswer,
  GetWorkflowExecutionHistoryResponse: HistoryAnswer,
  UpdateWorkflowExecutionResponse: UpdateAnswer,
  PollWorkflowExecutionUpdateResponse: PollAnswer,
} = workflowservice.v1;

const PLACE = { message: 'here', source: 'x'.repeat(50) };
type Failure = protos.temporal.api.failure.v1.IFailure;

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Buffer.from([...bytes, rest]);
}

/** An answer's bytes with a chain of so many links where it has {@link PLACE}; the lengths around it are put right. */
function withChain(answer: Uint8Array, links: number): Buffer {
  const place = Buffer.from(protos.temporal.api.failure.v1.Failure.encode(PLACE).finish());
  const replace = (bytes: Buffer): Buffer => {
    if (bytes.equals(place)) return deepFailure(links);
    const parts: Buffer[] = [];
    for (let at = 0; at < bytes.length;) {
      const read = (): number => {
        let [value, scale] = [0, 1];
        for (;;) {
          const byte = bytes.readUInt8(at);
          at += 1;
          value += (byte & 0x7f) * scale;
          scale *= 128;
          if (byte < 0x80) return value;
        }
      };
      const tag = read();
      assert.ok([0, 2].includes(tag % 8), 'the sample has numbers and messages only');
      if (tag % 8 === 0) {
        parts.push(varint(tag), varint(read()));
        continue;
      }
      const length = read();
      const content = bytes.subarray(at, at + length);
      at += length;
      const changed = content.includes(place) ? replace(content) : content;
      parts.push(varint(tag), varint(changed.length), changed);
    }
    return Buffer.concat(parts);
  };
  const changed = replace(Buffer.from(answer));
  assert.ok(!changed.includes(place), 'the chain is in its place');
  return changed;
}

const event = (attributes: object) =>
  HistoryAnswer.encode({ history: { events: [{ eventId: 1 as never }, attributes] } }).finish();
const inEvent =
  (attributes: string, field = 'failure') =>
  (bytes: Buffer): Failure | undefined => {
    const [, second] = HistoryAnswer.decode(bytes).history?.events ?? [];
    return (second as unknown as Record<string, Record<string, Failure>>)[attributes]?.[field];
  };

/** Where failures come from: method, an answer with one, and how it is read. */
const ANSWERS: Readonly<Record<string, [string, Uint8Array, (bytes: Buffer) => Failure | null | undefined]>> =
  {
    'a workflow that failed': [
      'GetWorkflowExecutionHistory',
      event({ workflowExecutionFailedEventAttributes: { failure: PLACE } }),
      inEvent('workflowExecutionFailedEventAttributes'),
    ],
    'a child that failed': [
      'GetWorkflowExecutionHistory',
      event({ childWorkflowExecutionFailedEventAttributes: { failure: PLACE } }),
      inEvent('childWorkflowExecutionFailedEventAttributes'),
    ],
    'an activity that failed': [
      'GetWorkflowExecutionHistory',
      event({ activityTaskFailedEventAttributes: { failure: PLACE } }),
      inEvent('activityTaskFailedEventAttributes'),
    ],
    'an activity that was tried again': [
      'GetWorkflowExecutionHistory',
      event({ activityTaskStartedEventAttributes: { lastFailure: PLACE } }),
      inEvent('activityTaskStartedEventAttributes', 'lastFailure'),
    ],
    'a workflow that was tried again': [
      'GetWorkflowExecutionHistory',
      event({ workflowExecutionStartedEventAttributes: { continuedFailure: PLACE } }),
      inEvent('workflowExecutionStartedEventAttributes', 'continuedFailure'),
    ],
    'a run that was followed by another': [
      'GetWorkflowExecutionHistory',
      event({ workflowExecutionContinuedAsNewEventAttributes: { failure: PLACE } }),
      inEvent('workflowExecutionContinuedAsNewEventAttributes'),
    ],
    'an activity that is to be tried again': [
      'DescribeWorkflowExecution',
      DescribeAnswer.encode({ pendingActivities: [{ attempt: 2 }, { lastFailure: PLACE }] }).finish(),
      (bytes) => DescribeAnswer.decode(bytes).pendingActivities?.[1]?.lastFailure,
    ],
    'a callback that is to be tried again': [
      'DescribeWorkflowExecution',
      DescribeAnswer.encode({ callbacks: [{ lastAttemptFailure: PLACE }] }).finish(),
      (bytes) => DescribeAnswer.decode(bytes).callbacks?.[0]?.lastAttemptFailure,
    ],
    'a Nexus operation that is to be tried again': [
      'DescribeWorkflowExecution',
      DescribeAnswer.encode({ pendingNexusOperations: [{ lastAttemptFailure: PLACE }] }).finish(),
      (bytes) => DescribeAnswer.decode(bytes).pendingNexusOperations?.[0]?.lastAttemptFailure,
    ],
    'an update': [
      'UpdateWorkflowExecution',
      UpdateAnswer.encode({ outcome: { failure: PLACE } }).finish(),
      (bytes) => UpdateAnswer.decode(bytes).outcome?.failure,
    ],
    'an update that took long': [
      'PollWorkflowExecutionUpdate',
      PollAnswer.encode({ outcome: { failure: PLACE } }).finish(),
      (bytes) => PollAnswer.decode(bytes).outcome?.failure,
    ],
  };

function messagesOf(failure: Failure | null | undefined): string[] {
  const messages: string[] = [];
  for (let link = failure; link; link = link.cause) messages.push(link.message ?? '');
  return messages;
}

describe('a failure in a server’s answer', () => {
  for (const [what, [method, answer, read]] of Object.entries(ANSWERS)) {
    it(`of ${what} stays as it is up to ${MAX_READABLE_LINKS} links, and is cut beyond`, () => {
      for (const links of [1, 50, MAX_READABLE_LINKS]) {
        const bytes = withChain(answer, links);
        assert.equal(cutDeepFailures(method, bytes), bytes);
        assert.equal(messagesOf(read(bytes)).length, links);
      }
      for (const links of [MAX_READABLE_LINKS + 1, 5_000, 100_000]) {
        const bytes = withChain(answer, links);
        if (links > 100) assert.throws(() => read(bytes), /depth/);
        const failure = read(cutDeepFailures(method, bytes));
        assert.deepEqual(
          messagesOf(failure),
          Array.from({ length: MAX_READABLE_LINKS }, (_, n) => `link ${n}`),
        );
        assert.ok(failure && isTooDeep(failure));
      }
    });
  }

  it('of other requests stays as it is', () => {
    const bytes = Buffer.from('anything');
    assert.equal(cutDeepFailures('DescribeNamespace', bytes), bytes);
  });

  it('that is garbage is left to the decoder', () => {
    const [, answer] = ANSWERS['a workflow that failed'] ?? assert.fail();
    const whole = withChain(answer, 200);
    for (const bytes of [Buffer.alloc(0), Buffer.from([0x0b]), Buffer.alloc(50, 0xff), whole.subarray(0, 99)])
      assert.equal(cutDeepFailures('GetWorkflowExecutionHistory', bytes), bytes);
  });
});
