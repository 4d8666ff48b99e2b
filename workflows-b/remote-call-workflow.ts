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
  defineWorkflowOptions,
  log,
  sleep,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import { ANCHOR_GRACE_MS, DEFAULT_FALLBACK_FIRST_MS } from '../src/shared/limits.js';
import { REMOTE_CALL_HEADER } from '../src/shared/names.js';
import type { Outcome, Refusal, RemoteExecution } from '../src/shared/outcome.js';
import { outcomeOfFailure, refused } from '../src/shared/outcome.js';
import { RAW_PAYLOADS, payloadsOf } from '../src/shared/payloads.js';
import { withoutReferences } from '../src/shared/references.js';
import type { RemoteCallEnvelope } from '../src/shared/wire/call-envelope.js';
import { parseRemoteCallEnvelope } from '../src/shared/wire/call-envelope.js';
import { splitPayloads } from '../src/shared/wire/extra-payloads.js';
import type { Delivery } from '../src/workflow/handler-activities.js';
import {
  admitCall,
  endTarget,
  followTarget,
  sendCompletion,
  sendStarted,
  watchCaller,
} from '../src/workflow/handler-activities.js';
import { refuseInput } from '../src/workflow/refused-input.js';
import { startHeader } from '../src/workflow/start-headers.js';
import { targetStartOptions } from '../src/workflow/target-start-options.js';

/** What a wrapper returns: for operators, in the UI. The caller has the outcome by then. */
export interface RemoteCallReport extends Delivery {
  readonly callId: string;
  readonly outcome: Outcome['status'] | 'not-awaited';
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

/** Waits for a target that is not this run's child: an earlier run of this wrapper started it, or somebody else. */
async function follow(header: Payload, passesOnCancellation: boolean): Promise<Ended> {
  const scope = CancellationScope.current();
  return CancellationScope.nonCancellable(async () => {
    if (passesOnCancellation) {
      scope.cancelRequested
        .catch(() => endTarget(header, 'cancel', 'the call was cancelled'))
        .catch(() => undefined);
    }
    const { outcome, remote } = await followTarget(header);
    return { outcome, runId: remote?.runId ?? '' };
  });
}

/** Whether this run was made of an earlier one by a reset. */
function isReset(): boolean {
  const { runId, originalExecutionRunId } = workflowInfo();
  return runId !== originalExecutionRunId;
}

/** A target that may not start now. After a reset of this wrapper an earlier run may have started it: then it is followed. */
async function notStarted(header: Payload, refusal: Ended): Promise<Ended> {
  if (!isReset()) return refusal;
  const followed = await follow(header, true);
  return followed.outcome.status === 'refused' ? refusal : followed;
}

/** Tells a caller that waits for it that the target runs. Not waited for: the completion tells it, too. */
function confirmStart(call: RemoteCallEnvelope, header: Payload, runId: string): void {
  if (!call.confirmStart) return;
  const { callId, target } = call;
  const remote = { wrapperWorkflowId: workflowInfo().workflowId, workflowId: target.workflowId, runId };
  CancellationScope.nonCancellable(() => sendStarted(header, call, remote)).catch((error: unknown) => {
    log.warn('The word of the start was not sent', { callId, why: String(error) });
  });
}

/** Starts the target at most once, or follows the one that an earlier run of this wrapper started (a reset). */
async function runTarget(
  call: RemoteCallEnvelope,
  header: Payload,
  payloads: readonly Payload[],
  onStart: () => void = () => undefined,
): Promise<Ended> {
  if (timeLeftMs(call) <= 0) return notStarted(header, noTimeLeft());
  const admission = await CancellationScope.nonCancellable(() => admitCall(header, payloads));
  if (!admission.admitted) {
    const { type, message, details } = admission;
    return notStarted(header, { outcome: refused(type, message, details), runId: '' });
  }
  const remainingMs = timeLeftMs(call); // An admission can take as long as its retries.
  if (remainingMs <= 0) return notStarted(header, noTimeLeft());
  if (call.existing === 'attach') return follow(header, false);
  let runId = '';
  try {
    onStart();
    const child = await startChild(
      call.target.workflowType,
      targetStartOptions(call, splitPayloads(payloads, call.extras), { remainingMs, isReset: isReset() }),
    );
    runId = child.firstExecutionRunId;
    confirmStart(call, header, runId);
    const value: unknown = await child.result();
    return {
      outcome: { status: 'completed', value: value instanceof RawValue ? value.payload : undefined },
      runId,
    };
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return follow(header, true);
    if (error instanceof CancelledFailure) return { outcome: { status: 'canceled', details: [] }, runId };
    return { outcome: outcomeOfChildFailure(error), runId };
  }
}

/** What a target's end is worth to a caller that is gone: nothing. */
const NOT_AWAITED = Symbol('not awaited');

/** When the caller of an attached workflow has given up: the same as the anchor activity's own time. */
async function givenUp(leftMs: number): Promise<typeof NOT_AWAITED> {
  await sleep(leftMs + Math.min(leftMs, DEFAULT_FALLBACK_FIRST_MS) + ANCHOR_GRACE_MS);
  return NOT_AWAITED;
}

/**
 * Runs the target under the lease: if the caller's chain of runs closes meanwhile, the target is ended as the call's
 * parent-close policy says; somebody else's workflow is only not waited for any longer.
 */
async function runUnderLease(
  call: RemoteCallEnvelope,
  header: Payload,
  payloads: readonly Payload[],
): Promise<Ended | typeof NOT_AWAITED> {
  const { parentClose = 'abandon', existing } = call;
  if (parentClose === 'abandon' && existing !== 'attach') return runTarget(call, header, payloads);
  const targetScope = new CancellationScope();
  let isStarted = isReset(); // An earlier run may have started it.
  const onStart = (): void => {
    isStarted = true;
  };
  const target = targetScope.run(() => runTarget(call, header, payloads, onStart));
  const gone = CancellationScope.nonCancellable(async () => {
    await watchCaller(header);
    log.info('The caller is gone', { callId: call.callId, parentClose });
    if (existing === 'attach') return NOT_AWAITED;
    // A target that has not started is kept from it by the scope.
    if (parentClose === 'terminate' && isStarted) await endTarget(header, 'terminate', 'its caller is gone');
    else targetScope.cancel();
    return target;
  });
  const waits = [target, gone.catch(() => target)];
  const leftMs = timeLeftMs(call);
  if (existing === 'attach' && Number.isFinite(leftMs)) waits.push(givenUp(leftMs));
  // A lease that cannot be kept must not end the call.
  return Promise.race(waits);
}

function refusedStart(error: unknown): ApplicationFailure {
  const why = error instanceof Error ? error.message : 'no envelope';
  refuseInput('not-a-call', 'Start refused: not a call of a bridge', { why });
  const message = `not a call of a bridge: ${why}`;
  return ApplicationFailure.create({ type: 'INVALID_REQUEST', message, nonRetryable: true });
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
  const { workflowId } = call.target;
  const { callId } = call;
  const ended = await runUnderLease(call, header, payloadsOf(input));
  if (ended === NOT_AWAITED) {
    const note = 'the caller is gone; the workflow goes on, nobody waits for it';
    return {
      callId,
      outcome: 'not-awaited',
      target: workflowId,
      targetRunId: '',
      delivered: 'caller-gone',
      note,
    };
  }
  const outcome = withoutReferences(ended.outcome);
  const { runId } = ended;
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
