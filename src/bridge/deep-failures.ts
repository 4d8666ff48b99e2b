/**
 * Failures with more causes than the SDK reads. A server takes chains of thousands of links, which workers of other
 * languages can send; the SDK's decoder gives up at 100 nested messages, and the whole answer with it. So the chain is cut
 * in the bytes of the answer, before they are decoded.
 */
import { InterceptingCall } from '@grpc/grpc-js';
import type { Interceptor } from '@grpc/grpc-js';
import protos from '@temporalio/proto';
import { MAX_READABLE_LINKS } from '../shared/limits.js';

const { workflowservice, history, failure: failures, update, workflow } = protos.temporal.api;
const LENGTH_DELIMITED = 2;

/** A field of a message as it stands in its bytes. */
interface Field {
  readonly number: number;
  readonly wireType: number;
  /** The whole field, and its content without tag and length. */
  readonly start: number;
  readonly contentStart: number;
  readonly end: number;
}

/** Reads a varint; what is behind it is at `next`. */
function readVarint(bytes: Buffer, at: number): { value: number; next: number } {
  let value = 0;
  for (let next = at, scale = 1; next < bytes.length; next += 1, scale *= 128) {
    const byte = bytes.readUInt8(next);
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return { value, next: next + 1 };
  }
  throw new RangeError('truncated');
}

/** The fields of a message, one after the other. */
function* fieldsOf(bytes: Buffer): Generator<Field> {
  for (let start = 0; start < bytes.length;) {
    const { value: tag, next } = readVarint(bytes, start);
    const wireType = tag % 8;
    let [contentStart, end] = [next, next];
    if (wireType === 0) end = readVarint(bytes, next).next;
    else if (wireType === 1) end += 8;
    else if (wireType === 5) end += 4;
    else if (wireType === LENGTH_DELIMITED) {
      const { value: length, next: content } = readVarint(bytes, next);
      [contentStart, end] = [content, content + length];
    } else throw new RangeError('a group');
    if (end > bytes.length) throw new RangeError('truncated');
    yield { number: Math.floor(tag / 8), wireType, start, contentStart, end };
    start = end;
  }
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Buffer.from([...bytes, rest]);
}

function messageField(number: number, content: Buffer): Buffer {
  return Buffer.concat([varint(number * 8 + LENGTH_DELIMITED), varint(content.length), content]);
}

/** The number of a field, out of a message in which it is the only one. */
function numberOf(encoded: { finish(): Uint8Array }): number {
  return Math.floor(readVarint(Buffer.from(encoded.finish()), 0).value / 8);
}

const CAUSE = numberOf(failures.v1.Failure.encode({ cause: {} }));

/** A failure without the links beyond the last that is read; the same bytes if it has no more. */
function cutFailure(bytes: Buffer): Buffer {
  const heads: Buffer[] = [];
  let link: Buffer | undefined = bytes;
  for (; link && heads.length < MAX_READABLE_LINKS;) {
    const parts: Buffer[] = [];
    let cause: Buffer | undefined;
    for (const { number, start, contentStart, end } of fieldsOf(link)) {
      if (number === CAUSE) cause = link.subarray(contentStart, end);
      else parts.push(link.subarray(start, end));
    }
    heads.push(Buffer.concat(parts));
    link = cause;
  }
  if (!link) return bytes;
  return heads.reduceRight((cause, head) => Buffer.concat([head, messageField(CAUSE, cause)]));
}

/** Where failures stand in a message: by the number of a field what stands below it. */
type Places = ReadonlyMap<number, Places> | 'failure';

function cutAt(bytes: Buffer, places: Places): Buffer {
  if (places === 'failure') return cutFailure(bytes);
  const parts: Buffer[] = [];
  let isCut = false;
  for (const { number, wireType, start, contentStart, end } of fieldsOf(bytes)) {
    const below = wireType === LENGTH_DELIMITED ? places.get(number) : undefined;
    const content = bytes.subarray(contentStart, end);
    const cut = below ? cutAt(content, below) : content;
    isCut ||= cut !== content;
    parts.push(cut === content ? bytes.subarray(start, end) : messageField(number, cut));
  }
  return isCut ? Buffer.concat(parts) : bytes;
}

