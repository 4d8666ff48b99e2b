import { CancelledFailure, extractWorkflowType } from '@temporalio/common';
import type { Workflow, WorkflowResultType } from '@temporalio/common';
import { CancellationScope, ChildWorkflowCancellationType } from '@temporalio/workflow';
import { DEFAULT_FALLBACK_FIRST_MS } from '../shared/limits.js';
import { callSummary } from './anchor.js';
import { installInWorkflow } from './install.js';
import type { CallBody, OpenCall } from './open-call.js';
import { isEnd, makeCall, openCall, prepareCall, tooManyOpen } from './open-call.js';
import { known } from './option-checks.js';
import { settle } from './outcome-value.js';
import { parseReference } from './reference.js';
import type { RemoteWorkflowHandle } from './remote-workflow-handle.js';
import { handleOf } from './remote-workflow-handle.js';
import type {
  AttachOptions,
  RemoteCallOptions,
  RemoteWorkflowOptions,
  RemoteWorkflowOptionsWithArgs,
} from './remote-workflow-options.js';
import { attachRequestOf, checkCancellationType, requestOf } from './read-options.js';
import { assertInWorkflow, userConverters } from './sdk-runtime.js';

installInWorkflow();

type CancellationType = ChildWorkflowCancellationType;

/** Every entry of the library begins so. */
function enter(): void {
  assertInWorkflow();
  installInWorkflow();
}

/** A call in a scope that is cancelled already is not made, as with a child workflow. */
function throwIfCancelled(what: string): void {
  if (CancellationScope.current().consideredCancelled)
    throw new CancelledFailure(`call of ${what} cancelled before it was made`);
}

/** The beginning of a call that starts a workflow: its type. */
function enterFor(workflowTypeOrFunction: string | Workflow): string {
  enter();
  const workflowType = extractWorkflowType(workflowTypeOrFunction);
  throwIfCancelled(workflowType);
  return workflowType;
}

/**
 * What a cancellation of the current scope does to a call: passes it on to the handler cluster as the cancellation type
 * says. The promise rejects when the caller is not to wait any longer, and never resolves.
 */
function followScope(call: OpenCall, type: CancellationType): Promise<never> {
  const scope = CancellationScope.current();
  const followed = new Promise<never>((_, reject) => {
    if (!scope.cancellable) return;
    scope.cancelRequested.catch(() => {
      if (!call.isOpen()) return;
      const giveUp = (): void => {
        reject(new CancelledFailure(`call of ${callSummary(call.envelope)} cancelled`));
      };
      if (type === 'ABANDON') {
        giveUp();
        return;
      }
      // A cancellation that cannot be passed on must not fail the call: it ends by its outcome or its time-out.
      const requested = call.requestCancel().catch(() => undefined);
      if (type === 'TRY_CANCEL') giveUp();
      else if (type === 'WAIT_CANCELLATION_REQUESTED') void requested.then(giveUp);
    });
  });
  followed.catch(() => undefined);
  return followed;
}

function resultOf(call: OpenCall, cancelled: Promise<never>): Promise<unknown> {
  const result = Promise.race([call.ended.then((end) => settle(call, end)), cancelled]);
  result.catch(() => undefined); // Perhaps nobody awaits it.
  return result;
}

function cancellationTypeOf(
  options: RemoteCallOptions,
  byDefault: CancellationType = ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
): CancellationType {
  return options.cancellationType ?? byDefault;
}

/**
 * Runs a workflow on another cluster and waits for its result, as `executeChild` does on this one.
 *
 * The target is started at most once, whatever is retried, replayed or reset; the outcome is the target's own, as its
 * history has fixed it, and comes by one signal. Waiting costs no slot, no connection and no history.
 *
 * @param workflowTypeOrFunction - type name, or the target's function if its type is known here
 * @returns the target's result, made by this worker's payload converter
 * @throws ApplicationFailure with a type from the failure table. `REMOTE_WORKFLOW_FAILED` has the target's own failure as
 *   its cause; `INVALID_REQUEST` and `PAYLOAD_TOO_LARGE` mean that nothing was started
 * @throws CancelledFailure if the target was cancelled, or this scope, in the way of the cancellation type
 */
export function executeRemoteWorkflow<T extends Workflow>(
  workflowTypeOrFunction: string | T,
  options: RemoteWorkflowOptionsWithArgs<T>,
): Promise<WorkflowResultType<T>>;
export async function executeRemoteWorkflow(
  workflowTypeOrFunction: string | Workflow,
  options: RemoteWorkflowOptions & { readonly args?: readonly unknown[] },
): Promise<unknown> {
  const workflowType = enterFor(workflowTypeOrFunction);
  const call = makeCall(requestOf(workflowType, options));
  return resultOf(call, followScope(call, cancellationTypeOf(options)));
}

/**
 * Starts a workflow on another cluster and resolves when it runs there, as `startChild` does on this one.
 *
 * @returns a handle to signal, query, update, cancel and terminate it, and to await its result
 * @throws as {@link executeRemoteWorkflow}, if the target could not be started
 */
