import { Context } from '@temporalio/activity';
import { escapeForLog } from '../../shared/escape.js';
import { formatDuration } from '../../shared/duration.js';
import { REMOTE_RUNNING } from '../../shared/failure-table.js';
import type { CallerExecution } from '../../shared/wire/call-envelope.js';
import type { ActivityCall } from '../activity-call.js';
import type { ClusterClient } from '../cluster-client.js';
import { fallbackDelayMs } from '../fallback-schedule.js';
import { faultText } from '../grpc-errors.js';
import { wholeNumber } from '../heartbeat-number.js';
import { waitingFailure } from '../waiting-failure.js';
import { callFields } from './call-fields.js';
import { callerLife } from './caller-life.js';
import { checkCaller } from './check-caller.js';
import type { HandlerSide } from './handler-side.js';
import { readRemoteCall } from './read-remote-call.js';

const LEASE_RESULTS = { running: 'running', closed: 'ended', unknown: 'absent' } as const;

/** Looks in a row that must find nothing before a caller counts as gone: a cluster that fails over may answer so once. */
const ABSENCES_OF_A_GONE_CALLER = 2;

/** One look, counted. */
async function checkedLife(
  side: HandlerSide,
  callers: ClusterClient,
  to: CallerExecution,
): Promise<Awaited<ReturnType<typeof callerLife>>> {
  const metrics = side.metrics.between(callers.cluster.name, side.own.cluster.name);
  try {
    const life = await callerLife(callers, to);
    metrics.leaseChecked(LEASE_RESULTS[life]);
    return life;
  } catch (error) {
    metrics.leaseChecked('unreachable');
    throw error;
  }
}

/**
 * The lease: completes when the caller's chain of runs has closed. The first attempt reads nothing, so that a call which
 * ends before the first interval costs no request (I7); each further one looks once and goes back into back-off.
 */
export async function watchCaller(side: HandlerSide, input: ActivityCall): Promise<void> {
  const context = Context.current();
  const { attempt } = context.info;
  const call = readRemoteCall(side, input);
  const before = wholeNumber(context.info.heartbeatDetails);
  let absences = before;
  let why = '';
  if (attempt > 1) {
    try {
      const { callers, refusal } = checkCaller(side, call);
      if (refusal !== undefined) {
        const fields = callFields(side, call);
        side.log.error('Caller not looked at: the seal is not good', { ...fields, why: refusal });
        return; // nobody will ever be told: the admission has refused it, too
      }
      const life = await checkedLife(side, callers, call.replyTo);
      if (life === 'closed') return;
      absences = life === 'unknown' ? before + 1 : 0;
      if (absences >= ABSENCES_OF_A_GONE_CALLER) return;
    } catch (error) {
      why = `; the last look failed: ${escapeForLog(faultText(error), 300)}`;
    }
  }
  // Only what the next look has to know: a call that ends before the first interval costs no request for it.
  if (absences !== before) context.heartbeat(absences);
  const delayMs = fallbackDelayMs(side.lease, { timeoutMs: undefined, ageMs: 0, looks: attempt - 1 });
  throw waitingFailure(
    REMOTE_RUNNING,
    `the target runs; next look whether ${call.replyTo.workflowId} of ${call.replyTo.sourceCluster} still lives in ` +
      `${formatDuration(delayMs)}${why}`,
    delayMs,
    'yes',
  );
}
