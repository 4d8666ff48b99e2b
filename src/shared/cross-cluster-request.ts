import type { Payload } from '@temporalio/common';
import { fromBase64, fromUtf8 } from './bytes.js';
import type { CallScope } from './call-id.js';
import type { ParentClose } from './wire/call-envelope.js';
import { PARENT_CLOSE_POLICIES, defaultParentClose, isParentClosePolicy } from './wire/call-envelope.js';
import { DEFAULT_CALL_TIMEOUT_MS } from './limits.js';
import { jsonPayload, payloadOf } from './payloads.js';
import { candidateOf, timeoutMsOf } from './request-candidate.js';
import type { Field, RequestCandidate, RequestProblem } from './request-candidate.js';
import { REQUEST_CHECKS } from './request-checks.js';
import type { RequestCheck } from './request-text-checks.js';

export type { RequestProblem } from './request-candidate.js';

/** How ids are made: this project's form, or exactly the published bridge's (with its workflow-id scope). */
export type IdMode = 'hashed' | 'article';

/** The request of a `CrossClusterWorkflow`, read and checked. */
export interface CrossClusterRequest {
  /** `article`: the published keys, base64 in and out. `plain`: camelCase keys, JSON in and out. */
  readonly form: 'article' | 'plain';
  readonly workflowType: string;
  readonly taskQueue: string;
  readonly args: readonly Payload[];
  readonly timeoutMs: number;
  readonly idMode: IdMode;
  readonly scope: CallScope;
  readonly key?: string;
  readonly workflowId?: string;
  readonly sourceCluster?: string;
  /** Name of the handler cluster; absent: the bridge's default one. */
  readonly cluster?: string;
  /** What becomes of the target if the caller is terminated or times out. */
  readonly parentClose: ParentClose;
}

/** Thrown for a request that cannot be made; becomes an `INVALID_REQUEST` failure. */
export class InvalidRequestError extends Error {
  readonly problem: RequestProblem;

  constructor(problem: RequestProblem) {
    super(`${problem.field}: expected ${problem.expected}, got ${problem.got}; nothing was started`);
    this.name = 'InvalidRequestError';
    this.problem = problem;
  }
}

function argsOf(request: RequestCandidate): Payload[] {
  const input = request.get('input');
  if (!request.article) return Array.isArray(input) ? input.map((value) => jsonPayload(value ?? null)) : [];
  const bytes = typeof input === 'string' ? fromBase64(input) : undefined;
  if (!bytes || bytes.length === 0) return [];
  const text = fromUtf8(bytes);
  try {
    JSON.parse(text ?? '');
    return [payloadOf('json/plain', bytes)];
  } catch {
    return [payloadOf('binary/plain', bytes)];
  }
}

function textOf(request: RequestCandidate, field: Field): string | undefined {
  const value = request.get(field);
  return typeof value === 'string' ? value : undefined;
}

function scopeOf(idMode: IdMode, scope: unknown): CallScope {
  if (idMode === 'article') return 'workflow-id';
  return scope === 'chain' || scope === 'workflow-id' ? scope : 'run';
}

/**
 * Reads the input of a `CrossClusterWorkflow`.
 *
 * Article form: `Input` is base64; JSON bytes become one ordinary JSON argument with just these bytes, other bytes one
 * `binary/plain` argument, empty or absent no argument. `Timeout` is whole nanoseconds or a text; 0 or absent = 1 hour.
 *
 * @param checks - for tests, which take one away at a time
 * @throws {InvalidRequestError} naming the field, what is expected, and what was there (escaped, cut)
 */
export function parseCrossClusterRequest(
  payloads: readonly Payload[],
  checks: readonly RequestCheck[] = REQUEST_CHECKS,
): CrossClusterRequest {
  const request = candidateOf(payloads);
  for (const check of checks) {
    const found = check.find(request);
    if (found) throw new InvalidRequestError(found);
  }
  const idMode: IdMode = request.get('idMode') === 'article' ? 'article' : 'hashed';
  const key = textOf(request, 'key');
  const workflowId = textOf(request, 'workflowId');
  const sourceCluster = textOf(request, 'sourceCluster');
  const cluster = textOf(request, 'cluster');
  const policy = request.get('parentClosePolicy');
  const callScope = scopeOf(idMode, request.get('scope'));
  return {
    form: request.article ? 'article' : 'plain',
    workflowType: textOf(request, 'workflowType') ?? '',
    taskQueue: textOf(request, 'taskQueue') ?? '',
    args: argsOf(request),
    timeoutMs: Math.ceil(timeoutMsOf(request.get('timeout') ?? 0) ?? 0) || DEFAULT_CALL_TIMEOUT_MS,
    idMode,
    scope: callScope,
    parentClose: isParentClosePolicy(policy) ? PARENT_CLOSE_POLICIES[policy] : defaultParentClose(callScope),
    ...(key === undefined ? {} : { key }),
    ...(workflowId === undefined ? {} : { workflowId }),
    ...(sourceCluster === undefined ? {} : { sourceCluster }),
    ...(cluster === undefined ? {} : { cluster }),
  };
}
