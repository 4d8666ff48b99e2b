import { ActivityFailure } from '@temporalio/common';
import type { Payload, ProtoFailure } from '@temporalio/common';
import { DeterminismViolationError } from '@temporalio/workflow';
import { isFailureType } from '../shared/failure-table.js';
import {
  ANCHOR_GRACE_MS,
  DEFAULT_FALLBACK_FIRST_MS,
  MAX_FAILURE_DEPTH,
  MAX_FALLBACK_MS,
  MAX_OPERATION_RETRY_MS,
  MAX_QUOTED_CHARS,
} from '../shared/limits.js';
import { CALL_HEADER, CANCEL_ACTIVITY, CONFIRM_START_ACTIVITY, START_ACTIVITY } from '../shared/names.js';
import type { RemoteExecution } from '../shared/outcome.js';
import { refused } from '../shared/outcome.js';
import { raw } from '../shared/payloads.js';
import type { AnchorReport, Started } from '../shared/wire/anchor-report.js';
import {
  decodeAnchorFailure,
  decodeAnchorResult,
  decodeStartedReport,
  decodeWaiting,
} from '../shared/wire/anchor-report.js';
import type { CallEnvelope } from '../shared/wire/call-envelope.js';
import { encodeCallEnvelope } from '../shared/wire/call-envelope.js';
import { bridgeActivities } from './bridge-activities.js';
import { headerCarrier } from './header-carrier.js';
import { HeadersRefused } from './header-limit.js';

/** A call as its envelope names it, and who serves it. */
export interface AnchoredCall {
  readonly envelope: Omit<CallEnvelope, 'v' | 'kind'>;
  /** Task queue of the caller-side worker. */
  readonly bridgeTaskQueue: string;
  /** `envelope.extras.token`, which goes with each activity. */
  readonly token?: Payload;
}

/** A call's header and token, as the arguments of an activity. */
export function callArgs(
  { envelope, token }: AnchoredCall,
  headers: Readonly<Record<string, Payload>> = {},
  args: readonly Payload[] = [],
): unknown[] {
  return [
    headerCarrier({ [CALL_HEADER]: encodeCallEnvelope(envelope), ...headers }),
    ...[...args, ...(token ? [token] : [])].map(raw),
  ];
}

/** What anchors a call on the caller cluster. */
export interface AnchorOptions extends AnchoredCall {
  /** The target's arguments, and the payloads that `envelope.extras` names. */
  readonly payloads: readonly Payload[];
  /**
   * The caller is the bridge's own workflow. Its worker keeps a result's metadata, so that a result without the bridge's
   * words is one of another program's history, and no outcome.
   */
  readonly isBridgesOwn?: boolean;
  /** The call is shared by the runs of a chain, or by all that ever have the caller's id. */
  readonly outlivesRun?: boolean;
}

/** The links of an activity's failure, outermost first, as they came. */
export function* failureChain(error: ActivityFailure): Generator<ProtoFailure> {
  let link: ProtoFailure | null | undefined = error.failure;
  for (let depth = 0; link && depth < MAX_FAILURE_DEPTH; link = link.cause, depth += 1) yield link;
}

/** What the activity's failure says: an outcome, or that it gave up waiting (its schedule-to-close time is over). */
function reportOfFailure(error: unknown): AnchorReport {
  if (error instanceof HeadersRefused)
    return { outcome: refused(error.type, error.message), remote: undefined };
  if (!(error instanceof ActivityFailure)) throw error;
  let started: Started | undefined;
  let timedOut = false;
  for (const failure of failureChain(error)) {
    const report = decodeAnchorFailure(failure);
    if (report) return report;
    const waiting = decodeWaiting(failure);
    const type = failure.applicationFailureInfo?.type;
    // The bridge's own failures only: one of the target's would have come as a report, with its cause.
    if (waiting === undefined && isFailureType(type) && !type.startsWith('REMOTE_WORKFLOW_')) {
      return { outcome: refused(type, failure.message ?? ''), remote: undefined };
    }
    // The activity's own time-out comes first in the chain, what its last attempt knew is the cause.
    started ??= waiting;
    timedOut ||= Boolean(failure.timeoutFailureInfo);
  }
  if (timedOut) started ??= 'unknown';
  if (started === undefined) {
    // For example a result that this cluster refused: a typed failure, for somebody waits (I9).
    const why = error.cause instanceof Error ? error.cause.message : error.message;
    const message = `the outcome of the call could not be taken over: ${why}`.slice(0, MAX_QUOTED_CHARS);
    return { outcome: refused('OUTCOME_LOST', message), remote: undefined };
  }
  const message = `the call's time-out passed and no caller-side bridge could tell its outcome (started: ${started})`;
  return { outcome: refused('CALL_EXPIRED', message, { started }), remote: undefined };
}

