import { Context } from '@temporalio/activity';
import {
  QueryNotRegisteredError,
  QueryRejectedError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { ApplicationFailure, TemporalFailure } from '@temporalio/common';
import type { Payload, ProtoFailure, RawValue } from '@temporalio/common';
import { defineQuery, defineUpdate } from '@temporalio/workflow';
import { requestIdOf } from '../../shared/call-id.js';
import { formatDuration } from '../../shared/duration.js';
import { escapeForLog } from '../../shared/escape.js';
import type { FailureType } from '../../shared/failure-table.js';
import { REMOTE_RUNNING } from '../../shared/failure-table.js';
import { MAX_ANCHOR_RESULT_BYTES } from '../../shared/limits.js';
import { refused } from '../../shared/outcome.js';
import { RAW_PAYLOAD, payloadBytes, raw } from '../../shared/payloads.js';
import { isReference } from '../../shared/references.js';
import { encodeStartedReport } from '../../shared/wire/anchor-report.js';
import type { OperationEnvelope } from '../../shared/wire/operation-envelope.js';
import type { ActivityCall } from '../activity-call.js';
import { faultOf, faultText } from '../grpc-errors.js';
import { lookUpCall, lookUpTarget } from '../remote-lookup.js';
import { withRequestContext } from '../request-context.js';
import { outcomeFailure, reportFailure, waitingFailure } from '../waiting-failure.js';
import { fallbackOf } from './anchor-attempt.js';
import type { CallerSides } from './caller-side.js';
import { executionDenial } from './check-allowed.js';
import { fallbackDelayMs, backOffMs } from '../fallback-schedule.js';
import type { ServedCall } from './read-call.js';
import { noResultOf, readCall, readOperation } from './read-call.js';
import { lookedUpCallOf, targetWorkflowIdFor } from './target-id.js';

/** Waits between two tries at a target that is about to start, in milliseconds: doubled from the first to the last. */
const NOT_YET = { firstMs: 50, maxMs: 5_000 };
const RAW_RESULT = { typeInfo: { outputType: RAW_PAYLOAD } };
/** Waits between two looks at an update that has no result yet, in milliseconds. */
const SLOW_UPDATE = { firstMs: 500, maxMs: 60_000 };
/** How long one try waits for an update's result before it is put into back-off, in milliseconds. */
const UPDATE_WAIT_MS = 5_000;

/** One operation on the target of a call. */
interface Target extends ServedCall {
  readonly operation: OperationEnvelope;
  readonly workflowId: string;
  /** The first run, where the caller knows it: a stranger who holds the id is not touched. */
  readonly runId: string | undefined;
  /** The id is the call's alone, or is all that the caller knows: it needs no look whose it is. */
  readonly hasOwnId: boolean;
  readonly args: readonly Payload[];
}

function targetOf(sides: CallerSides, input: ActivityCall): Target {
  const served = readCall(sides, input);
  const { side, call, token } = served;
  const operation = readOperation(served, input);
  return {
    ...served,
    operation,
    args: token ? input.payloads.slice(0, -1) : input.payloads,
    workflowId: targetWorkflowIdFor(side.sourceCluster, call),
    runId: operation.runId ?? call.target.runId,
    hasOwnId: call.target.idMode === 'hashed' || call.target.idMode === 'attach',
  };
}

function refusal({ call, workflowId }: Target, type: FailureType, message: string, cause?: ProtoFailure) {
  const remote = { wrapperWorkflowId: call.wrapperWorkflowId, workflowId, runId: '' };
  return outcomeFailure(refused(type, message), remote, cause);
}

/** A value that the activity can hand over: a server would fail it for a larger one, with words of its own. */
function checkedValue(target: Target, value: RawValue): RawValue {
  if (isReference(value.payload)) {
    const what = `${target.operation.type} ${target.operation.name}`;
    throw refusal(target, 'RESULT_UNREADABLE', `the result of ${what} is a reference to external storage`);
  }
  const bytes = payloadBytes(value.payload);
  if (bytes <= MAX_ANCHOR_RESULT_BYTES) return value;
  const { type, name } = target.operation;
  const message = `the result of ${type} ${name} has ${bytes} bytes; ${MAX_ANCHOR_RESULT_BYTES} can be handed over`;
  throw refusal(target, 'PAYLOAD_TOO_LARGE', message);
}

/** Ends an attempt in back-off: the target, or its cluster, is not there yet. */
function tryAgain(
  { side, operation, workflowId }: Target,
  why: string,
  unreachable: boolean,
  schedule: { readonly firstMs: number; readonly maxMs: number } = unreachable ? side.startRetry : NOT_YET,
): never {
  const { attempt } = Context.current().info;
  const delayMs = backOffMs(schedule, attempt);
  throw waitingFailure(
    unreachable ? 'REMOTE_UNREACHABLE' : REMOTE_RUNNING,
    `${operation.type} waits for ${workflowId} on ${side.remote.cluster.name}; next try in ${formatDuration(delayMs)}: ${why}`,
    delayMs,
    'unknown',
  );
}

/** Sorts what can go wrong with requests: what time may heal is tried again. */
async function sorted<R>(target: Target, requests: () => Promise<R>): Promise<R> {
  try {
    return await requests();
  } catch (error) {
    if (error instanceof TemporalFailure) throw error;
    // An update that takes its time; a link that swallows requests looks the same.
    if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError)
      return tryAgain(target, 'no result yet', false, SLOW_UPDATE);
    const fault = faultOf(error);
    const why = escapeForLog(faultText(error), 300);
    if (fault === 'not-found') return tryAgain(target, why, false); // it moved on between the look and the request
    if (fault === 'invalid') throw refusal(target, 'REMOTE_OPERATION_FAILED', why);
    if (fault === 'other') throw error;
    return tryAgain(target, why, true);
  }
}

