import type { Payload } from '@temporalio/common';
import type { WorkflowOutboundCallsInterceptor } from '@temporalio/workflow';
import { log, patched } from '@temporalio/workflow';
import { utf8 } from '../shared/bytes.js';
import type { FailureType } from '../shared/failure-table.js';
import { MAX_USER_HEADERS_BYTES, MAX_USER_HEADER_FIELDS } from '../shared/limits.js';
import {
  CALL_HEADER,
  CANCEL_ACTIVITY,
  CONFIRM_START_ACTIVITY,
  OPERATION_HEADER,
  TERMINATE_ACTIVITY,
  TRACE_PARENT_HEADER,
  isBridgeActivity,
} from '../shared/names.js';
import { payloadBytes } from '../shared/payloads.js';

/** Header fields with which one of the bridge's activities cannot be scheduled. */
export class HeadersRefused extends Error {
  readonly type: FailureType;
  constructor(type: FailureType, message: string) {
    super(message);
    this.type = type;
  }
}

const OWN: ReadonlySet<string> = new Set([CALL_HEADER, OPERATION_HEADER, TRACE_PARENT_HEADER]);

/** Why header fields that the user's interceptors have added are too many or too large; absent: they are not. */
export function headersRefusal(headers: Readonly<Record<string, Payload>>): HeadersRefused | undefined {
  const added = Object.entries(headers).filter(([name]) => !OWN.has(name));
  if (added.length > MAX_USER_HEADER_FIELDS) {
    return new HeadersRefused(
      'INVALID_REQUEST',
      `interceptors have added ${added.length} header fields; expected at most ${MAX_USER_HEADER_FIELDS}; nothing was started`,
    );
  }
  const bytes = added.reduce((sum, [name, value]) => sum + utf8(name).length + payloadBytes(value), 0);
  if (bytes <= MAX_USER_HEADERS_BYTES) return undefined;
  return new HeadersRefused(
    'PAYLOAD_TOO_LARGE',
    `interceptors have added header fields of ${bytes} bytes; expected at most ${MAX_USER_HEADERS_BYTES}; nothing was started`,
  );
}

/** What a call, or its caller's end, needs and no user waits for: it goes without the fields that are too much. */
const GOES_ANYWAY: ReadonlySet<string> = new Set([
  CANCEL_ACTIVITY,
  TERMINATE_ACTIVITY,
  CONFIRM_START_ACTIVITY,
]);

function withoutAdded(headers: Readonly<Record<string, Payload>>): Record<string, Payload> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => OWN.has(name)));
}

/** Earlier versions scheduled such an activity: a run that has done so replays. Only a run that is over has the marker. */
const PATCH = 'temporal-bridge/header-limit';

/**
 * The innermost interceptor: sees what all others have added. A server limits no header by itself; a workflow task whose
 * answer is too large for it fails again and again (I9).
 */
export const headerLimitInterceptor: WorkflowOutboundCallsInterceptor = {
  scheduleActivity: (input, next) => {
    const refusal = isBridgeActivity(input.activityType) ? headersRefusal(input.headers) : undefined;
    if (!refusal) return next(input);
    if (GOES_ANYWAY.has(input.activityType)) {
      log.warn(refusal.message.replace(/nothing was started$/, 'it goes without them'), {
        activityType: input.activityType,
      });
      return next({ ...input, headers: withoutAdded(input.headers) });
    }
    return patched(PATCH) ? Promise.reject(refusal) : next(input);
  },
};
