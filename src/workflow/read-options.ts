import { compileRetryPolicy } from '@temporalio/common';
import type { Payload, RetryPolicy, SearchAttributePair } from '@temporalio/common';
import { ChildWorkflowCancellationType, workflowInfo } from '@temporalio/workflow';
import { utf8 } from '../shared/bytes.js';
import {
  MAX_ARGUMENTS,
  MAX_CALL_KEY_CHARS,
  MAX_CLUSTER_NAME_CHARS,
  MAX_FALLBACK_MS,
  MAX_MEMO_KEY_CHARS,
  MAX_RUN_ID_CHARS,
  MAX_WORKFLOW_TASK_TIMEOUT_MS,
  MIN_FALLBACK_MS,
  MAX_NAME_CHARS,
  MAX_WORKFLOW_ID_CHARS,
  MIN_CALL_TIMEOUT_MS,
} from '../shared/limits.js';
import { DEFAULT_CALLER_TASK_QUEUE } from '../shared/names.js';
import type { ParentClose } from '../shared/wire/call-envelope.js';
import {
  PARENT_CLOSE_POLICIES,
  defaultParentClose,
  isParentClosePolicy,
} from '../shared/wire/call-envelope.js';
import { MAX_MEMO_KEYS, MAX_MEMO_KEYS_BYTES } from '../shared/wire/extra-payloads.js';
import { FieldReader } from '../shared/wire/fields.js';
import type { TargetOptions, TargetRetry, TargetSearchAttribute } from '../shared/wire/target-options.js';
import { parseTargetOptions } from '../shared/wire/target-options.js';
import type { CallRequest } from './open-call.js';
import { invalidOption } from './outcome-value.js';
import { known, millis, object, taskQueue, text, timeoutMs } from './option-checks.js';
import { startsInThisWorker } from './own-queue.js';
import { userConverters } from './sdk-runtime.js';

import type { AttachOptions, RemoteCallOptions, RemoteWorkflowOptions } from './remote-workflow-options.js';

function retryOf(policy: RetryPolicy): TargetRetry {
  object('retry', policy);
  try {
    compileRetryPolicy(policy); // the SDK's own check
  } catch (error) {
    throw invalidOption(
      'retry',
      `a retry policy (${error instanceof Error ? error.message : String(error)})`,
      policy,
    );
  }
  const initialIntervalMs = timeoutMs('retry.initialInterval', policy.initialInterval);
  const maximumIntervalMs = timeoutMs('retry.maximumInterval', policy.maximumInterval);
  const { backoffCoefficient, maximumAttempts, nonRetryableErrorTypes } = policy;
  if (nonRetryableErrorTypes !== undefined && !Array.isArray(nonRetryableErrorTypes))
    throw invalidOption('retry.nonRetryableErrorTypes', 'a list of texts', nonRetryableErrorTypes);
  return {
    ...(initialIntervalMs === undefined ? {} : { initialIntervalMs }),
    ...(backoffCoefficient === undefined ? {} : { backoffCoefficient }),
    ...(maximumIntervalMs === undefined ? {} : { maximumIntervalMs }),
    ...(maximumAttempts === undefined || maximumAttempts === Number.POSITIVE_INFINITY
      ? {}
      : { maximumAttempts }),
    ...(nonRetryableErrorTypes === undefined ? {} : { nonRetryableErrorTypes: [...nonRetryableErrorTypes] }),
  };
}

function searchAttributesOf(
  given: NonNullable<RemoteWorkflowOptions['typedSearchAttributes']>,
): TargetSearchAttribute[] {
  const field = 'typedSearchAttributes';
  object(field, given);
  const pairs: unknown = 'getAll' in given ? given.getAll() : given;
  if (!Array.isArray(pairs)) throw invalidOption(field, 'a list of pairs of key and value', pairs);
  return (pairs as readonly SearchAttributePair[]).map((pair) => {
    const { key, value } = object(field, pair);
    const { name, type } = object(`${field}.key`, key);
    return { name, type, value: value instanceof Date ? value.getTime() : (value as string) };
  });
}

function idReuseOf(options: RemoteWorkflowOptions): TargetOptions['idReuse'] {
  const { workflowIdReusePolicy: policy, workflowId } = options;
  if (policy === undefined) return undefined;
  const field = 'workflowIdReusePolicy';
  if (workflowId === undefined)
    throw invalidOption(field, 'none without a workflowId, since no other call has this one’s id', policy);
  switch (policy) {
    case 'REJECT_DUPLICATE':
      return undefined;
    case 'ALLOW_DUPLICATE':
      return 'allow-duplicate';
    case 'ALLOW_DUPLICATE_FAILED_ONLY':
      return 'allow-duplicate-failed-only';
    default:
      throw invalidOption(
        field,
        'REJECT_DUPLICATE, ALLOW_DUPLICATE or ALLOW_DUPLICATE_FAILED_ONLY (a running workflow is never terminated)',
        policy,
      );
  }
}