/** Whether a target that is not known is gone, and not about to start: a cluster that fails over may answer so once. */
function isGone({ call, operation }: Target): boolean {
  return (
    call.target.idMode === 'attach' || (operation.runId !== undefined && Context.current().info.attempt > 1)
  );
}

/**
 * Sends an operation to the run that it is for; where that is not found, to the chain's current one.
 *
 * @param request - sends it to this run, or to the current one of the chain that began with `firstRunId`
 * @param onClosed - what it means that the target has closed; by default a refusal
 */
function send<R>(
  target: Target,
  request: (runId: string | undefined, firstRunId: string | undefined) => Promise<R>,
  onClosed?: () => R,
): Promise<R> {
  const { side, call, workflowId } = target;
  const { remote } = side;
  const { runId } = call.target;
  return sorted(target, async () => {
    const check = await executionDenial(side, call, workflowId, [target.runId, runId]);
    if (check.why !== undefined) throw refusal(target, 'TARGET_NOT_ALLOWED', check.why);
    if (check.isKnown && (target.runId !== undefined || target.hasOwnId)) {
      try {
        return await remote.request(() => request(target.runId, target.operation.runId));
      } catch (error) {
        if (faultOf(error) !== 'not-found') throw error;
      }
    }
    const state = await lookUpCall(remote, lookedUpCallOf(call, workflowId));
    const notFound = (message: string) => refusal(target, 'REMOTE_WORKFLOW_NOT_FOUND', message);
    const closed = (what: string): R => {
      if (onClosed) return onClosed();
      throw notFound(`${what} on ${remote.cluster.name} has closed`);
    };
    if (state.state === 'closed') return closed(workflowId);
    if (state.state === 'absent' && isGone(target))
      throw notFound(`${workflowId} is not known to ${remote.cluster.name}`);
    if (state.state === 'absent' || !state.targetStarted)
      return tryAgain(target, 'it has not started', false);
    // Its chain goes on, but that is not what was asked for.
    if (runId !== undefined) return closed(`run ${runId} of ${workflowId}`);
    if (!check.isKnown) return tryAgain(target, 'it has just started', false);
    // It runs, in another run of its chain; or under an id that is not made of the call, and is now known to be ours.
    return remote.request(() => request(undefined, state.runId));
  });
}

/** Signals a call's target. */
export async function signalWorkflowInRemote(sides: CallerSides, input: ActivityCall): Promise<RawValue> {
  const target = targetOf(sides, input);
  const { side, call, operation, workflowId } = target;
  const context = { requestId: requestIdOf('signal', call.callId, operation.id), headers: {} };
  await send(target, (runId) =>
    withRequestContext(context, () =>
      side.remote.client.workflow
        .getHandle(workflowId, runId)
        .signal(operation.name, ...target.args.map(raw)),
    ),
  );
  return noResultOf(target);
}

/**
 * A query's target: the chain's current run, for its first one answers, too. Its id leads there, unless the id is not made
 * of the call and somebody else has it by now.
 */
async function queriedOf(target: Target): Promise<Target> {
  const { side, call, workflowId } = target;
  const current: Target = { ...target, runId: call.target.runId, hasOwnId: true };
  if (target.hasOwnId) return current;
  return (await lookUpTarget(side.remote, lookedUpCallOf(call, workflowId))) ? current : target;
}

