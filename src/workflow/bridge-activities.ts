import type { RawValue } from '@temporalio/common';
import { proxyActivities } from '@temporalio/workflow';
import { ANCHOR_ATTEMPT_MS } from '../shared/limits.js';
import {
  CANCEL_ACTIVITY,
  CONFIRM_START_ACTIVITY,
  QUERY_ACTIVITY,
  SIGNAL_ACTIVITY,
  START_ACTIVITY,
  TERMINATE_ACTIVITY,
  UPDATE_ACTIVITY,
} from '../shared/names.js';
import { RAW_PAYLOAD, RAW_PAYLOADS } from '../shared/payloads.js';

/** The activities of the caller-side worker. Those without a value complete without any payload. */
export interface BridgeActivities {
  [START_ACTIVITY](...args: unknown[]): Promise<RawValue>;
  [CANCEL_ACTIVITY](...args: unknown[]): Promise<unknown>;
  [CONFIRM_START_ACTIVITY](...args: unknown[]): Promise<unknown>;
  [SIGNAL_ACTIVITY](...args: unknown[]): Promise<unknown>;
  [QUERY_ACTIVITY](...args: unknown[]): Promise<RawValue | undefined>;
  [UPDATE_ACTIVITY](...args: unknown[]): Promise<RawValue | undefined>;
  [TERMINATE_ACTIVITY](...args: unknown[]): Promise<unknown>;
}

const RAW_BOTH_WAYS = { inputTypes: RAW_PAYLOADS, outputType: RAW_PAYLOAD };

/** The caller side's activities with this summary; payloads pass through untouched in both directions. */
export function bridgeActivities(
  bridgeTaskQueue: string,
  summary: string,
  limits: { readonly scheduleToCloseMs?: number | undefined; readonly maximumIntervalMs: number },
) {
  const { scheduleToCloseMs, maximumIntervalMs } = limits;
  return proxyActivities<BridgeActivities>({
    taskQueue: bridgeTaskQueue,
    startToCloseTimeout: ANCHOR_ATTEMPT_MS,
    ...(scheduleToCloseMs === undefined ? {} : { scheduleToCloseTimeout: scheduleToCloseMs }),
    // The attempts say themselves when the next one is due; the server caps that at the maximum interval.
    retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: maximumIntervalMs },
    summary: summary.slice(0, 200),
    activityTypeInfo: {
      [START_ACTIVITY]: RAW_BOTH_WAYS,
      [CANCEL_ACTIVITY]: RAW_BOTH_WAYS,
      [CONFIRM_START_ACTIVITY]: RAW_BOTH_WAYS,
      [SIGNAL_ACTIVITY]: RAW_BOTH_WAYS,
      [QUERY_ACTIVITY]: RAW_BOTH_WAYS,
      [UPDATE_ACTIVITY]: RAW_BOTH_WAYS,
      [TERMINATE_ACTIVITY]: RAW_BOTH_WAYS,
    },
  });
}
