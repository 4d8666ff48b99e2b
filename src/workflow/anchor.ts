import { ActivityFailure } from '@temporalio/common';
import type { Payload, ProtoFailure, RawValue } from '@temporalio/common';
import { proxyActivities } from '@temporalio/workflow';
import { isFailureType } from '../shared/failure-table.js';
import {
  ANCHOR_ATTEMPT_MS,
  ANCHOR_GRACE_MS,
  DEFAULT_FALLBACK_FIRST_MS,
  MAX_FAILURE_DEPTH,
  MAX_FALLBACK_MS,
  MAX_QUOTED_CHARS,
} from '../shared/limits.js';
import { CALL_HEADER, CANCEL_ACTIVITY, START_ACTIVITY } from '../shared/names.js';
import { RAW_PAYLOAD, RAW_PAYLOADS, raw } from '../shared/payloads.js';
import { refused } from '../shared/outcome.js';
import type { AnchorReport, Started } from '../shared/wire/anchor-report.js';
import { decodeAnchorFailure, decodeAnchorResult, decodeWaiting } from '../shared/wire/anchor-report.js';
import type { CallEnvelope } from '../shared/wire/call-envelope.js';
import { encodeCallEnvelope } from '../shared/wire/call-envelope.js';
import { headerCarrier } from './header-carrier.js';

/** What anchors a call on the caller cluster. */
export interface AnchorOptions {
  readonly envelope: Omit<CallEnvelope, 'v' | 'kind'>;
  readonly args: readonly Payload[];
  /** Task queue of the caller-side worker. */
  readonly bridgeTaskQueue: string;
}

/** Longest wait between two tries to pass a cancellation on: it should arrive soon after an outage. */
const MAX_CANCEL_RETRY_MS = 60_000;

interface BridgeActivities {
  [START_ACTIVITY](...args: unknown[]): Promise<RawValue>;
  [CANCEL_ACTIVITY](...args: unknown[]): Promise<void>;
}

function bridgeActivities(
  bridgeTaskQueue: string,
  summary: string,
  limits: { readonly scheduleToCloseMs?: number | undefined; readonly maximumIntervalMs: number },
) {
  const { scheduleToCloseMs, maximumIntervalMs } = limits;
  return proxyActivities<BridgeActivities>({
    taskQueue: bridgeTaskQueue,
    startToCloseTimeout: ANCHOR_ATTEMPT_MS,
    ...(scheduleToCloseMs === undefined ? {} : { scheduleToCloseTimeout: scheduleToCloseMs }),
    // The attempts say themselves when the next one is due; the server caps that at the maximum interval.
    retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: maximumIntervalMs },
    summary,
    activityTypeInfo: {
      [START_ACTIVITY]: { inputTypes: RAW_PAYLOADS, outputType: RAW_PAYLOAD },
      [CANCEL_ACTIVITY]: { inputTypes: RAW_PAYLOADS },
    },
  });
}

function* causeChain(failure: ProtoFailure | null | undefined): Generator<ProtoFailure> {
  for (let link = failure, depth = 0; link && depth < MAX_FAILURE_DEPTH; link = link.cause, depth += 1)
    yield link;
}

/** What the activity's failure says: an outcome, or that it gave up waiting (its schedule-to-close time is over). */
function reportOfFailure(error: unknown): AnchorReport {
  if (!(error instanceof ActivityFailure)) throw error;
  let started: Started | undefined;
  let timedOut = false;
  for (const failure of causeChain(error.failure)) {
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

/**
 * Schedules the anchor activity: it records the call in the caller's history, starts it, and stays in server-side
 * back-off as the fallback poll. Resolves with the outcome if that way is the one that brings it.
 */
export function anchorCall({ envelope, args, bridgeTaskQueue }: AnchorOptions): Promise<AnchorReport> {
  const { timeoutMs, target } = envelope;
  const scheduleToCloseMs =
    timeoutMs === undefined
      ? undefined
      : timeoutMs + Math.min(timeoutMs, DEFAULT_FALLBACK_FIRST_MS) + ANCHOR_GRACE_MS;
  const summary = `call ${target.workflowType} on ${target.taskQueue}`;
  const activities = bridgeActivities(bridgeTaskQueue, summary, {
    scheduleToCloseMs,
    maximumIntervalMs: MAX_FALLBACK_MS,
  });
  return activities[START_ACTIVITY](
    headerCarrier({ [CALL_HEADER]: encodeCallEnvelope(envelope) }),
    ...args.map(raw),
  ).then((result) => decodeAnchorResult(result.payload), reportOfFailure);
}

/** Asks the handler cluster to cancel a call; waits out a start that is not known yet. */
export function cancelCall({ envelope, bridgeTaskQueue }: AnchorOptions): Promise<void> {
  const { target } = envelope;
  const summary = `cancel ${target.workflowType} on ${target.taskQueue}`;
  const activities = bridgeActivities(bridgeTaskQueue, summary, { maximumIntervalMs: MAX_CANCEL_RETRY_MS });
  return activities[CANCEL_ACTIVITY](headerCarrier({ [CALL_HEADER]: encodeCallEnvelope(envelope) }));
}