/** Queries a call's target. */
export async function queryWorkflowInRemote(sides: CallerSides, input: ActivityCall): Promise<RawValue> {
  const target = targetOf(sides, input);
  const { side, operation, workflowId } = target;
  const query = defineQuery<RawValue, unknown[]>(operation.name, RAW_RESULT);
  try {
    const queried = await sorted(target, () => queriedOf(target));
    const value = await send(queried, (runId) =>
      side.remote.client.workflow.getHandle(workflowId, runId).query(query, ...target.args.map(raw)),
    );
    return checkedValue(target, value);
  } catch (error) {
    if (error instanceof QueryNotRegisteredError || error instanceof QueryRejectedError)
      throw refusal(target, 'REMOTE_OPERATION_FAILED', escapeForLog(error.message, 1000));
    throw error;
  }
}

/** Sends an update to a call's target, or looks whether it has its result by now. */
export async function updateWorkflowInRemote(sides: CallerSides, input: ActivityCall): Promise<RawValue> {
  const target = targetOf(sides, input);
  const { side, call, operation, workflowId } = target;
  // To the current run at once: of one that continued as new a server says for seconds that it is closing.
  const updated: Target = target.hasOwnId ? { ...target, runId: call.target.runId } : target;
  const update = defineUpdate<RawValue | undefined, [unknown, ...unknown[]]>(operation.name, RAW_RESULT);
  try {
    const value = await send(updated, (runId) =>
      side.remote.client.withDeadline(Date.now() + UPDATE_WAIT_MS, () =>
        side.remote.client.workflow.getHandle(workflowId, runId).executeUpdate(update, {
          args: target.args.map(raw) as unknown as [unknown, ...unknown[]],
          updateId: requestIdOf('update', call.callId, operation.id),
        }),
      ),
    );
    return value ? checkedValue(target, value) : noResultOf(target);
  } catch (error) {
    if (!(error instanceof WorkflowUpdateFailedError)) throw error;
    const cause = error.cause instanceof TemporalFailure ? error.cause.failure : undefined;
    const message = `update ${operation.name} of ${workflowId} failed: ${error.cause?.message ?? error.message}`;
    throw refusal(target, 'REMOTE_OPERATION_FAILED', escapeForLog(message, 1000), cause);
  }
}

/** Terminates a call's target; one that has closed is left as it is. */
export async function terminateWorkflowInRemote(sides: CallerSides, input: ActivityCall): Promise<RawValue> {
  const target = targetOf(sides, input);
  const { side, call, operation, workflowId } = target;
  const { remote } = side;
  const isAttached = call.target.idMode === 'attach';
  const terminate = async (_: string | undefined, firstRunId = ''): Promise<void> => {
    await remote.client.workflowService.terminateWorkflowExecution({
      namespace: remote.cluster.namespace,
      // Of a call's own target the chain's current run; of an attached one the run that was asked for, if one was: with a
      // first run, a server terminates the current one, whatever else it is told.
      workflowExecution: { workflowId, runId: call.target.runId ?? '' },
      firstExecutionRunId: isAttached ? '' : firstRunId,
      identity: 'temporal-bridge',
      reason: operation.name,
    });
  };
  await send(target, terminate, () => undefined);
  return noResultOf(target);
}

/**
 * Looks whether a call's target has started, for a caller that got no word of it. Reported by a failure, since a result
 * would be a payload of the bridge's own; a result without a payload says that the call has ended.
 */
export async function confirmStartInRemote(sides: CallerSides, input: ActivityCall): Promise<RawValue> {
  const served = readCall(sides, input);
  const { side, call } = served;
  const { attempt } = Context.current().info;
  const workflowId = targetWorkflowIdFor(side.sourceCluster, call);
  const { wrapperWorkflowId } = call;
  let why = 'it has not started';
  try {
    if (call.target.idMode === 'attach') {
      const { why: denied } = await executionDenial(side, call, workflowId, [call.target.runId]);
      const remote = { wrapperWorkflowId, workflowId, runId: '' };
      if (denied !== undefined) throw outcomeFailure(refused('TARGET_NOT_ALLOWED', denied), remote);
    }
    const state = await lookUpCall(side.remote, lookedUpCallOf(call, workflowId));
    if (state.state === 'closed' && state.runId === '') return noResultOf(served);
    if (state.state === 'closed' || (state.state === 'running' && state.targetStarted))
      throw reportFailure(encodeStartedReport({ wrapperWorkflowId, workflowId, runId: state.runId }));
  } catch (error) {
    if (error instanceof ApplicationFailure) throw error;
    why = escapeForLog(faultText(error), 300);
  }
  const delayMs = fallbackDelayMs(fallbackOf(served), { timeoutMs: undefined, ageMs: 0, looks: attempt - 1 });
  throw waitingFailure(
    REMOTE_RUNNING,
    `the start of ${workflowId} is not confirmed; next look in ${formatDuration(delayMs)}: ${why}`,
    delayMs,
    'unknown',
  );
}
