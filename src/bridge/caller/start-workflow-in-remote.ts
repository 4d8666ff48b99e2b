import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { Payload, RawValue } from '@temporalio/common';
import { formatDuration } from '../../shared/duration.js';
import { escapeForLog } from '../../shared/escape.js';
import { REMOTE_RUNNING } from '../../shared/failure-table.js';
import { MAX_ANCHOR_RESULT_BYTES } from '../../shared/limits.js';
import type { Outcome, RemoteExecution } from '../../shared/outcome.js';
import { refused } from '../../shared/outcome.js';
import { payloadBytes, raw } from '../../shared/payloads.js';
import { encodeAnchorResult, hasValue } from '../../shared/wire/anchor-report.js';
import type { CallEnvelope } from '../../shared/wire/call-envelope.js';
import { splitPayloads } from '../../shared/wire/extra-payloads.js';
import type { ActivityCall } from '../activity-call.js';
import { faultOf, faultText } from '../grpc-errors.js';
import type { RemoteState } from '../remote-lookup.js';
import { lookUpCall, wrapperHolder } from '../remote-lookup.js';
import { outcomeFailure, waitingFailure } from '../waiting-failure.js';
import type { AnchorProgress } from './anchor-progress.js';
import { readProgress, writeProgress } from './anchor-progress.js';
import type { CallerSide, CallerSides } from './caller-side.js';
import type { FallbackSettings } from './fallback-schedule.js';
import { fallbackDelayMs, giveUpAfterMs, unreachableDelayMs } from './fallback-schedule.js';
import { readCall } from './read-call.js';
import { startWrapper } from './start-wrapper.js';
import { lookedUpCallOf, targetWorkflowIdFor } from './target-id.js';

/** What an attempt of the anchor activity found out. */
type Finding =
  | { readonly kind: 'ended'; readonly outcome: Outcome; readonly runId: string }
  | { readonly kind: 'running'; readonly looked: boolean; readonly targetStarted: boolean }
  /** The cluster answers, and knows nothing of a call that was started. */
  | { readonly kind: 'absent' }
  | { readonly kind: 'unreachable'; readonly error: unknown; readonly sent: boolean };

type Running = Extract<Finding, { kind: 'running' }>;

/** One attempt: the call, what is known, and when it was made. */
interface Attempt {
  readonly side: CallerSide;
  readonly call: CallEnvelope;
  readonly args: ActivityCall['payloads'];
  readonly targetWorkflowId: string;
  readonly progress: AnchorProgress;
  /** Milliseconds since the call was recorded on the caller cluster. */
  readonly ageMs: number;
  readonly scheduledAt: number;
}

/** When this call is looked at: as it asked for, else as the bridge is set. */
function fallbackOf({ side, call }: Attempt): FallbackSettings {
  return call.fallback ?? side.fallback;
}

/** What this attempt's word to the next one hangs on. */
function tokenOf({ side, call, args }: Attempt): Payload | undefined {
  return side.workerHasCodec ? undefined : splitPayloads(args, call.extras).token;
}

/** Time before the end of the activity's own time that its last look is given, in milliseconds. */
const LAST_LOOK_MS = 1_000;

/**
 * Delay before the next look. A caller with a time-out of its own does not let this activity outlive it, and an attempt
 * that would begin after that is not waited for: then the last look is just before it.
 */
function nextLookMs(attempt: Attempt, looks: number): number {
  const { call, ageMs } = attempt;
  const delayMs = fallbackDelayMs(fallbackOf(attempt), { timeoutMs: call.timeoutMs, ageMs, looks });
  const activityMs = Context.current().info.scheduleToCloseTimeoutMs;
  const leftMs = activityMs > 0 ? activityMs - ageMs - LAST_LOOK_MS : Number.POSITIVE_INFINITY;
  return leftMs > 0 ? Math.min(delayMs, leftMs) : delayMs;
}

function ended(outcome: Outcome, runId = ''): Finding {
  return { kind: 'ended', outcome, runId };
}

function foundBy(state: RemoteState): Finding {
  switch (state.state) {
    case 'running':
      return { kind: 'running', looked: true, targetStarted: state.targetStarted };
    case 'closed':
      return ended(state.outcome, state.runId);
    case 'absent':
      return { kind: 'absent' };
  }
}

