import {
  ADMIT_ACTIVITY,
  END_TARGET_ACTIVITY,
  FOLLOW_TARGET_ACTIVITY,
  SEND_COMPLETION_ACTIVITY,
  WATCH_CALLER_ACTIVITY,
} from '../../shared/names.js';
import { rawActivity } from '../activity-call.js';
import { admitRemoteCall } from './admit-remote-call.js';
import { endTarget } from './end-target.js';
import { followTarget } from './follow-target.js';
import type { HandlerSide } from './handler-side.js';
import { sendCompletion } from './send-completion.js';
import { watchCaller } from './watch-caller.js';

/** The activities of the handler-side worker, by the names that the wrapper schedules. */
export function handlerActivities(side: HandlerSide) {
  return {
    [ADMIT_ACTIVITY]: rawActivity((call) => admitRemoteCall(side, call)),
    [SEND_COMPLETION_ACTIVITY]: rawActivity((call) => sendCompletion(side, call)),
    [FOLLOW_TARGET_ACTIVITY]: rawActivity((call) => followTarget(side, call), { rawResult: true }),
    [WATCH_CALLER_ACTIVITY]: rawActivity((call) => watchCaller(side, call)),
    [END_TARGET_ACTIVITY]: rawActivity((call) => endTarget(side, call)),
  };
}
