import { ActivityFailure, ApplicationFailure, CancelledFailure, TemporalFailure } from '@temporalio/common';
import type { Payload, RawValue } from '@temporalio/common';
import { proxyActivities, proxyLocalActivities, workflowInfo } from '@temporalio/workflow';
import {
  ADMIT_ACTIVITY,
  COMPLETION_HEADER,
  ENDED_AT_HEADER,
  END_TARGET_ACTIVITY,
  FOLLOW_TARGET_ACTIVITY,
  REMOTE_CALL_HEADER,
  SEND_COMPLETION_ACTIVITY,
  OPERATION_HEADER,
  WATCH_CALLER_ACTIVITY,
} from '../shared/names.js';
import { MAX_FALLBACK_MS } from '../shared/limits.js';
import type { Outcome, Refusal, RemoteExecution } from '../shared/outcome.js';
import { RAW_PAYLOAD, RAW_PAYLOADS, jsonPayload, raw } from '../shared/payloads.js';
import { decodeAnchorFailure, decodeAnchorResult } from '../shared/wire/anchor-report.js';
import type { AnchorReport } from '../shared/wire/anchor-report.js';
import type { RemoteCallEnvelope } from '../shared/wire/call-envelope.js';
import { encodeCompletion, encodeStarted } from '../shared/wire/completion-envelope.js';
import { encodeOperationEnvelope } from '../shared/wire/operation-envelope.js';
import { headerCarrier } from './header-carrier.js';

/** The handler side's verdict before a target starts. */
export type Admission = { readonly admitted: true } | ({ readonly admitted: false } & Refusal);

/** What became of a completion: sent, or why it was not. */
export interface Delivery {
  readonly delivered: 'signal' | 'caller-gone' | 'signals-off' | 'too-large' | 'seal-refused' | 'refused';
  readonly note: string;
}

interface HandlerActivities {
  [ADMIT_ACTIVITY](...args: unknown[]): Promise<Admission>;
  [SEND_COMPLETION_ACTIVITY](...args: unknown[]): Promise<Delivery>;
  [FOLLOW_TARGET_ACTIVITY](...args: unknown[]): Promise<RawValue>;
  [WATCH_CALLER_ACTIVITY](...args: unknown[]): Promise<void>;
  [END_TARGET_ACTIVITY](...args: unknown[]): Promise<void>;
}

const typeInfo = {
  [ADMIT_ACTIVITY]: { inputTypes: RAW_PAYLOADS },
  [SEND_COMPLETION_ACTIVITY]: { inputTypes: RAW_PAYLOADS },
  [FOLLOW_TARGET_ACTIVITY]: { inputTypes: RAW_PAYLOADS, outputType: RAW_PAYLOAD },
  [WATCH_CALLER_ACTIVITY]: { inputTypes: RAW_PAYLOADS },
  [END_TARGET_ACTIVITY]: { inputTypes: RAW_PAYLOADS },
};

/** One try inside the workflow task: the healthy case costs no activity task. Well below a workflow task's 10 s. */
const local = proxyLocalActivities<HandlerActivities>({
  startToCloseTimeout: '4s',
  retry: { maximumAttempts: 1 },
  activityTypeInfo: typeInfo,
});

/** Retried by the server: an outage grows no history. */
const ordinary = proxyActivities<HandlerActivities>({
  startToCloseTimeout: '30s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' },
  activityTypeInfo: typeInfo,
});

/** In back-off between its looks, which say themselves when the next one is due. */
const watching = proxyActivities<HandlerActivities>({
  startToCloseTimeout: '30s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: MAX_FALLBACK_MS },
  activityTypeInfo: typeInfo,
});

type TwoStep = typeof ADMIT_ACTIVITY | typeof SEND_COMPLETION_ACTIVITY;

async function localFirst<A extends TwoStep>(
  activity: A,
  args: unknown[],
): Promise<Awaited<ReturnType<HandlerActivities[A]>>>;
async function localFirst(activity: TwoStep, args: unknown[]): Promise<Admission | Delivery> {
  try {
    return await local[activity](...args);
  } catch (error) {
    // The SDK hands out a local activity's own failure bare; an ordinary one's comes within an ActivityFailure.
    const failure = error instanceof ActivityFailure ? error.cause : error;
    if (!(failure instanceof TemporalFailure) || failure instanceof CancelledFailure) throw error;
    if (failure instanceof ApplicationFailure && failure.nonRetryable) throw error;
    return await ordinary[activity](...args);
  }
}

/** Checks a call before its target starts: the seal, startBy, and what the server would choke on. */
export function admitCall(callHeader: Payload, args: readonly Payload[]): Promise<Admission> {
  return localFirst(ADMIT_ACTIVITY, [headerCarrier({ [REMOTE_CALL_HEADER]: callHeader }), ...args.map(raw)]);
}

/** Sends an outcome to the caller. It is called only once the outcome stands in this wrapper's history. */
export function sendCompletion(
  callHeader: Payload,
  call: Pick<RemoteCallEnvelope, 'callId' | 'argsDigest'>,
  outcome: Outcome,
  remote: RemoteExecution,
): Promise<Delivery> {
  const { callId, argsDigest } = call;
  const { header, payloads } = encodeCompletion({ callId, argsDigest, outcome, remote });
  const headers = {
    [REMOTE_CALL_HEADER]: callHeader,
    [COMPLETION_HEADER]: header,
    [ENDED_AT_HEADER]: jsonPayload(Date.now()),
  };
  return localFirst(SEND_COMPLETION_ACTIVITY, [headerCarrier(headers), ...payloads.map(raw)]);
}

/** Tells the caller that the target has started. */
export function sendStarted(
  callHeader: Payload,
  { callId, argsDigest }: Pick<RemoteCallEnvelope, 'callId' | 'argsDigest'>,
  remote: RemoteExecution,
): Promise<Delivery> {
  const headers = {
    [REMOTE_CALL_HEADER]: callHeader,
    [COMPLETION_HEADER]: encodeStarted({ callId, argsDigest, remote }),
  };
  return localFirst(SEND_COMPLETION_ACTIVITY, [headerCarrier(headers)]);
}

/** The lease: resolves when the caller's chain of runs has closed. Costs no slot and no history while it waits. */
export function watchCaller(callHeader: Payload): Promise<void> {
  return watching[WATCH_CALLER_ACTIVITY](headerCarrier({ [REMOTE_CALL_HEADER]: callHeader }));
}

/** Cancels or terminates the target. */
export function endTarget(callHeader: Payload, type: 'cancel' | 'terminate', reason: string): Promise<void> {
  const operation = encodeOperationEnvelope({ type, name: reason, id: workflowInfo().runId });
  return ordinary[END_TARGET_ACTIVITY](
    headerCarrier({ [REMOTE_CALL_HEADER]: callHeader, [OPERATION_HEADER]: operation }),
  );
}

/** Waits, without a slot, for a target that an earlier run of this wrapper started. */
export async function followTarget(callHeader: Payload): Promise<AnchorReport> {
  try {
    const result = await ordinary[FOLLOW_TARGET_ACTIVITY](
      headerCarrier({ [REMOTE_CALL_HEADER]: callHeader }),
    );
    return decodeAnchorResult(result.payload);
  } catch (error) {
    const failure = error instanceof ActivityFailure ? error.failure?.cause : undefined;
    const report = failure && decodeAnchorFailure(failure);
    if (!report) throw error;
    return report;
  }
}