function targetOptionsOf(options: RemoteWorkflowOptions): TargetOptions | undefined {
  const executionTimeoutMs = timeoutMs('workflowExecutionTimeout', options.workflowExecutionTimeout);
  const runTimeoutMs = timeoutMs('workflowRunTimeout', options.workflowRunTimeout);
  const taskTimeoutMs = millis(
    'workflowTaskTimeout',
    options.workflowTaskTimeout,
    MIN_CALL_TIMEOUT_MS,
    MAX_WORKFLOW_TASK_TIMEOUT_MS,
  );
  const idReuse = idReuseOf(options);
  const { priority } = options;
  const priorityKey =
    priority === undefined ? undefined : known('priority', priority, ['priorityKey']).priorityKey;
  const found: TargetOptions = {
    ...(executionTimeoutMs === undefined ? {} : { executionTimeoutMs }),
    ...(runTimeoutMs === undefined ? {} : { runTimeoutMs }),
    ...(taskTimeoutMs === undefined ? {} : { taskTimeoutMs }),
    ...(options.retry === undefined ? {} : { retry: retryOf(options.retry) }),
    ...(idReuse === undefined ? {} : { idReuse }),
    ...(priorityKey === undefined ? {} : { priorityKey }),
    ...(options.typedSearchAttributes === undefined
      ? {}
      : { searchAttributes: searchAttributesOf(options.typedSearchAttributes) }),
  };
  if (Object.keys(found).length === 0) return undefined;
  try {
    return parseTargetOptions(new FieldReader(found, 'options'));
  } catch (error) {
    // What the bridge would refuse to read. The SDK's own parts of a message are not repeated.
    const why = error instanceof Error ? error.message.replace(/^\[\w+\] /, '') : String(error);
    throw invalidOption('options', `what a target can have (${why})`, found);
  }
}

function parentCloseOf({ parentClosePolicy: policy, scope = 'run' }: RemoteWorkflowOptions): ParentClose {
  if (policy === undefined) return defaultParentClose(scope);
  if (!isParentClosePolicy(policy))
    throw invalidOption('parentClosePolicy', 'TERMINATE, ABANDON or REQUEST_CANCEL', policy);
  return PARENT_CLOSE_POLICIES[policy];
}

const CANCELLATION_TYPES: readonly unknown[] = Object.values(ChildWorkflowCancellationType);

const CALL_OPTIONS: readonly (keyof RemoteCallOptions)[] = [
  'cluster',
  'key',
  'scope',
  'sourceCluster',
  'timeout',
  'cancellationType',
  'fallback',
  'bridgeTaskQueue',
];
const WORKFLOW_OPTIONS: readonly (keyof RemoteWorkflowOptions | 'args')[] = [
  ...CALL_OPTIONS,
  'args',
  'taskQueue',
  'workflowId',
  'workflowIdReusePolicy',
  'workflowExecutionTimeout',
  'workflowRunTimeout',
  'workflowTaskTimeout',
  'retry',
  'memo',
  'typedSearchAttributes',
  'staticSummary',
  'staticDetails',
  'priority',
  'parentClosePolicy',
];
const ATTACH_OPTIONS: readonly (keyof AttachOptions)[] = [...CALL_OPTIONS, 'runId'];

type SharedRequest = Omit<CallRequest, 'target' | 'payloads' | 'parentClose'>;

/**
 * Checks the one option that has no place in an envelope.
 *
 * @throws ApplicationFailure `INVALID_REQUEST`
 */
export function checkCancellationType(type: RemoteCallOptions['cancellationType']): void {
  if (type !== undefined && !CANCELLATION_TYPES.includes(type))
    throw invalidOption('cancellationType', CANCELLATION_TYPES.join(', '), type);
}

