/** What stands in a field of a failure. */
export type FieldShape = 'text' | 'flag' | 'int32' | 'int64' | 'payload' | 'payloads' | FailureShape;

/** The fields of one message of a failure. */
export interface FailureShape {
  readonly [field: string]: FieldShape;
}

const details = 'payloads';
const execution: FailureShape = { workflowId: 'text', runId: 'text' };
const named: FailureShape = { name: 'text' };

/**
 * The fields of one link of a failure: the proto message `temporal.api.failure.v1.Failure` without `cause`. Closed, so
 * that nothing but texts, flags and numbers can get into a header, and nothing that the SDK cannot write back into a
 * caller's history. A test compares it with the proto.
 */
export const FAILURE_LINK: FailureShape = {
  message: 'text',
  source: 'text',
  stackTrace: 'text',
  encodedAttributes: 'payload',
  applicationFailureInfo: {
    type: 'text',
    nonRetryable: 'flag',
    details,
    nextRetryDelay: { seconds: 'int64', nanos: 'int32' },
    category: 'int32',
  },
  timeoutFailureInfo: { timeoutType: 'int32', lastHeartbeatDetails: details },
  canceledFailureInfo: { details, identity: 'text' },
  terminatedFailureInfo: { identity: 'text' },
  serverFailureInfo: { nonRetryable: 'flag' },
  resetWorkflowFailureInfo: { lastHeartbeatDetails: details },
  activityFailureInfo: {
    scheduledEventId: 'int64',
    startedEventId: 'int64',
    identity: 'text',
    activityType: named,
    activityId: 'text',
    retryState: 'int32',
  },
  childWorkflowExecutionFailureInfo: {
    namespace: 'text',
    workflowExecution: execution,
    workflowType: named,
    initiatedEventId: 'int64',
    startedEventId: 'int64',
    retryState: 'int32',
  },
  nexusOperationExecutionFailureInfo: {
    scheduledEventId: 'int64',
    endpoint: 'text',
    service: 'text',
    operation: 'text',
    operationId: 'text',
    operationToken: 'text',
  },
  nexusHandlerFailureInfo: { type: 'text', retryBehavior: 'int32' },
};
