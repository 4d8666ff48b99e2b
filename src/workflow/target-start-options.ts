import { defineSearchAttributeKey } from '@temporalio/common';
import type { Payload, SearchAttributePair } from '@temporalio/common';
import { ParentClosePolicy } from '@temporalio/workflow';
import type { ChildWorkflowOptions } from '@temporalio/workflow';
import { RAW_PAYLOAD, RAW_PAYLOADS, raw } from '../shared/payloads.js';
import type { RemoteCallEnvelope } from '../shared/wire/call-envelope.js';
import type { CallPayloads } from '../shared/wire/extra-payloads.js';
import type { TargetOptions, TargetRetry, TargetSearchAttribute } from '../shared/wire/target-options.js';

function retryOf(retry: TargetRetry): NonNullable<ChildWorkflowOptions['retry']> {
  const { initialIntervalMs, maximumIntervalMs, backoffCoefficient, maximumAttempts } = retry;
  return {
    ...(initialIntervalMs === undefined ? {} : { initialInterval: initialIntervalMs }),
    ...(maximumIntervalMs === undefined ? {} : { maximumInterval: maximumIntervalMs }),
    ...(backoffCoefficient === undefined ? {} : { backoffCoefficient }),
    ...(maximumAttempts === undefined ? {} : { maximumAttempts }),
    ...(retry.nonRetryableErrorTypes === undefined
      ? {}
      : { nonRetryableErrorTypes: [...retry.nonRetryableErrorTypes] }),
  };
}

function searchAttributePair({ name, type, value }: TargetSearchAttribute): SearchAttributePair {
  return {
    key: defineSearchAttributeKey(name, type),
    value: type === 'DATETIME' ? new Date(value as number) : value,
  } as SearchAttributePair;
}

/** After a reset an execution of the id may be this call's own: then nothing else may be started (I2). */
function reusePolicyOf(options: TargetOptions, isReset: boolean) {
  if (isReset) return 'REJECT_DUPLICATE';
  switch (options.idReuse) {
    case 'allow-duplicate':
      return 'ALLOW_DUPLICATE';
    case 'allow-duplicate-failed-only':
      return 'ALLOW_DUPLICATE_FAILED_ONLY';
    default:
      return 'REJECT_DUPLICATE';
  }
}

/** A text of the user's that was converted on the caller's side; the SDK's converter lets it pass as it is. */
const converted = (payload: Payload): string => raw(payload) as unknown as string;

/** The options with which the wrapper starts a call's target as its child. Every user payload passes through raw. */
export function targetStartOptions(
  call: RemoteCallEnvelope,
  payloads: CallPayloads,
  at: { readonly remainingMs: number; readonly isReset: boolean },
): ChildWorkflowOptions & { args: unknown[] } {
  const { workflowId, taskQueue, options = {} } = call.target;
  const { runTimeoutMs, taskTimeoutMs, priorityKey, retry, searchAttributes } = options;
  const executionTimeoutMs = Math.min(at.remainingMs, options.executionTimeoutMs ?? Number.POSITIVE_INFINITY);
  const memo = Object.entries(payloads.memo);
  return {
    workflowId,
    taskQueue,
    args: payloads.args.map(raw),
    workflowIdReusePolicy: reusePolicyOf(options, at.isReset),
    parentClosePolicy: ParentClosePolicy.ABANDON,
    typeInfo: { inputTypes: RAW_PAYLOADS, outputType: RAW_PAYLOAD },
    ...(Number.isFinite(executionTimeoutMs) ? { workflowExecutionTimeout: executionTimeoutMs } : {}),
    ...(runTimeoutMs === undefined ? {} : { workflowRunTimeout: runTimeoutMs }),
    ...(taskTimeoutMs === undefined ? {} : { workflowTaskTimeout: taskTimeoutMs }),
    ...(retry === undefined ? {} : { retry: retryOf(retry) }),
    ...(priorityKey === undefined ? {} : { priority: { priorityKey } }),
    ...(searchAttributes === undefined
      ? {}
      : { typedSearchAttributes: searchAttributes.map(searchAttributePair) }),
    ...(memo.length > 0
      ? { memo: Object.fromEntries(memo.map(([key, payload]) => [key, raw(payload)])) }
      : {}),
    ...(payloads.summary ? { staticSummary: converted(payloads.summary) } : {}),
    ...(payloads.details ? { staticDetails: converted(payloads.details) } : {}),
  };
}
