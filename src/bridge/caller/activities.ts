import type { RawValue } from '@temporalio/common';
import {
  CANCEL_ACTIVITY,
  CONFIRM_START_ACTIVITY,
  QUERY_ACTIVITY,
  SIGNAL_ACTIVITY,
  START_ACTIVITY,
  TERMINATE_ACTIVITY,
  UPDATE_ACTIVITY,
} from '../../shared/names.js';
import type { ActivityCall } from '../activity-call.js';
import { rawActivity } from '../activity-call.js';
import type { CallerSides } from './caller-side.js';
import { cancelWorkflowInRemote } from './cancel-workflow-in-remote.js';
import {
  confirmStartInRemote,
  queryWorkflowInRemote,
  signalWorkflowInRemote,
  terminateWorkflowInRemote,
  updateWorkflowInRemote,
} from './operate-on-target.js';
import { startWorkflowInRemote } from './start-workflow-in-remote.js';

const NAMES = {
  start: START_ACTIVITY,
  cancel: CANCEL_ACTIVITY,
  confirmStart: CONFIRM_START_ACTIVITY,
  signal: SIGNAL_ACTIVITY,
  query: QUERY_ACTIVITY,
  update: UPDATE_ACTIVITY,
  terminate: TERMINATE_ACTIVITY,
} as const;

/** What callers schedule, whoever serves it. */
export type CallerActivities = Readonly<
  Record<keyof typeof NAMES, (call: ActivityCall) => Promise<RawValue>>
>;

/** Activities by the names that callers schedule. */
export function namedActivities(activities: CallerActivities) {
  const names = Object.keys(NAMES) as (keyof typeof NAMES)[];
  return Object.fromEntries(
    names.map((name) => [NAMES[name], rawActivity(activities[name], { rawResult: true })]),
  );
}

/** The activities of the caller-side worker, by the names that callers schedule. */
export function callerActivities(sides: CallerSides) {
  return namedActivities({
    start: (call) => startWorkflowInRemote(sides, call),
    cancel: (call) => cancelWorkflowInRemote(sides, call),
    confirmStart: (call) => confirmStartInRemote(sides, call),
    signal: (call) => signalWorkflowInRemote(sides, call),
    query: (call) => queryWorkflowInRemote(sides, call),
    update: (call) => updateWorkflowInRemote(sides, call),
    terminate: (call) => terminateWorkflowInRemote(sides, call),
  });
}
