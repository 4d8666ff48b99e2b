/** One envelope of each kind, and failures of every kind. */
import proto from '@temporalio/proto';
import Long from 'long';
import type { Payload, ProtoFailure } from '@temporalio/common';
import type { Outcome } from '../../src/shared/outcome.js';
import { jsonPayload, payloadOf } from '../../src/shared/payloads.js';
import type { CallEnvelope, RemoteCallEnvelope } from '../../src/shared/wire/call-envelope.js';

const { Failure } = proto.temporal.api.failure.v1;
const { Payload: PayloadProto } = proto.temporal.api.common.v1;

/** A text that stands in each user payload below, and nowhere else. */
export const CANARY = 'canary-of-a-user';

const callId = '0123456789abcdef'.repeat(4);
const wrapperWorkflowId = `bridge-call-${callId}`;
const caller = {
  namespace: 'default',
  workflowId: 'order-123',
  runId: '0198d5a0-0000-7000-8000-000000000001',
  firstRunId: '0198d5a0-0000-7000-8000-000000000000',
};

export const CALL: CallEnvelope = {
  v: 1,
  kind: 'call',
  callId,
  argsDigest: 'a'.repeat(64),
  caller,
  target: {
    workflowType: 'FulfillmentWorkflow',
    taskQueue: 'fulfillment-queue',
    idMode: 'hashed',
    name: 'FulfillmentWorkflow',
  },
  wrapperWorkflowId,
  sourceCluster: 'cluster-a',
  timeoutMs: 90_000,
};

export const REMOTE_CALL: RemoteCallEnvelope = {
  v: 1,
  kind: 'remote-call',
  callId,
  argsDigest: 'a'.repeat(64),
  target: {
    workflowType: 'FulfillmentWorkflow',
    taskQueue: 'fulfillment-queue',
    workflowId: 'bridge-cluster-a-order-123-FulfillmentWorkflow-0123456789abcdef0123456789abcdef',
  },
  startBy: 1_764_000_000_000,
  calledAt: 1_763_999_900_000,
  replyTo: {
    v: 1,
    kind: 'seal',
    ...caller,
    keyId: '0123456789abcdef',
    sourceCluster: 'cluster-a',
    callId,
    wrapperWorkflowId,
    signature: 'c2lnbmF0dXJl',
  },
  remainingMs: 89_000,
};

export const REMOTE = {
  wrapperWorkflowId,
  workflowId: REMOTE_CALL.target.workflowId,
  runId: '0198d5a0-0000-7000-8000-000000000002',
};

/** A user's payload of any encoding, with metadata that no bridge knows. */
export function userPayload(n: number, encoding = 'json/plain'): Payload {
  const payload = payloadOf(encoding, new TextEncoder().encode(`"${CANARY}-${n}"`));
  return { ...payload, metadata: { ...payload.metadata, 'user-key': new Uint8Array([0, 255, n]) } };
}

const link = (message: string, info: ProtoFailure = {}): ProtoFailure => ({
  message,
  source: 'GoSDK',
  stackTrace: `at ${message}\n  line 2`,
  ...info,
});
const details = { payloads: [userPayload(1, 'binary/encrypted'), userPayload(2, ''), userPayload(3)] };
const long = Long.fromString('9223372036854775807');

/** Every kind of failure of the proto. */
export const FAILURES: Readonly<Record<string, ProtoFailure>> = {
  application: link('app', {
    applicationFailureInfo: {
      type: 'OutOfStock',
      nonRetryable: true,
      details,
      nextRetryDelay: { seconds: Long.fromNumber(90), nanos: 5 },
      category: 1,
    },
  }),
  'application without details': link('app', {
    applicationFailureInfo: { type: '', nonRetryable: false, details: { payloads: [] } },
  }),
  'time-out with heartbeat details': link('t', {
    timeoutFailureInfo: { timeoutType: 4, lastHeartbeatDetails: details },
  }),
  'cancelled with details': link('c', { canceledFailureInfo: { details, identity: 'who' } }),
  terminated: link('x', { terminatedFailureInfo: { identity: 'admin' } }),
  server: link('s', { serverFailureInfo: { nonRetryable: true } }),
  reset: link('r', { resetWorkflowFailureInfo: { lastHeartbeatDetails: details } }),
  activity: link('a', {
    activityFailureInfo: {
      scheduledEventId: Long.fromNumber(5),
      startedEventId: long,
      identity: 'w',
      activityType: { name: 'charge' },
      activityId: '1',
      retryState: 5,
    },
    cause: link('inner', { applicationFailureInfo: { type: 'X', details } }),
  }),
  'child workflow': link('cw', {
    childWorkflowExecutionFailureInfo: {
      namespace: 'ns',
      workflowExecution: { workflowId: 'w', runId: 'r' },
      workflowType: { name: 'T' },
      initiatedEventId: Long.fromNumber(-1),
      startedEventId: Long.ZERO,
      retryState: 1,
    },
  }),
  'Nexus operation': link('n', {
    nexusOperationExecutionFailureInfo: {
      scheduledEventId: long,
      endpoint: 'e',
      service: 's',
      operation: 'o',
      operationId: 'old',
      operationToken: 'token',
    },
  }),
  'Nexus handler': link('nh', { nexusHandlerFailureInfo: { type: 'NOT_FOUND', retryBehavior: 2 } }),
  'encoded attributes': link('Encoded failure', {
    encodedAttributes: userPayload(7, 'binary/encrypted'),
    cause: link('Encoded failure', {
      encodedAttributes: userPayload(8),
      applicationFailureInfo: { details },
    }),
  }),
  empty: {},
};

/** One outcome of each status. */
export const OUTCOMES: Readonly<Record<string, Outcome>> = {
  completed: { status: 'completed', value: userPayload(1) },
  'completed without a value': { status: 'completed', value: undefined },
  failed: { status: 'failed', failure: FAILURES['application'] ?? {} },
  canceled: { status: 'canceled', details: [userPayload(1), userPayload(2, 'x/y')] },
  'canceled without details': { status: 'canceled', details: [] },
  timed_out: { status: 'timed_out' },
  terminated: { status: 'terminated' },
  refused: {
    status: 'refused',
    refusal: { type: 'CALL_EXPIRED', message: 'too late', details: { started: 'unknown' } },
  },
};

/** The proto bytes of a failure. */
export function failureBytes(failure: ProtoFailure): Uint8Array {
  return Failure.encode(failure).finish();
}

/** A failure as the SDK hands it over: decoded from bytes. */
export function fromWire(failure: ProtoFailure): ProtoFailure {
  return Failure.decode(failureBytes(failure));
}

/** The proto bytes of a payload. */
export function payloadProtoBytes(payload: Payload): Uint8Array {
  return PayloadProto.encode(payload).finish();
}

/** A chain of this many links. */
export function failureChain(links: number): ProtoFailure {
  let failure: ProtoFailure = link(`link ${links}`);
  for (let n = links - 1; n >= 1; n -= 1) failure = link(`link ${n}`, { cause: failure });
  return failure;
}

/** A JSON value as a header field. */
export const header = (value: unknown): Payload => jsonPayload(value);

/** A text as a header field. */
export const headerText = (text: string): Payload => payloadOf('json/plain', new TextEncoder().encode(text));
