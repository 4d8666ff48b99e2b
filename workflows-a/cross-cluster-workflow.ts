import { ApplicationFailure, defaultPayloadConverter } from '@temporalio/common';
import type { Payload } from '@temporalio/common';
import { defineWorkflowOptions, workflowInfo } from '@temporalio/workflow';
import { toBase64 } from '../src/shared/bytes.js';
import type { CrossClusterRequest } from '../src/shared/cross-cluster-request.js';
import { InvalidRequestError, parseCrossClusterRequest } from '../src/shared/cross-cluster-request.js';
import { isDeeperThan } from '../src/shared/json-depth.js';
import { MAX_ANSWER_BYTES, MAX_ARGUMENT_DEPTH, MAX_WORKFLOW_ID_CHARS } from '../src/shared/limits.js';
import { DEFAULT_SOURCE_CLUSTER } from '../src/shared/names.js';
import { RAW_PAYLOADS, encodingOf, jsonPayload, payloadBytes, payloadsOf } from '../src/shared/payloads.js';
import { articleTargetWorkflowId } from '../src/shared/remote-ids.js';
import { registerCompletionHandler } from '../src/workflow/completion-inbox.js';
import { bridgeFailure, outcomeError } from '../src/workflow/outcome-error.js';
import { failureConverter } from '../src/workflow/raw-failure-converter.js';
import { refuseInput } from '../src/workflow/refused-input.js';
import type { CallRequest } from '../src/workflow/open-call.js';
import { callRemote } from '../src/workflow/remote-call.js';

registerCompletionHandler();

/** What `CrossClusterWorkflow` returns for a request in the published form. */
export interface ArticleResult {
  readonly WorkflowID: string;
  readonly RunID: string;
  readonly Status: 'completed';
  /** Base64 of the result's serialized bytes; `""` for no result. */
  readonly Output: string;
  /** Only for a result that is neither JSON nor plain bytes, for example an encrypted one: the payload's metadata, base64. */
  readonly OutputMetadata?: Readonly<Record<string, string>>;
}

/** What `CrossClusterWorkflow` returns for a request in the plain form. */
export interface PlainResult {
  readonly workflowId: string;
  readonly runId: string;
  readonly status: 'completed';
  /** The target's result as JSON; for one that is not JSON: `{ data, metadata }`, both base64. */
  readonly result: unknown;
}

const READABLE = ['json/plain', 'json/protobuf', 'binary/plain', 'binary/null', 'binary/protobuf'];
const EMPTY = new Uint8Array();

/** In the order of the keys: a server gives a payload's metadata in any, and signal and fallback bring the same bytes. */
function metadataOf(payload: Payload): Record<string, string> {
  const sorted = Object.entries(payload.metadata ?? {}).sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(sorted.map(([key, value]) => [key, toBase64(value)]));
}

function articleOutput(value: Payload | undefined): Pick<ArticleResult, 'Output' | 'OutputMetadata'> {
  const Output = toBase64(value?.data ?? EMPTY);
  return value && !READABLE.includes(encodingOf(value))
    ? { Output, OutputMetadata: metadataOf(value) }
    : { Output };
}

function plainResult(value: Payload | undefined): unknown {
  if (!value || encodingOf(value) === 'binary/null') return null;
  if (encodingOf(value) === 'json/plain') {
    try {
      const result: unknown = defaultPayloadConverter.fromPayload(value);
      if (!isDeeperThan(result, MAX_ARGUMENT_DEPTH)) return result;
    } catch {
      // Named JSON, and is not. Like what is too deep to be written again, it is handed over as bytes: a throw here
      // would fail the workflow task for ever.
    }
  }
  return { data: toBase64(value.data ?? EMPTY), metadata: metadataOf(value) };
}

function invalidRequest(error: InvalidRequestError): ApplicationFailure {
  // What was there instead may be the user's: it goes into the failure alone.
  const { field, expected } = error.problem;
  refuseInput('request-invalid', 'Request refused', { field, expected });
  return ApplicationFailure.create({
    type: 'INVALID_REQUEST',
    message: error.message,
    nonRetryable: true,
    details: [error.problem],
  });
}

