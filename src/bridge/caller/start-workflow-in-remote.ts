import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { RawValue } from '@temporalio/common';
import { escapeForLog } from '../../shared/escape.js';
import type { Outcome } from '../../shared/outcome.js';
import { refused } from '../../shared/outcome.js';
import type { ActivityCall } from '../activity-call.js';
import { faultOf, faultText } from '../grpc-errors.js';
import type { RemoteState } from '../remote-lookup.js';
import { lookUpCall, wrapperHolder } from '../remote-lookup.js';
import type { Attempt, Finding } from './anchor-attempt.js';
import { callFields, finish, lostOrLater, waitForCluster, waitForSignal } from './anchor-end.js';
import { readProgress } from './anchor-progress.js';
import type { CallerSides } from './caller-side.js';
import { callDenial } from './check-allowed.js';
import { heldBack, isToBeAdopted, waitForCap } from './hold.js';
import { readCall } from './read-call.js';
import { startWrapper } from './start-wrapper.js';
import { lookedUpCallOf, targetWorkflowIdFor } from './target-id.js';

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

/**
 * Ends a wrapper whose target has failed with more causes than its worker can read: it would try for ever. The outcome is
 * the target's own, and on its way by this look.
 */
async function endWrapper({ side: { remote, log }, call }: Attempt): Promise<void> {
  const { wrapperWorkflowId: workflowId } = call;
  try {
    await remote.request(() =>
      remote.client.workflowService.terminateWorkflowExecution({
        namespace: remote.cluster.namespace,
        workflowExecution: { workflowId },
        identity: 'temporal-bridge',
        reason: 'the target failed with more causes than this workflow’s worker can read; its caller is told',
      }),
    );
  } catch (error) {
    if (faultOf(error) !== 'not-found')
      // It has closed: its worker could read it after all.
      log.warn('The wrapper of a call that has ended stays open', { workflowId, why: faultText(error) });
  }
}

async function lookAtRemote(attempt: Attempt): Promise<Finding> {
  const { side, call, targetWorkflowId } = attempt;
  const lookedUp = { ...lookedUpCallOf(call, targetWorkflowId), isAwaited: true as const };
  let state: RemoteState;
  try {
    state = await lookUpCall(side.remote, lookedUp);
  } catch (error) {
    side.metrics.lookFailed(error);
    throw error;
  }
  side.metrics.looked(state.state === 'closed' ? 'ended' : state.state);
  if (state.state === 'closed' && state.isTooDeep && call.target.idMode !== 'attach')
    await endWrapper(attempt);
  return foundBy(state);
}

/** A request without which the wrapper cannot be started. */
async function neededForStart<R>({ side }: Attempt, request: Promise<R>): Promise<R> {
  try {
    return await request;
  } catch (error) {
    side.metrics.startFailed(error);
    throw error;
  }
}

/** Finds out whose the wrapper's id is, after a start that the server refused or that came too late. */
async function attach(attempt: Attempt, onNobody: () => Finding): Promise<Finding> {
  const { side, call } = attempt;
  const holder = await neededForStart(attempt, wrapperHolder(side.remote, call));
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

/** A call that the allow-list denies; one that may have been started is left to run. */
async function denied(attempt: Attempt): Promise<Finding | undefined> {
  const { side, call, progress } = attempt;
  const why = await neededForStart(attempt, callDenial(side, call));
  if (why === undefined) return undefined;
  const { started } = progress;
  const message = started === 'no' ? `${why}; nothing was started` : why;
  const refusal = ended(refused('TARGET_NOT_ALLOWED', message, { started }));
  return started === 'unknown' ? attach(attempt, () => refusal) : refusal;
}

async function startOrAttach(attempt: Attempt, onSent: () => void): Promise<Finding> {
  const { side, call, progress } = attempt;
  const refusal = await denied(attempt);
  if (refusal) return refusal;
  const startBy = Math.floor(await neededForStart(attempt, startByOf(attempt)));
  // Its target may have come while a cap held it back. The handler side would admit no wrapper any more.
  const isLate = progress.holds > 0 && Date.now() >= startBy;
  if (isLate && (await neededForStart(attempt, isToBeAdopted(attempt)))) return lookAtRemote(attempt);
  if (Date.now() > startBy + side.clockSkewMs) {
    const expired = ended(
      refused('CALL_EXPIRED', 'the call could not be started in time; nothing was started', {
        started: 'no',
      }),
    );
    if (progress.started === 'no' && progress.holds === 0) return expired;
    return attach(attempt, () => expired);
  }
  const held = await neededForStart(attempt, heldBack(attempt));
  if (held) return held;
  const remainingMs =
    call.timeoutMs === undefined ? undefined : Math.max(1, Math.floor(call.timeoutMs - attempt.ageMs));
  const { args, targetWorkflowId, scheduledAt } = attempt;
  const calledAt = Math.floor(scheduledAt);
  const start = await neededForStart(
    attempt,
    startWrapper(side, call, { args, targetWorkflowId, startBy, calledAt, remainingMs, onSent }),
  );
  if (start !== 'id-taken') side.metrics.started();
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

/**
 * Whether the target of a call that was resumed may be somebody else's workflow: then only the envelope, which anybody on
 * the caller cluster can write, says that the call was ever started.
 */
function isUnproven({ call }: Attempt): boolean {
  const { idMode } = call.target;
  return call.resume !== undefined && (idMode === 'attach' || idMode === 'article');
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
    const refusal = isUnproven(attempt) ? await denied(attempt) : undefined;
    if (refusal) return refusal;
    return progress.started === 'yes' ? await lookAtRemote(attempt) : await startOrAttach(attempt, onSent);
  } catch (error) {
    if (error instanceof ApplicationFailure) throw error;
    if (faultOf(error) === 'invalid' && progress.started !== 'yes') {
      side.caps.release(call.wrapperWorkflowId);
      const message = `${side.remote.cluster.name} refused the start of ${call.target.workflowType}: ${faultText(error)}`;
      return ended(refused('INVALID_REQUEST', escapeForLog(message, 1000)));
    }
    return { kind: 'unreachable', error, sent };
  }
}

/**
 * The anchor of a call on the caller cluster. Every attempt does the same, idempotent thing: start the wrapper or attach
 * to it; if the call has ended, report its outcome; else end the attempt in server-side back-off until the next look.
 */
export async function startWorkflowInRemote(sides: CallerSides, input: ActivityCall): Promise<RawValue> {
  const { side, call, token } = readCall(sides, input);
  const { scheduledTimestampMs } = Context.current().info;
  const attempt: Attempt = {
    side,
    call,
    args: input.payloads,
    token: side.workerHasCodec ? undefined : token,
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
      // What may have been sent counts as open until visibility knows better.
      if (!finding.sent && attempt.progress.started === 'no') side.caps.release(call.wrapperWorkflowId);
      return waitForCluster(attempt, finding.error, finding.sent);
    case 'held':
      return waitForCap(attempt, finding.over);
  }
}
