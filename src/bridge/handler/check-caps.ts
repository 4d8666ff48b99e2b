/** The handler side's caps on the calls of one caller namespace to one type of target. */
import { Context } from '@temporalio/activity';
import { formatDuration } from '../../shared/duration.js';
import { escapeForLog } from '../../shared/escape.js';
import { CALL_HELD } from '../../shared/failure-table.js';
import type { RemoteCallEnvelope } from '../../shared/wire/call-envelope.js';
import type { OverCap } from '../caps/call-caps.js';
import type { CallPair } from '../caps/call-pair.js';
import { lookUpTarget } from '../remote-lookup.js';
import { waitingFailure } from '../waiting-failure.js';
import { callFields } from './call-fields.js';
import { lookedUpBy } from './follow-target.js';
import type { HandlerSide } from './handler-side.js';
import { metricsFor } from './read-remote-call.js';
import type { Rejection } from './target-options-check.js';

function pairOf({ replyTo, existing, target }: RemoteCallEnvelope): CallPair {
  const { sourceCluster: cluster, namespace } = replyTo;
  return { cluster, namespace, workflowType: existing === 'attach' ? '' : target.workflowType };
}

function held({ why }: OverCap, delayMs: number): Error {
  const text = `held back, its target is not started yet: ${escapeForLog(why, 600)}; next try in ${formatDuration(delayMs)}`;
  return waitingFailure(CALL_HELD, text, delayMs, 'no');
}

/**
 * Whether nothing is started for a call, since its target is there: the published bridge's, which it adopts. A refusal
 * would end the call while its target runs. Asked only over a cap, so that id mode `article` is no way around one.
 */
async function isAdopting(
  side: HandlerSide,
  call: RemoteCallEnvelope,
  wrapperWorkflowId: string,
): Promise<boolean> {
  if (call.existing !== 'adopt') return false;
  return (await lookUpTarget(side.own, lookedUpBy(call, wrapperWorkflowId))) !== undefined;
}

/**
 * Holds a call to the caps: over the one on calls in flight it is refused, over the rate it waits. The caller's seal must
 * have been checked.
 *
 * @throws ApplicationFailure `CALL_HELD`, retryable: the server tries again
 * @throws the client's error if the open calls cannot be counted, or the target not be looked at, retryable
 */
export async function capRejection(
  side: HandlerSide,
  call: RemoteCallEnvelope,
): Promise<Rejection | undefined> {
  const { caps } = side;
  if (!caps.isSet) return undefined;
  const { isLocal, attempt } = Context.current().info;
  const pair = pairOf(call);
  const { wrapperWorkflowId } = call.replyTo;
  const metrics = metricsFor(side, pair.cluster);
  // A count of 2 s ago knows nothing of calls that have ended since: nobody is refused for it.
  const tooMany = await caps.tooManyOpen(pair, wrapperWorkflowId, { isFresh: !isLocal });
  if (tooMany) {
    if (isLocal) throw held(tooMany, 1);
    if (await isAdopting(side, call, wrapperWorkflowId)) return undefined;
    caps.refuse(pair, wrapperWorkflowId);
    metrics.refused('too-many-calls');
    const { why, limit } = tooMany;
    const message = `too many calls in flight: ${escapeForLog(why, 600)}`;
    return { type: 'TOO_MANY_OPEN_CALLS', message, details: { started: 'no', limit: String(limit) } };
  }
  const tooFast = caps.tooFast(pair, { isQueued: !isLocal, wasHeld: !isLocal && attempt > 1 });
  if (!tooFast) return undefined;
  if (isLocal) throw held(tooFast, 1);
  if (await isAdopting(side, call, wrapperWorkflowId)) return undefined;
  metrics.held({ side: 'handler', reason: tooFast.reason });
  if (caps.isToBeTold(pair))
    side.log.warn('Calls are held back by a cap', {
      ...callFields(side, call),
      cap: tooFast.reason,
      limit: tooFast.limit,
      why: tooFast.why,
    });
  throw held(tooFast, tooFast.retryMs ?? 1);
}
