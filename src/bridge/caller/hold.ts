/** Calls over a cap: they wait in back-off on the caller cluster, and nothing of them is on the handler cluster. */
import { formatDuration } from '../../shared/duration.js';
import { escapeForLog } from '../../shared/escape.js';
import { CALL_HELD } from '../../shared/failure-table.js';
import { refused } from '../../shared/outcome.js';
import type { CallEnvelope } from '../../shared/wire/call-envelope.js';
import type { OverCap } from '../caps/call-caps.js';
import type { CallPair } from '../caps/call-pair.js';
import { holdMs } from '../caps/hold-time.js';
import { lookUpTarget, wrapperHolder } from '../remote-lookup.js';
import { waitingFailure } from '../waiting-failure.js';
import type { Attempt, Finding } from './anchor-attempt.js';
import { withinActivityMs } from './anchor-attempt.js';
import { callFields } from './anchor-end.js';
import { writeProgress } from './anchor-progress.js';
import type { CallerSide } from './caller-side.js';
import { lookedUpCallOf } from './target-id.js';

/** Whose call of what it is. */
export function pairOf({ sourceCluster }: CallerSide, { caller, target }: CallEnvelope): CallPair {
  const workflowType = target.idMode === 'attach' ? '' : target.workflowType;
  return { cluster: sourceCluster, namespace: caller.namespace, workflowType };
}

/** What is left of the call's time-out. */
function leftMs({ call, ageMs }: Attempt): number {
  return (call.timeoutMs ?? Number.POSITIVE_INFINITY) - ageMs;
}

/** How a held call ends without a start; absent: it does not. */
function endOfHeld(attempt: Attempt): Finding | undefined {
  const { side, call, progress } = attempt;
  if (side.caps.wasCancelled(call))
    return { kind: 'ended', outcome: { status: 'canceled', details: [] }, runId: '' };
  if (progress.holds === 0 || leftMs(attempt) > 0) return undefined;
  const message = 'a cap held the call back until its time-out passed; nothing was started';
  return { kind: 'ended', outcome: refused('CALL_EXPIRED', message, { started: 'no' }), runId: '' };
}

/**
 * Whether the target of a call that no wrapper was started for is on the handler cluster: the published bridge's, which
 * id mode `article` adopts.
 *
 * @throws the client's error if the handler cluster cannot be asked
 */
export async function isToBeAdopted({ side, call, targetWorkflowId }: Attempt): Promise<boolean> {
  if (call.target.idMode !== 'article') return false;
  return (await lookUpTarget(side.remote, lookedUpCallOf(call, targetWorkflowId))) !== undefined;
}

/**
 * Whether a cap holds a call back that is about to be started. A call that was started, or may have been, never is: it
 * attaches. Counts the call as open and started otherwise.
 *
 * @returns that it is held, how it ends without a start, or nothing: it goes on
 * @throws the client's error if the handler cluster cannot be asked
 */
export async function heldBack(attempt: Attempt): Promise<Finding | undefined> {
  const { side, call, progress } = attempt;
  const { caps, remote } = side;
  const { wrapperWorkflowId } = call;
  if (!caps.isSet || progress.started !== 'no' || caps.isOpen(wrapperWorkflowId)) return undefined;
  // A reset of the caller, or another run that shares the call, may have started it before this activity was.
  const isOnCluster = async (): Promise<boolean> =>
    (await wrapperHolder(remote, call)) !== 'nobody' || (await isToBeAdopted(attempt));
  const end = endOfHeld(attempt);
  if (end) return (await isOnCluster()) ? undefined : end;
  const pair = pairOf(side, call);
  const tooMany = await caps.tooManyOpen(pair, wrapperWorkflowId);
  const over = tooMany ?? caps.tooFast(pair, { wasHeld: progress.holds > 0 });
  if (!over) return undefined;
  if (!tooMany) caps.release(wrapperWorkflowId);
  if (progress.holds === 0 && (await isOnCluster())) return undefined;
  return { kind: 'held', over };
}

/** Ends an attempt at a call that a cap holds back. */
export function waitForCap(attempt: Attempt, over: OverCap): never {
  const { side, call, progress, ageMs } = attempt;
  const { reason, why, limit } = over;
  const { name } = side.remote.cluster;
  const pair = pairOf(side, call);
  side.metrics.held({ side: 'caller', reason });
  if (side.caps.isToBeTold(pair))
    side.log.warn('Calls are held back by a cap', { ...callFields(attempt), cap: reason, limit, why });
  const holds = progress.holds + 1;
  writeProgress({ ...progress, holds, failures: 0 }, attempt.token);
  const wished = Math.max(1, Math.min(over.retryMs ?? holdMs(holds), leftMs(attempt)));
  const delayMs = withinActivityMs(ageMs, wished);
  throw waitingFailure(
    CALL_HELD,
    `held back, nothing is started on ${name} yet: ${escapeForLog(why, 600)}; next try in ${formatDuration(delayMs)}`,
    delayMs,
    'no',
  );
}
