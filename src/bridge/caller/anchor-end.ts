import type { ApplicationFailure, RawValue } from '@temporalio/common';
import { formatDuration } from '../../shared/duration.js';
import { escapeForLog } from '../../shared/escape.js';
import { REMOTE_RUNNING } from '../../shared/failure-table.js';
import { MAX_ANCHOR_RESULT_BYTES } from '../../shared/limits.js';
import type { Outcome, RemoteExecution } from '../../shared/outcome.js';
import { refused } from '../../shared/outcome.js';
import { payloadBytes, raw } from '../../shared/payloads.js';
import { encodeAnchorResult, hasValue } from '../../shared/wire/anchor-report.js';
import type { CallLogFields } from '../call-log.js';
import { faultOf, faultText } from '../grpc-errors.js';
import { outcomeFailure, waitingFailure } from '../waiting-failure.js';
import type { AnchorProgress } from './anchor-progress.js';
import { writeProgress } from './anchor-progress.js';
import { giveUpAfterMs, backOffMs } from '../fallback-schedule.js';
import type { Attempt, Running } from './anchor-attempt.js';
import { fallbackOf, nextLookMs } from './anchor-attempt.js';

function remoteOf(attempt: Attempt, runId: string): RemoteExecution {
  return { wrapperWorkflowId: attempt.call.wrapperWorkflowId, workflowId: attempt.targetWorkflowId, runId };
}

/** Ends the activity with the call's outcome. */
export function finish(attempt: Attempt, outcome: Outcome, runId: string): RawValue {
  const remote = remoteOf(attempt, runId);
  attempt.side.log.info('Call ended, reported by the anchor activity', {
    ...callFields(attempt),
    outcome: outcome.status,
  });
  if (!hasValue(outcome)) throw endedWith(attempt, outcome, runId);
  const result = encodeAnchorResult(outcome.value, remote);
  const bytes = payloadBytes(result);
  if (bytes <= MAX_ANCHOR_RESULT_BYTES) {
    count(attempt, outcome);
    return raw(result);
  }
  const message = `the result of ${attempt.targetWorkflowId} has ${bytes} bytes; ${MAX_ANCHOR_RESULT_BYTES} can be handed over`;
  throw endedWith(attempt, refused('PAYLOAD_TOO_LARGE', message, { bytes: String(bytes) }), runId);
}

/** The failure that reports an outcome, which is counted with it. */
function endedWith(attempt: Attempt, outcome: Outcome, runId: string): ApplicationFailure {
  count(attempt, outcome);
  return outcomeFailure(outcome, remoteOf(attempt, runId));
}

/** A call that an earlier run of the caller made was recorded before this activity was: how long it took is not known. */
function count({ side, call, scheduledAt }: Attempt, { status: outcome }: Outcome): void {
  const tookMs = call.resume === undefined ? Date.now() - scheduledAt : undefined;
  side.metrics.completed({ outcome, way: 'fallback', tookMs });
}

/** The call as log lines name it. */
export function callFields({ side, call, targetWorkflowId, progress }: Attempt): CallLogFields {
  return {
    callId: call.callId,
    sourceCluster: side.sourceCluster,
    destinationCluster: side.remote.cluster.name,
    sourceWorkflowId: call.caller.workflowId,
    remoteWorkflowId: targetWorkflowId,
    remoteTaskQueue: call.target.taskQueue,
    attempt: progress.attempt,
  };
}

function expire(attempt: Attempt, started: AnchorProgress['started'], why: string): never {
  const message = `the call's time-out passed and its outcome is not known (started: ${started}): ${why}`;
  throw endedWith(attempt, refused('CALL_EXPIRED', message, { started }), '');
}