function targetIdOf(request: CrossClusterRequest): Pick<CallRequest['target'], 'idMode' | 'name'> {
  if (request.workflowId !== undefined) return { idMode: 'given', name: request.workflowId };
  if (request.idMode === 'hashed') return { idMode: 'hashed', name: request.workflowType };
  const name = request.key ?? request.workflowType;
  const sourceCluster = request.sourceCluster ?? DEFAULT_SOURCE_CLUSTER;
  const id = articleTargetWorkflowId({ sourceCluster, callerWorkflowId: workflowInfo().workflowId, name });
  if (id.length > MAX_WORKFLOW_ID_CHARS) {
    throw new InvalidRequestError({
      field: 'id mode article',
      expected: `an id of at most ${MAX_WORKFLOW_ID_CHARS} characters (shorten the caller's workflow id or the key)`,
      got: `${id.length} characters`,
    });
  }
  return { idMode: 'article', name };
}

function callOf(payloads: readonly Payload[]): { request: CrossClusterRequest; call: CallRequest } {
  const request = parseCrossClusterRequest(payloads);
  const targetId = targetIdOf(request);
  const key = request.key ?? (request.idMode === 'article' ? request.workflowType : undefined);
  // Recorded rather than configured: two bridges with different settings must not make two of one call.
  const sourceCluster =
    request.sourceCluster ?? (request.scope === 'workflow-id' ? DEFAULT_SOURCE_CLUSTER : undefined);
  const { workflowType, taskQueue, args, scope, timeoutMs, parentClose, cluster } = request;
  return {
    request,
    call: {
      target: { workflowType, taskQueue, ...targetId },
      payloads: { args, memo: {} },
      scope,
      timeoutMs,
      parentClose,
      bridgeTaskQueue: workflowInfo().taskQueue,
      ...(key === undefined ? {} : { key }),
      ...(sourceCluster === undefined ? {} : { sourceCluster }),
      ...(cluster === undefined ? {} : { cluster }),
    },
  };
}

/**
 * Calls one workflow on the other cluster and returns its result: the published bridge's workflow. One argument, in one
 * of two forms:
 * - `{"WorkflowType","TaskQueue","Input","Timeout"}` (base64 in, {@link ArticleResult} out);
 * - `{"workflowType","taskQueue","args","timeout"}` (JSON in, {@link PlainResult} out).
 *
 * Task queue `bridge-queue`. Callers in any SDK run it as an ordinary child.
 *
 * @throws ApplicationFailure with a type from the failure table; `INVALID_REQUEST` if the request is malformed
 * @throws CancelledFailure if the remote workflow was cancelled
 */
export async function CrossClusterWorkflow(...input: unknown[]): Promise<ArticleResult | PlainResult> {
  let made: ReturnType<typeof callOf>;
  try {
    made = callOf(payloadsOf(input));
  } catch (error) {
    throw error instanceof InvalidRequestError ? invalidRequest(error) : error;
  }
  const { request, call } = made;
  const { callId, outcome, remote } = await callRemote(call);
  if (outcome.status !== 'completed') {
    const { workflowType, taskQueue } = call.target;
    throw outcomeError(outcome, { callId, workflowType, taskQueue, remote }, (failure) =>
      failureConverter.failureToError(failure, defaultPayloadConverter),
    );
  }
  const { workflowId = '', runId = '' } = remote ?? {};
  const answer: ArticleResult | PlainResult =
    request.form === 'article'
      ? { WorkflowID: workflowId, RunID: runId, Status: 'completed', ...articleOutput(outcome.value) }
      : { workflowId, runId, status: 'completed', result: plainResult(outcome.value) };
  const bytes = payloadBytes(jsonPayload(answer));
  if (bytes <= MAX_ANSWER_BYTES) return answer;
  // A server terminates a workflow that returns more than it takes.
  const { workflowType, taskQueue } = call.target;
  const message = `the target's result makes an answer of ${bytes} bytes; ${MAX_ANSWER_BYTES} can be returned`;
  throw bridgeFailure('PAYLOAD_TOO_LARGE', message, { callId, workflowType, taskQueue, remote });
}

defineWorkflowOptions(CrossClusterWorkflow, { staticOptions: { typeInfo: { inputTypes: RAW_PAYLOADS } } });