async function lookAtRemote(attempt: Attempt): Promise<Finding> {
  const { side, call, targetWorkflowId } = attempt;
  const state = await lookUpCall(side.remote, lookedUpCallOf(call, targetWorkflowId));
  return foundBy(state);
}

/** Finds out whose the wrapper's id is, after a start that the server refused or that came too late. */
async function attach(attempt: Attempt, onNobody: () => Finding): Promise<Finding> {
  const { side, call } = attempt;
  const holder = await wrapperHolder(side.remote, call);
  switch (holder) {
    case 'this-call':
      return lookAtRemote(attempt);
    case 'nobody':
      return onNobody();
    case 'same-call-other-arguments':
      return ended(
        refused(
          'CALL_ID_CONFLICT',
          `the call key of ${call.target.workflowType} is in use with other arguments; nothing was started`,
          {
            wrapperWorkflowId: call.wrapperWorkflowId,
          },
        ),
      );
    case 'stranger':
      return ended(
        refused(
          'CALL_ID_CONFLICT',
          `workflow id ${call.wrapperWorkflowId} is held by a workflow that is not this call; nothing was started`,
          {
            wrapperWorkflowId: call.wrapperWorkflowId,
          },
        ),
      );
  }
}

/** Nothing is started after this time: the deadline, or half of the time for which the server remembers ids (I2). */
async function startByOf(attempt: Attempt): Promise<number> {
  const retentionMs = await attempt.side.remote.retentionMs();
  return attempt.scheduledAt + Math.min(attempt.call.timeoutMs ?? Number.POSITIVE_INFINITY, retentionMs / 2);
}

async function startOrAttach(attempt: Attempt, onSent: () => void): Promise<Finding> {
  const { side, call, progress } = attempt;
  const startBy = Math.floor(await startByOf(attempt));
  if (Date.now() > startBy + side.clockSkewMs) {
    const expired = ended(
      refused('CALL_EXPIRED', 'the call could not be started in time; nothing was started', {
        started: 'no',
      }),
    );
    return progress.started === 'no' ? expired : attach(attempt, () => expired);
  }
  const remainingMs =
    call.timeoutMs === undefined ? undefined : Math.max(1, Math.floor(call.timeoutMs - attempt.ageMs));
  const start = await startWrapper(side, call, {
    args: attempt.args,
    token: tokenOf(attempt),
    targetWorkflowId: attempt.targetWorkflowId,
    startBy,
    remainingMs,
    onSent,
  });
  switch (start) {
    case 'running':
      return { kind: 'running', looked: false, targetStarted: false };
    case 'closed':
      return lookAtRemote(attempt);
    case 'id-taken':
      // The holder may be gone by the time we look: then this attempt knows nothing, and the next one starts again.
      return attach(attempt, () => ({
        kind: 'unreachable',
        error: new Error('the id was freed meanwhile'),
        sent: true,
      }));
  }
}

async function findOut(attempt: Attempt): Promise<Finding> {
  const { side, call, progress } = attempt;
  if (call.resume === 'later' && progress.attempt === 1)
    return { kind: 'running', looked: false, targetStarted: true };
  let sent = false;
  const onSent = (): void => {
    sent = true;
  };
  try {
    return progress.started === 'yes' ? await lookAtRemote(attempt) : await startOrAttach(attempt, onSent);
  } catch (error) {
    if (error instanceof ApplicationFailure) throw error;
    if (faultOf(error) === 'invalid' && progress.started !== 'yes') {
      const message = `${side.remote.cluster.name} refused the start of ${call.target.workflowType}: ${faultText(error)}`;
      return ended(refused('INVALID_REQUEST', escapeForLog(message, 1000)));
    }
    return { kind: 'unreachable', error, sent };
  }
}

function remoteOf(attempt: Attempt, runId: string): RemoteExecution {
  return { wrapperWorkflowId: attempt.call.wrapperWorkflowId, workflowId: attempt.targetWorkflowId, runId };
}

function finish(attempt: Attempt, outcome: Outcome, runId: string): RawValue {
  const remote = remoteOf(attempt, runId);
  attempt.side.log.info('Call ended, reported by the anchor activity', {
    ...callFields(attempt),
    outcome: outcome.status,
  });
  if (!hasValue(outcome)) throw outcomeFailure(outcome, remote);
  const result = encodeAnchorResult(outcome.value, remote);
  const bytes = payloadBytes(result);
  if (bytes <= MAX_ANCHOR_RESULT_BYTES) return raw(result);
  const message = `the result of ${attempt.targetWorkflowId} has ${bytes} bytes; ${MAX_ANCHOR_RESULT_BYTES} can be handed over`;
  throw outcomeFailure(refused('PAYLOAD_TOO_LARGE', message, { bytes: String(bytes) }), remote);
}