/** What a call is called in the UI of its caller: target, place, and key. */
export function callSummary({ target, cluster }: AnchoredCall['envelope']): string {
  const where = cluster === undefined ? '' : ` of ${cluster}`;
  return target.idMode === 'attach'
    ? `${target.name}${where}`
    : `${target.workflowType} on ${target.taskQueue}${where}`;
}

/**
 * Schedules the anchor activity: it records the call in the caller's history, starts it, and stays in server-side
 * back-off as the fallback poll. Resolves with the outcome if that way is the one that brings it.
 *
 * @throws CancelledFailure within an ActivityFailure if the surrounding scope is cancelled
 */
export function anchorCall(options: AnchorOptions): Promise<AnchorReport> {
  const { envelope, payloads, bridgeTaskQueue } = options;
  const { timeoutMs } = envelope;
  const scheduleToCloseMs =
    timeoutMs === undefined
      ? undefined
      : timeoutMs + Math.min(timeoutMs, DEFAULT_FALLBACK_FIRST_MS) + ANCHOR_GRACE_MS;
  const activities = bridgeActivities(bridgeTaskQueue, `call ${callSummary(envelope)}`, {
    scheduleToCloseMs,
    maximumIntervalMs: MAX_FALLBACK_MS,
  });
  return activities[START_ACTIVITY](
    headerCarrier({ [CALL_HEADER]: encodeCallEnvelope(envelope) }),
    ...payloads.map(raw),
  ).then(({ payload }) => {
    const report = decodeAnchorResult(payload);
    if (options.isBridgesOwn && !report.remote)
      throw new DeterminismViolationError(`this history’s ${START_ACTIVITY} is not of this bridge`);
    return report;
  }, reportOfFailure);
}

/** Asks the handler cluster to cancel a call; waits out a start that is not known yet. */
export function cancelCall(
  call: AnchoredCall,
  scheduleToCloseMs?: number,
  headers: Readonly<Record<string, Payload>> = {},
): Promise<void> {
  const { envelope, bridgeTaskQueue } = call;
  const activities = bridgeActivities(bridgeTaskQueue, `cancel ${callSummary(envelope)}`, {
    scheduleToCloseMs,
    maximumIntervalMs: MAX_OPERATION_RETRY_MS,
  });
  return activities[CANCEL_ACTIVITY](...callArgs(call, headers)).then(() => undefined);
}

/**
 * Looks whether the call's target runs, in server-side back-off until it does. For a caller that waits for the start and
 * got no word of it. `undefined`: the call has ended meanwhile, and its outcome is on its way.
 */
export async function confirmStart(call: AnchoredCall): Promise<RemoteExecution | undefined> {
  const { envelope, bridgeTaskQueue } = call;
  const activities = bridgeActivities(bridgeTaskQueue, `start of ${callSummary(envelope)}`, {
    maximumIntervalMs: MAX_FALLBACK_MS,
  });
  try {
    await activities[CONFIRM_START_ACTIVITY](...callArgs(call));
    return undefined;
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    for (const failure of failureChain(error)) {
      const remote = decodeStartedReport(failure);
      if (remote) return remote;
    }
    throw error;
  }
}