export function startRemoteWorkflow<T extends Workflow>(
  workflowTypeOrFunction: string | T,
  options: RemoteWorkflowOptionsWithArgs<T>,
): Promise<RemoteWorkflowHandle<T>>;
export async function startRemoteWorkflow(
  workflowTypeOrFunction: string | Workflow,
  options: RemoteWorkflowOptions & { readonly args?: readonly unknown[] },
): Promise<RemoteWorkflowHandle> {
  const workflowType = enterFor(workflowTypeOrFunction);
  const madeAt = Date.now();
  const call = makeCall({ ...requestOf(workflowType, options), confirmStart: true });
  const cancelled = followScope(call, cancellationTypeOf(options));
  const start = await Promise.race([call.started(), cancelled]);
  // It has ended before there was word of its start: with a target, its result tells; without one, the start failed.
  if (isEnd(start) && !start.remote?.runId) settle(call, start);
  const { wrapperWorkflowId } = call.envelope;
  const remote = (isEnd(start) ? start.remote : start) ?? { wrapperWorkflowId, workflowId: '', runId: '' };
  const result = resultOf(call, cancelled);
  return handleOf({ call, remote, madeAt, result: () => result });
}

/**
 * A handle of a workflow on another cluster that somebody else has started. Nothing is recorded until it is used; the
 * first `result()` makes a call that waits for the workflow's end.
 *
 * Cancelling the scope does not cancel the workflow (`ABANDON`), unless a cancellation type says so; it is not a child,
 * and no parent-close policy touches it. The handler side looks for its end in back-off, from 0.5 s to 1 minute.
 */
export function getRemoteWorkflowHandle<T extends Workflow = Workflow>(
  workflowId: string,
  options: AttachOptions = {},
): RemoteWorkflowHandle<T> {
  enter();
  const madeAt = Date.now();
  const { options: call, refusal } = prepareCall(attachRequestOf(workflowId, options));
  const remote = {
    wrapperWorkflowId: call.envelope.wrapperWorkflowId,
    workflowId,
    runId: options.runId ?? '',
  };
  let result: Promise<unknown> | undefined;
  const attach = async (): Promise<unknown> => {
    throwIfCancelled(workflowId);
    const now = refusal ?? tooManyOpen();
    if (now) return settle(call, { outcome: now, remote: undefined });
    const opened = openCall(call);
    const type = cancellationTypeOf(options, ChildWorkflowCancellationType.ABANDON);
    return resultOf(opened, followScope(opened, type));
  };
  return handleOf({ call, remote, madeAt, result: () => (result ??= attach()) });
}

/**
 * The time-out with which this run goes on waiting. It gives up at the same time as the run that made the call would have:
 * one fallback interval past the time-out, when the target's own time-out has been told. That interval is never longer
 * than the time-out, so near its end a part of what is left stands for it.
 */
function timeLeftMs(fallback: CallBody['fallback'], timeoutMs: number, madeAt: number): number {
  const intervalMs = Math.min(timeoutMs, fallback?.firstMs ?? DEFAULT_FALLBACK_FIRST_MS);
  const untilGivenUpMs = timeoutMs + intervalMs - (Date.now() - madeAt);
  return Math.max(1, untilGivenUpMs - intervalMs, Math.ceil(untilGivenUpMs / 2));
}

/**
 * Takes up a call that an earlier run of this chain made, with the reference that it handed over. Its completion comes to
 * whichever run the chain is in.
 *
 * @param reference - what `handle.toReference()` gave, as it came through `continueAsNew`
 * @throws ApplicationFailure `INVALID_REQUEST` if it is no reference, or one of another chain of runs
 */
export function resumeRemoteWorkflow<T extends Workflow = Workflow>(
  reference: unknown,
  options: Pick<RemoteCallOptions, 'cancellationType'> = {},
): RemoteWorkflowHandle<T> {
  enter();
  checkCancellationType(known('options', options, ['cancellationType']).cancellationType);
  const { call: body, bridgeTaskQueue, remote, madeAt, completed } = parseReference(reference);
  const { timeoutMs, ...rest } = body;
  const isAttached = body.target.idMode === 'attach';
  const refusal = tooManyOpen();
  if (refusal) settle({ envelope: body, bridgeTaskQueue }, { outcome: refusal, remote: undefined });
  const token = userConverters().toPayload(undefined);
  const call = openCall({
    // A run that fails may be retried with the same reference among its arguments.
    outlivesRun: true,
    bridgeTaskQueue,
    payloads: [token],
    token,
    envelope: {
      ...rest,
      extras: { token: true },
      // To attach again is to attach to the same: it needs no arguments, and may not have been done yet.
      ...(isAttached ? {} : { resume: completed ? 'now' : 'later' }),
      ...(timeoutMs === undefined ? {} : { timeoutMs: timeLeftMs(body.fallback, timeoutMs, madeAt) }),
    },
  });
  const byDefault = isAttached
    ? ChildWorkflowCancellationType.ABANDON
    : ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED;
  const cancelled = followScope(call, cancellationTypeOf(options, byDefault));
  // The envelope as it was made: a further reference tells the whole time-out, from the same beginning.
  const original = { ...call, envelope: { ...body, extras: { token: true } as const } };
  const result = resultOf(call, cancelled);
  return handleOf({ call: original, remote, madeAt, result: () => result });
}