function callFields({ side, call, targetWorkflowId, progress }: Attempt): Record<string, unknown> {
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
  throw outcomeFailure(refused('CALL_EXPIRED', message, { started }), remoteOf(attempt, ''));
}

function waitForSignal(attempt: Attempt, { looked, targetStarted }: Running): never {
  const { side, call, progress, ageMs, targetWorkflowId } = attempt;
  if (looked && ageMs >= giveUpAfterMs(fallbackOf(attempt), call.timeoutMs)) {
    const { name } = side.remote.cluster;
    if (targetStarted) expire(attempt, 'yes', `${targetWorkflowId} still runs on ${name}`);
    // A wrapper that is about to start its target cannot be told from one that no handler side has taken up.
    expire(attempt, 'unknown', `the wrapper ${call.wrapperWorkflowId} on ${name} has not started its target`);
  }
  const looks = progress.looks + (looked ? 1 : 0);
  writeProgress({ ...progress, started: 'yes', looks, failures: 0 }, tokenOf(attempt));
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

function lostOrLater(attempt: Attempt): RawValue {
  const { side, progress } = attempt;
  const absences = progress.absences + 1;
  const message = `neither wrapper nor target of the call is known to ${side.remote.cluster.name} any more`;
  if (absences >= ABSENCES_OF_A_LOST_CALL) return finish(attempt, refused('OUTCOME_LOST', message), '');
  const looked: Running = { kind: 'running', looked: true, targetStarted: false };
  return waitForSignal({ ...attempt, progress: { ...progress, absences } }, looked);
}

function waitForCluster(attempt: Attempt, error: unknown, sent: boolean): never {
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
    throw outcomeFailure(refused('REMOTE_UNREACHABLE', message, { started }), remoteOf(attempt, ''));
  }
  // A start that is not confirmed is tried soon; a call that runs is in no hurry, and thousands may wait (I6).
  const looks = progress.looks + (started === 'yes' ? 1 : 0);
  writeProgress({ ...progress, started, looks, failures }, tokenOf(attempt));
  const delayMs =
    started === 'yes'
      ? nextLookMs(attempt, looks)
      : Math.max(1, Math.min(unreachableDelayMs(side.startRetry, failures), leftMs));
  throw waitingFailure(
    denied ? 'PERMISSION_DENIED' : 'REMOTE_UNREACHABLE',
    `${cluster} ${denied ? 'refuses the bridge’s credentials' : 'cannot be reached'} (started: ${started}); ` +
      `next try in ${formatDuration(delayMs)}: ${why}`,
    delayMs,
    started,
  );
}

/**
 * The anchor of a call on the caller cluster. Every attempt does the same, idempotent thing: start the wrapper or attach
 * to it; if the call has ended, report its outcome; else end the attempt in server-side back-off until the next look.
 */
export async function startWorkflowInRemote(sides: CallerSides, input: ActivityCall): Promise<RawValue> {
  const { side, call } = readCall(sides, input);
  const { scheduledTimestampMs } = Context.current().info;
  const attempt: Attempt = {
    side,
    call,
    args: input.payloads,
    targetWorkflowId: targetWorkflowIdFor(side.sourceCluster, call),
    // A call that is taken up by a later run was started: the reference to it says so.
    progress: call.resume === undefined ? readProgress() : { ...readProgress(), started: 'yes' },
    scheduledAt: scheduledTimestampMs,
    ageMs: Math.max(0, Date.now() - scheduledTimestampMs),
  };
  const finding = await findOut(attempt);
  switch (finding.kind) {
    case 'ended':
      return finish(attempt, finding.outcome, finding.runId);
    case 'running':
      if (!finding.looked && call.resume === undefined) side.log.info('Call started', callFields(attempt));
      return waitForSignal({ ...attempt, progress: { ...attempt.progress, absences: 0 } }, finding);
    case 'absent':
      return lostOrLater(attempt);
    case 'unreachable':
      return waitForCluster(attempt, finding.error, finding.sent);
  }
}
