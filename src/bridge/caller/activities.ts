import {
  CANCEL_ACTIVITY,
  CONFIRM_START_ACTIVITY,
  QUERY_ACTIVITY,
  SIGNAL_ACTIVITY,
  START_ACTIVITY,
  TERMINATE_ACTIVITY,
  UPDATE_ACTIVITY,
} from '../../shared/names.js';
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

/** The activities of the caller-side worker, by the names that callers schedule. */
export function callerActivities(sides: CallerSides) {
  const rawResult = { rawResult: true };
  return {
    [START_ACTIVITY]: rawActivity((call) => startWorkflowInRemote(sides, call), rawResult),
    [CANCEL_ACTIVITY]: rawActivity((call) => cancelWorkflowInRemote(sides, call), rawResult),
    [CONFIRM_START_ACTIVITY]: rawActivity((call) => confirmStartInRemote(sides, call), rawResult),
    [SIGNAL_ACTIVITY]: rawActivity((call) => signalWorkflowInRemote(sides, call), rawResult),
    [QUERY_ACTIVITY]: rawActivity((call) => queryWorkflowInRemote(sides, call), rawResult),
    [UPDATE_ACTIVITY]: rawActivity((call) => updateWorkflowInRemote(sides, call), rawResult),
    [TERMINATE_ACTIVITY]: rawActivity((call) => terminateWorkflowInRemote(sides, call), rawResult),
  };
}