/** Reads the options that every call has. */
function sharedRequestOf(options: RemoteCallOptions): SharedRequest {
  const { cluster, key, scope = 'run', sourceCluster, fallback, cancellationType } = options;
  checkCancellationType(cancellationType);
  if (!['run', 'chain', 'workflow-id'].includes(scope))
    throw invalidOption('scope', 'run, chain or workflow-id', scope);
  if (scope !== 'run' && key === undefined)
    throw invalidOption('key', `a key, because scope ${scope} shares a call between runs`, undefined);
  if (scope === 'workflow-id' && sourceCluster === undefined)
    throw invalidOption('sourceCluster', 'this cluster’s name, in scope workflow-id', undefined);
  const callTimeoutMs = timeoutMs('timeout', options.timeout);
  if (fallback !== undefined && known('fallback', fallback, ['first', 'max']).first === undefined)
    throw invalidOption('fallback.first', 'a duration, if there is a fallback', undefined);
  const firstMs = millis('fallback.first', fallback?.first, MIN_FALLBACK_MS, MAX_FALLBACK_MS);
  const maxMs = millis('fallback.max', fallback?.max, MIN_FALLBACK_MS, MAX_FALLBACK_MS) ?? MAX_FALLBACK_MS;
  if (firstMs !== undefined && firstMs > maxMs)
    throw invalidOption('fallback.first', 'at most fallback.max', firstMs);
  const bridgeTaskQueue =
    options.bridgeTaskQueue === undefined
      ? startsInThisWorker()
        ? workflowInfo().taskQueue
        : DEFAULT_CALLER_TASK_QUEUE
      : taskQueue('bridgeTaskQueue', options.bridgeTaskQueue);
  return {
    scope,
    bridgeTaskQueue,
    ...(key === undefined ? {} : { key: text('key', key, MAX_CALL_KEY_CHARS) }),
    ...(cluster === undefined ? {} : { cluster: text('cluster', cluster, MAX_CLUSTER_NAME_CHARS) }),
    ...(sourceCluster === undefined || scope !== 'workflow-id'
      ? {}
      : { sourceCluster: text('sourceCluster', sourceCluster, MAX_CLUSTER_NAME_CHARS) }),
    ...(callTimeoutMs === undefined ? {} : { timeoutMs: callTimeoutMs }),
    ...(firstMs === undefined ? {} : { fallback: { firstMs, maxMs } }),
  };
}

function optionalPayload(value: string | undefined, field: string): Payload | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'string') throw invalidOption(field, 'a text', value);
  return userConverters().toPayload(value);
}

function memoOf(memo: RemoteWorkflowOptions['memo'] = {}): Record<string, Payload> {
  const entries = Object.entries(object('memo', memo));
  if (entries.length > MAX_MEMO_KEYS)
    throw invalidOption('memo', `at most ${MAX_MEMO_KEYS} keys`, entries.length);
  const { toPayload } = userConverters();
  const found = entries.map(
    ([name, value]) => [text('memo key', name, MAX_MEMO_KEY_CHARS), toPayload(value)] as const,
  );
  const bytes = entries.reduce((sum, [name]) => sum + utf8(name).length, 0);
  if (bytes > MAX_MEMO_KEYS_BYTES)
    throw invalidOption('memo', `keys of at most ${MAX_MEMO_KEYS_BYTES} bytes together`, bytes);
  return Object.fromEntries(found);
}

/**
 * The call behind `executeRemoteWorkflow` and `startRemoteWorkflow`.
 *
 * @throws ApplicationFailure `INVALID_REQUEST` naming the option
 */
export function requestOf(
  workflowType: string,
  options: RemoteWorkflowOptions & { readonly args?: readonly unknown[] },
): CallRequest {
  const { args = [], workflowId } = known('options', options, WORKFLOW_OPTIONS);
  const { toPayload } = userConverters();
  if (!Array.isArray(args) || args.length > MAX_ARGUMENTS)
    throw invalidOption('args', `a list of at most ${MAX_ARGUMENTS} arguments`, args);
  if (
    workflowId !== undefined &&
    text('workflowId', workflowId, MAX_WORKFLOW_ID_CHARS).startsWith('bridge-call-')
  )
    throw invalidOption('workflowId', 'an id that does not begin with bridge-call-', workflowId);
  const targetOptions = targetOptionsOf(options);
  const summary = optionalPayload(options.staticSummary, 'staticSummary');
  const details = optionalPayload(options.staticDetails, 'staticDetails');
  return {
    ...sharedRequestOf(options),
    target: {
      workflowType: text('workflow type', workflowType, MAX_NAME_CHARS),
      taskQueue: taskQueue('taskQueue', options.taskQueue),
      ...(workflowId === undefined
        ? { idMode: 'hashed', name: workflowType }
        : { idMode: 'given', name: workflowId }),
      ...(targetOptions === undefined ? {} : { options: targetOptions }),
    },
    payloads: {
      // A list with holes has `undefined` in them.
      args: Array.from(args, (arg: unknown) => toPayload(arg)),
      memo: memoOf(options.memo),
      ...(summary === undefined ? {} : { summary }),
      ...(details === undefined ? {} : { details }),
      token: toPayload(undefined),
    },
    parentClose: parentCloseOf(options),
  };
}

/**
 * The call behind `getRemoteWorkflowHandle`.
 *
 * @throws ApplicationFailure `INVALID_REQUEST` naming the option
 */
export function attachRequestOf(workflowId: string, options: AttachOptions): CallRequest {
  const { runId } = known('options', options, ATTACH_OPTIONS);
  return {
    ...sharedRequestOf(options),
    target: {
      workflowType: '',
      taskQueue: '',
      idMode: 'attach',
      name: text('workflowId', workflowId, MAX_WORKFLOW_ID_CHARS),
      ...(runId === undefined ? {} : { runId: text('runId', runId, MAX_RUN_ID_CHARS) }),
    },
    payloads: { args: [], memo: {}, token: userConverters().toPayload(undefined) },
    parentClose: 'abandon',
  };
}
