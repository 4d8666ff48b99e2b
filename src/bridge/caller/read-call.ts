import { Context } from '@temporalio/activity';
import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import { wrapperWorkflowIdOf } from '../../shared/remote-ids.js';
import type { Payload, RawValue } from '@temporalio/common';
import { escapeForLog } from '../../shared/escape.js';
import { MAX_ARGUMENTS_BYTES } from '../../shared/limits.js';
import { CALL_HEADER, OPERATION_HEADER } from '../../shared/names.js';
import { totalPayloadBytes } from '../../shared/payloads.js';
import { referenceProblem } from '../../shared/references.js';
import type { CallEnvelope } from '../../shared/wire/call-envelope.js';
import { parseCallEnvelope } from '../../shared/wire/call-envelope.js';
import type { OperationEnvelope } from '../../shared/wire/operation-envelope.js';
import { parseOperationEnvelope } from '../../shared/wire/operation-envelope.js';
import type { ActivityCall } from '../activity-call.js';
import { noResult } from '../activity-call.js';
import type { CallerSide, CallerSides } from './caller-side.js';

/** The failure of a request that no retry can help. BENIGN: the bridge's own line says it, and the SDK adds none. */
function invalidRequest(
  message: string,
  type: 'INVALID_REQUEST' | 'PAYLOAD_TOO_LARGE' = 'INVALID_REQUEST',
): ApplicationFailure {
  const category = ApplicationFailureCategory.BENIGN;
  return ApplicationFailure.create({ type, message, nonRetryable: true, category });
}

/** A call, and the side of the bridge that serves its handler cluster. */
export interface ServedCall {
  readonly side: CallerSide;
  readonly call: CallEnvelope;
  /** The payload that the caller's own codec wrote for what the bridge leaves in its history. */
  readonly token: Payload | undefined;
}

/** What an activity without a value completes with. */
export function noResultOf({ side, token }: ServedCall): RawValue {
  return noResult(side.workerHasCodec, token);
}

function sideOf(sides: CallerSides, cluster: string | undefined): CallerSide {
  const side = cluster === undefined ? sides.byDefault : sides.byCluster.get(cluster);
  if (side) return side;
  throw invalidRequest(
    `cluster: the call is to ${escapeForLog(cluster ?? '', 80)}; this bridge reaches ` +
      `${[...sides.byCluster.keys()].join(', ')}; add it to BRIDGE_HANDLER_CLUSTERS; nothing was started`,
  );
}

/**
 * A call is its caller's alone: the workflow that scheduled the activity is the one that the envelope names, and the
 * wrapper is the call's. Else one workflow could have outcomes sent to another, or act on another's call (I4, I8).
 */
function checkScheduler({ callId, caller, wrapperWorkflowId }: CallEnvelope): void {
  const { workflowExecution, namespace } = Context.current().info;
  if (workflowExecution?.workflowId !== caller.workflowId || namespace !== caller.namespace)
    throw invalidRequest(
      'caller: the call names another workflow than the one that makes it; nothing was started',
    );
  if (wrapperWorkflowId !== wrapperWorkflowIdOf(callId))
    throw invalidRequest(
      'wrapperWorkflowId: the call names a wrapper that is not its own; nothing was started',
    );
}

/** Logs and counts what is refused: it is not tried again. */
function told<R>(side: CallerSide, read: () => R): R {
  try {
    return read();
  } catch (error) {
    const { activityType, attempt, workflowExecution } = Context.current().info;
    side.metrics.refused('request-invalid');
    side.log.warn('Activity refused: its call cannot be made', {
      callId: '',
      sourceCluster: side.sourceCluster,
      destinationCluster: '',
      sourceWorkflowId: workflowExecution?.workflowId ?? '',
      remoteWorkflowId: '',
      remoteTaskQueue: '',
      attempt,
      activity: activityType,
      why: error instanceof Error ? error.message : String(error),
    });
    throw error;
  }
}

/**
 * Reads the call that an activity was scheduled for.
 *
 * @throws ApplicationFailure `INVALID_REQUEST` or `PAYLOAD_TOO_LARGE`, non-retryable
 */
export function readCall(sides: CallerSides, input: ActivityCall): ServedCall {
  return told(sides.byDefault, () => servedCallOf(sides, input));
}

function servedCallOf(sides: CallerSides, input: ActivityCall): ServedCall {
  let call: CallEnvelope;
  try {
    call = parseCallEnvelope(input.header(CALL_HEADER));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw invalidRequest(`${reason}; run CrossClusterWorkflow, or call through temporal-bridge/workflow`);
  }
  checkScheduler(call);
  const side = sideOf(sides, call.cluster);
  if (call.sourceCluster !== undefined && call.sourceCluster !== side.sourceCluster) {
    throw invalidRequest(
      `sourceCluster: the call was made for cluster ${escapeForLog(call.sourceCluster, 80)}, this bridge serves ` +
        `${side.sourceCluster}; expected the same name, since ids are made of it; nothing was started`,
    );
  }
  const reference = referenceProblem(input.payloads);
  if (reference !== undefined) throw invalidRequest(`${reference}; nothing was started`);
  const bytes = totalPayloadBytes(input.payloads);
  if (bytes > MAX_ARGUMENTS_BYTES) {
    const message = `arguments of ${bytes} bytes as they travel; expected at most ${MAX_ARGUMENTS_BYTES}; nothing was started`;
    throw invalidRequest(message, 'PAYLOAD_TOO_LARGE');
  }
  return { side, call, token: call.extras?.token ? input.payloads.at(-1) : undefined };
}

/**
 * Reads what an activity is to do to the call's target.
 *
 * @throws ApplicationFailure `INVALID_REQUEST`, non-retryable
 */
export function readOperation({ side }: ServedCall, input: ActivityCall): OperationEnvelope {
  return told(side, () => {
    try {
      return parseOperationEnvelope(input.header(OPERATION_HEADER));
    } catch (error) {
      throw invalidRequest(error instanceof Error ? error.message : String(error));
    }
  });
}
