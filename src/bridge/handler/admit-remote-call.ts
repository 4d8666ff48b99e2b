import { Context } from '@temporalio/activity';
import { showValue } from '../../shared/escape.js';
import { MAX_ARGUMENTS_BYTES, MAX_NAME_CHARS, MAX_WORKFLOW_ID_CHARS } from '../../shared/limits.js';
import { REMOTE_CALL_WORKFLOW, RESERVED_TASK_QUEUE } from '../../shared/names.js';
import { totalPayloadBytes } from '../../shared/payloads.js';
import type { RemoteCallEnvelope } from '../../shared/wire/call-envelope.js';
import type { Admission } from '../../workflow/handler-activities.js';
import type { ActivityCall } from '../activity-call.js';
import { callFields } from './call-fields.js';
import { targetDenial } from './check-allowed.js';
import { capRejection } from './check-caps.js';
import { checkCaller } from './check-caller.js';
import type { HandlerSide } from './handler-side.js';
import { readRemoteCall } from './read-remote-call.js';
import type { Rejection } from './target-options-check.js';
import { optionsRejection } from './target-options-check.js';

function admissionOf(rejection: Rejection | undefined): Admission {
  if (!rejection) return { admitted: true };
  const { type, message, details = {} } = rejection;
  return { admitted: false, type, message: `${message}; nothing was started`, details };
}

/** What the server would choke on: a bad child option fails the wrapper's task for ever. */
function targetRejection(call: RemoteCallEnvelope, bytes: number): Rejection | undefined {
  const { workflowType, taskQueue, workflowId } = call.target;
  if (workflowId.length > MAX_WORKFLOW_ID_CHARS) {
    return {
      type: 'INVALID_REQUEST',
      message: `target id of ${workflowId.length} characters; expected at most ${MAX_WORKFLOW_ID_CHARS}`,
    };
  }
  for (const [what, name] of [
    ['workflow type', workflowType],
    ['task queue', taskQueue],
  ] as const) {
    if (name.length > MAX_NAME_CHARS) {
      return {
        type: 'INVALID_REQUEST',
        message: `${what} of ${name.length} characters; expected at most ${MAX_NAME_CHARS}`,
      };
    }
  }
  if (call.existing === 'attach') return undefined;
  const isOwnQueue = taskQueue === Context.current().info.taskQueue;
  if (isOwnQueue || workflowType === REMOTE_CALL_WORKFLOW || RESERVED_TASK_QUEUE.test(taskQueue)) {
    return {
      type: 'INVALID_REQUEST',
      message: `reserved target ${showValue(workflowType)} on ${showValue(taskQueue)}`,
    };
  }
  if (bytes > MAX_ARGUMENTS_BYTES) {
    return {
      type: 'PAYLOAD_TOO_LARGE',
      message: `arguments of ${bytes} bytes; expected at most ${MAX_ARGUMENTS_BYTES}`,
    };
  }
  return undefined;
}

/** A workflow to attach to is checked where it is looked at: it may come to be between two looks. */
function allowRejection(side: HandlerSide, call: RemoteCallEnvelope): Rejection | undefined {
  if (call.existing === 'attach') return undefined;
  const message = targetDenial(side, call, call.target);
  return message === undefined
    ? undefined
    : { type: 'TARGET_NOT_ALLOWED', message, details: { started: 'no' } };
}

function timeRejection(side: HandlerSide, call: RemoteCallEnvelope): Rejection | undefined {
  const lateMs = Date.now() - call.startBy;
  return lateMs > side.clockSkewMs
    ? {
        type: 'CALL_EXPIRED',
        message: `the call came ${lateMs} ms after the time by which it had to start`,
        details: { started: 'no' },
      }
    : undefined;
}

/**
 * The handler side's check before a target starts: the seal first, then what the server would choke on, then the allow-list,
 * then the options and `startBy`, and last the caps.
 *
 * @throws {BridgeError} `SEAL_KEY_UNKNOWN` or `CALLER_NOT_SERVED`, retryable
 * @throws ApplicationFailure `CALL_HELD`, retryable
 */
export async function admitRemoteCall(side: HandlerSide, input: ActivityCall): Promise<Admission> {
  const call = readRemoteCall(side, input);
  const { refusal } = checkCaller(side, call);
  const rejection =
    (refusal === undefined ? undefined : { type: 'SEAL_INVALID' as const, message: refusal }) ??
    targetRejection(call, totalPayloadBytes(input.payloads)) ??
    allowRejection(side, call) ??
    (await optionsRejection(side.own, call.target.options)) ??
    timeRejection(side, call) ??
    (await capRejection(side, call));
  if (rejection) {
    side.log.warn('Call refused', {
      ...callFields(side, call),
      type: rejection.type,
      why: rejection.message,
    });
  }
  return admissionOf(rejection);
}