/** Ends an attempt at a call that runs: in back-off until the next look, or for good if its time is over. */
export function waitForSignal(attempt: Attempt, { looked, targetStarted }: Running): never {
  const { side, call, progress, ageMs, targetWorkflowId } = attempt;
  if (looked && ageMs >= giveUpAfterMs(fallbackOf(attempt), call.timeoutMs)) {
    const { name } = side.remote.cluster;
    if (targetStarted) expire(attempt, 'yes', `${targetWorkflowId} still runs on ${name}`);
    // A wrapper that is about to start its target cannot be told from one that no handler side has taken up.
    expire(attempt, 'unknown', `the wrapper ${call.wrapperWorkflowId} on ${name} has not started its target`);
  }
  const looks = progress.looks + (looked ? 1 : 0);
  writeProgress({ ...progress, started: 'yes', looks, failures: 0 }, attempt.token);
  const delayMs = nextLookMs(attempt, looks);
  const next = new Date(Date.now() + delayMs).toISOString().slice(0, 19);
  throw waitingFailure(
    REMOTE_RUNNING,
    `running on ${side.remote.cluster.name} as ${targetWorkflowId} (wrapper ${call.wrapperWorkflowId}); the answer comes by ` +
      `signal, this is only the safety net; next look at ${next}Z, in ${formatDuration(delayMs)}`,
    delayMs,
    'yes',
  );
}

/** Looks in a row that must find nothing before a call counts as lost: a cluster that fails over may answer so once. */
const ABSENCES_OF_A_LOST_CALL = 2;

/** Ends an attempt that found nothing of a started call: it is lost, or looked at once more. */
export function lostOrLater(attempt: Attempt): RawValue {
  const { side, progress } = attempt;
  const absences = progress.absences + 1;
  const message = `neither wrapper nor target of the call is known to ${side.remote.cluster.name} any more`;
  if (absences >= ABSENCES_OF_A_LOST_CALL) return finish(attempt, refused('OUTCOME_LOST', message), '');
  const looked: Running = { kind: 'running', looked: true, targetStarted: false };
  return waitForSignal({ ...attempt, progress: { ...progress, absences } }, looked);
}

/** Ends an attempt at a cluster that cannot be reached. */
export function waitForCluster(attempt: Attempt, error: unknown, sent: boolean): never {
  const { side, call, progress, ageMs } = attempt;
  const denied = faultOf(error) === 'denied';
  const started = progress.started === 'no' && sent ? 'unknown' : progress.started;
  const failures = progress.failures + 1;
  const cluster = side.remote.cluster.name;
  const why = escapeForLog(faultText(error), 300);
  side.log.warn(`${cluster} cannot be reached, the call waits`, {
    ...callFields(attempt),
    started,
    failures,
    why,
  });
  const leftMs = giveUpAfterMs(fallbackOf(attempt), call.timeoutMs) - ageMs;
  if (leftMs <= 0) expire(attempt, started, `${cluster} cannot be reached: ${why}`);
  const { maxAttempts } = side.startRetry;
  if (maxAttempts > 0 && failures >= maxAttempts && started !== 'yes') {
    const message = `${cluster} could not be reached in ${failures} attempts: ${why}`;
    throw endedWith(attempt, refused('REMOTE_UNREACHABLE', message, { started }), '');
  }
  // A start that is not confirmed is tried soon; a call that runs is in no hurry, and thousands may wait (I6).
  const looks = progress.looks + (started === 'yes' ? 1 : 0);
  writeProgress({ ...progress, started, looks, failures }, attempt.token);
  const delayMs =
    started === 'yes'
      ? nextLookMs(attempt, looks)
      : Math.max(1, Math.min(backOffMs(side.startRetry, failures), leftMs));
  throw waitingFailure(
    denied ? 'PERMISSION_DENIED' : 'REMOTE_UNREACHABLE',
    `${cluster} ${denied ? 'refuses the bridge’s credentials' : 'cannot be reached'} (started: ${started}); ` +
      `next try in ${formatDuration(delayMs)}: ${why}`,
    delayMs,
    started,
  );
}