/** The events' attributes that hold a failure, with the field that does. */
function eventPlaces(): Places {
  const event = history.v1.HistoryEvent;
  const below = (encoded: { finish(): Uint8Array }): Places => new Map([[numberOf(encoded), 'failure']]);
  const workflowFailed = below(history.v1.WorkflowExecutionFailedEventAttributes.encode({ failure: {} }));
  const childFailed = below(history.v1.ChildWorkflowExecutionFailedEventAttributes.encode({ failure: {} }));
  const activityFailed = below(history.v1.ActivityTaskFailedEventAttributes.encode({ failure: {} }));
  const activityStarted = below(history.v1.ActivityTaskStartedEventAttributes.encode({ lastFailure: {} }));
  const started = below(history.v1.WorkflowExecutionStartedEventAttributes.encode({ continuedFailure: {} }));
  const continued = below(history.v1.WorkflowExecutionContinuedAsNewEventAttributes.encode({ failure: {} }));
  return new Map([
    [numberOf(event.encode({ workflowExecutionContinuedAsNewEventAttributes: {} })), continued],
    [numberOf(event.encode({ workflowExecutionFailedEventAttributes: {} })), workflowFailed],
    [numberOf(event.encode({ childWorkflowExecutionFailedEventAttributes: {} })), childFailed],
    [numberOf(event.encode({ activityTaskFailedEventAttributes: {} })), activityFailed],
    [numberOf(event.encode({ activityTaskStartedEventAttributes: {} })), activityStarted],
    [numberOf(event.encode({ workflowExecutionStartedEventAttributes: {} })), started],
  ]);
}

const inField = (encoded: { finish(): Uint8Array }, places: Places): Places =>
  new Map([[numberOf(encoded), places]]);

const { v1 } = workflowservice;
/** What is under way in a workflow, with how its last try failed. */
function pendingPlaces(): Places {
  const { PendingActivityInfo, CallbackInfo, PendingNexusOperationInfo } = workflow.v1;
  const answer = v1.DescribeWorkflowExecutionResponse;
  const callback = inField(CallbackInfo.encode({ lastAttemptFailure: {} }), 'failure');
  return new Map([
    [
      numberOf(answer.encode({ pendingActivities: [{}] })),
      inField(PendingActivityInfo.encode({ lastFailure: {} }), 'failure'),
    ],
    [numberOf(answer.encode({ callbacks: [{}] })), callback],
    [
      numberOf(answer.encode({ pendingNexusOperations: [{}] })),
      inField(PendingNexusOperationInfo.encode({ lastAttemptFailure: {} }), 'failure'),
    ],
  ]);
}
const OUTCOME = inField(update.v1.Outcome.encode({ failure: {} }), 'failure');
const PLACES: ReadonlyMap<string, Places> = new Map([
  [
    'GetWorkflowExecutionHistory',
    inField(
      v1.GetWorkflowExecutionHistoryResponse.encode({ history: {} }),
      inField(history.v1.History.encode({ events: [{}] }), eventPlaces()),
    ),
  ],
  ['DescribeWorkflowExecution', pendingPlaces()],
  ['UpdateWorkflowExecution', inField(v1.UpdateWorkflowExecutionResponse.encode({ outcome: {} }), OUTCOME)],
  [
    'PollWorkflowExecutionUpdate',
    inField(v1.PollWorkflowExecutionUpdateResponse.encode({ outcome: {} }), OUTCOME),
  ],
]);

/**
 * An answer in which no failure has more links than the SDK reads. Total: bytes that are no message stay as they are, for
 * the SDK to say so.
 */
export function cutDeepFailures(method: string, bytes: Buffer): Buffer {
  const places = PLACES.get(method);
  if (!places) return bytes;
  try {
    return cutAt(bytes, places);
  } catch {
    return bytes;
  }
}

/** Cuts deep failures in the answers to one connection's requests. */
export const deepFailureInterceptor: Interceptor = (options, nextCall) => {
  const call = nextCall(options);
  const method = options.method_definition.path.split('/').at(-1) ?? '';
  if (!PLACES.has(method)) return new InterceptingCall(call);
  return new InterceptingCall(call, {
    start: (metadata, _listener, next) => {
      next(metadata, {
        onReceiveMessage: (message: unknown, nextMessage) => {
          nextMessage(Buffer.isBuffer(message) ? cutDeepFailures(method, message) : message);
        },
      });
    },
  });
};
