import { CANCEL_ACTIVITY, START_ACTIVITY } from '../../shared/names.js';
import { rawActivity } from '../activity-call.js';
import type { CallerSide } from './caller-side.js';
import { cancelWorkflowInRemote } from './cancel-workflow-in-remote.js';
import { startWorkflowInRemote } from './start-workflow-in-remote.js';

/** The activities of the caller-side worker, by the names that callers schedule. */
export function callerActivities(side: CallerSide) {
  return {
    [START_ACTIVITY]: rawActivity((call) => startWorkflowInRemote(side, call), { rawResult: true }),
    [CANCEL_ACTIVITY]: rawActivity((call) => cancelWorkflowInRemote(side, call)),
  };
}
