import {
  ApplicationFailure,
  CancelledFailure,
  ChildWorkflowFailure,
  RawValue,
  WorkflowExecutionAlreadyStartedError,
} from '@temporalio/common';
import type { Payload } from '@temporalio/common';
import {
  CancellationScope,
  ParentClosePolicy,
  defineWorkflowOptions,
  log,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import { REMOTE_CALL_HEADER } from '../src/shared/names.js';
import type { Outcome, Refusal, RemoteExecution } from '../src/shared/outcome.js';
import { outcomeOfFailure, refused } from '../src/shared/outcome.js';
import { RAW_PAYLOAD, RAW_PAYLOADS, payloadsOf, raw } from '../src/shared/payloads.js';
import type { RemoteCallEnvelope } from '../src/shared/wire/call-envelope.js';
import { parseRemoteCallEnvelope } from '../src/shared/wire/call-envelope.js';
import type { Delivery } from '../src/workflow/handler-activities.js';
import { admitCall, followTarget, sendCompletion } from '../src/workflow/handler-activities.js';
import { startHeader } from '../src/workflow/start-headers.js';

/** What a wrapper returns: for operators, in the UI. The caller has the outcome by then. */
export interface RemoteCallReport extends Delivery {
  readonly callId: string;
  readonly outcome: Outcome['status'];
  readonly target: string;
  readonly targetRunId: string;
  /** Why no target was started; the fallback poll reads it here if the signal did not arrive. */
  readonly refusal?: Refusal;
}

interface Ended {
  readonly outcome: Outcome;
  readonly runId: string;
}

/** The outcome that this wrapper's history has fixed, out of the child's failure. */
function outcomeOfChildFailure(error: unknown): Outcome {
  if (!(error instanceof ChildWorkflowFailure) || !error.failure?.cause) throw error;
  return outcomeOfFailure(error.failure.cause);
}

async function startTarget(call: RemoteCallEnvelope, args: readonly Payload[], remainingMs: number) {
  const { workflowType, taskQueue, workflowId } = call.target;
  return startChild(workflowType, {
    workflowId,
    taskQueue,
    args: args.map(raw),
    workflowIdReusePolicy: 'REJECT_DUPLICATE',
    parentClosePolicy: ParentClosePolicy.ABANDON,
    ...(Number.isFinite(remainingMs) ? { workflowExecutionTimeout: remainingMs } : {}),
    typeInfo: { inputTypes: RAW_PAYLOADS, outputType: RAW_PAYLOAD },
  });
}

/**
 * What is left of the call's time. Only durations of one clock: the time this wrapper has waited for a worker counts, too
 * (the SDK's `runStartTime` begins with the first workflow task, `startTime` with the start).
 */
function timeLeftMs(call: RemoteCallEnvelope): number {
  if (call.remainingMs === undefined) return Number.POSITIVE_INFINITY;
  return call.remainingMs - Math.max(0, Date.now() - workflowInfo().startTime.getTime());
}

function noTimeLeft(): Ended {
  const message = 'the call had no time left when the handler side took it up; nothing was started';
  return { outcome: refused('CALL_EXPIRED', message, { started: 'no' }), runId: '' };
}

/** Waits for a target that an earlier run of this wrapper started. */
async function follow(header: Payload): Promise<Ended> {
  const { outcome, remote } = await CancellationScope.nonCancellable(() => followTarget(header));
  return { outcome, runId: remote?.runId ?? '' };
}

/** A target that may not start now. After a reset of this wrapper an earlier run may have started it: then it is followed. */
async function notStarted(header: Payload, refusal: Ended): Promise<Ended> {
  const { runId, originalExecutionRunId } = workflowInfo();
  if (runId === originalExecutionRunId) return refusal;
  const followed = await follow(header);
  return followed.outcome.status === 'refused' ? refusal : followed;
}

/** Starts the target at most once, or follows the one that an earlier run of this wrapper started (a reset). */
async function runTarget(
  call: RemoteCallEnvelope,
  header: Payload,
  args: readonly Payload[],
): Promise<Ended> {
  if (timeLeftMs(call) <= 0) return notStarted(header, noTimeLeft());
  const admission = await CancellationScope.nonCancellable(() => admitCall(header, args));
  if (!admission.admitted) {
    const { type, message, details } = admission;
    return notStarted(header, { outcome: refused(type, message, details), runId: '' });
  }
  const remainingMs = timeLeftMs(call); // An admission can take as long as its retries.
  if (remainingMs <= 0) return notStarted(header, noTimeLeft());
  let runId = '';
  try {
    const child = await startTarget(call, args, remainingMs);
    runId = child.firstExecutionRunId;
    const value: unknown = await child.result();
    return {
      outcome: { status: 'completed', value: value instanceof RawValue ? value.payload : undefined },
      runId,
    };
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return follow(header);
    if (error instanceof CancelledFailure) return { outcome: { status: 'canceled', details: [] }, runId };
    return { outcome: outcomeOfChildFailure(error), runId };
  }
}

function refusedStart(error: unknown): ApplicationFailure {
  return ApplicationFailure.create({
    type: 'INVALID_REQUEST',
    message: `not a call of a bridge: ${error instanceof Error ? error.message : 'no envelope'}`,
    nonRetryable: true,
  });
}

/**
 * The wrapper: runs the target of one call as its child and sends the outcome back to the caller. Started by the
 * caller-side worker only; its arguments are the target's, untouched.
 */
export async function RemoteCallWorkflow(...input: unknown[]): Promise<RemoteCallReport> {
  const header = startHeader(REMOTE_CALL_HEADER);
  if (!header) throw refusedStart(undefined);
  let call: RemoteCallEnvelope;
  try {
    call = parseRemoteCallEnvelope(header);
  } catch (error) {
    throw refusedStart(error);
  }
  const { outcome, runId } = await runTarget(call, header, payloadsOf(input));
  const { workflowId } = call.target;
  const { callId } = call;
  const remote: RemoteExecution = { wrapperWorkflowId: workflowInfo().workflowId, workflowId, runId };
  const delivery = await CancellationScope.nonCancellable(() =>
    sendCompletion(header, call, outcome, remote),
  );
  const { delivered } = delivery;
  if (delivered === 'too-large' || delivered === 'seal-refused' || delivered === 'refused') {
    log.warn('Completion not delivered', { callId, ...delivery });
  }
  const refusal = outcome.status === 'refused' ? { refusal: outcome.refusal } : {};
  return { callId, outcome: outcome.status, target: workflowId, targetRunId: runId, ...refusal, ...delivery };
}

defineWorkflowOptions(RemoteCallWorkflow, { staticOptions: { typeInfo: { inputTypes: RAW_PAYLOADS } } });
