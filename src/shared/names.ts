/**
 * Every name that both clusters, or a user's history, gets to see. Changing one is a wire change.
 *
 * @module
 */

/** The workflow on the caller cluster that makes one call; the published bridge's name. */
export const CROSS_CLUSTER_WORKFLOW = 'CrossClusterWorkflow';
/** The wrapper workflow on the handler cluster that runs the target as its child. */
export const REMOTE_CALL_WORKFLOW = 'RemoteCallWorkflow';

/** The activity on the caller cluster that anchors a call: starts it, and looks at it past the fallback delay. */
export const START_ACTIVITY = 'StartWorkflowInRemote';
/** The activity on the caller cluster that asks the handler cluster to cancel a call. */
export const CANCEL_ACTIVITY = 'CancelWorkflowInRemote';
/** The activity on the caller cluster that sends a signal to a call's target. */
export const SIGNAL_ACTIVITY = 'SignalWorkflowInRemote';
/** The activity on the caller cluster that queries a call's target. */
export const QUERY_ACTIVITY = 'QueryWorkflowInRemote';
/** The activity on the caller cluster that sends an update to a call's target and waits for its result. */
export const UPDATE_ACTIVITY = 'UpdateWorkflowInRemote';
/** The activity on the caller cluster that terminates a call's target. */
export const TERMINATE_ACTIVITY = 'TerminateWorkflowInRemote';
/** The activity on the caller cluster that looks whether a call's target has started, if no word of it came. */
export const CONFIRM_START_ACTIVITY = 'ConfirmStartInRemote';
/** The handler side's check before a target is started. */
export const ADMIT_ACTIVITY = 'AdmitRemoteCall';
/** The handler side's delivery of an outcome. */
export const SEND_COMPLETION_ACTIVITY = 'SendCompletion';
/** The handler side's look at a target that an earlier run of the same wrapper started. */
export const FOLLOW_TARGET_ACTIVITY = 'FollowTarget';

/** The handler side's look, now and then, whether the caller still lives (the lease). */
export const WATCH_CALLER_ACTIVITY = 'WatchCaller';
/** The handler side's cancelling or terminating of a target: its caller is gone, or it is not the wrapper's child after a reset. */
export const END_TARGET_ACTIVITY = 'EndTarget';

const BRIDGE_ACTIVITIES: ReadonlySet<string> = new Set([
  START_ACTIVITY,
  CANCEL_ACTIVITY,
  SIGNAL_ACTIVITY,
  QUERY_ACTIVITY,
  UPDATE_ACTIVITY,
  TERMINATE_ACTIVITY,
  CONFIRM_START_ACTIVITY,
  ADMIT_ACTIVITY,
  SEND_COMPLETION_ACTIVITY,
  FOLLOW_TARGET_ACTIVITY,
  WATCH_CALLER_ACTIVITY,
  END_TARGET_ACTIVITY,
]);

/** Whether an activity type is one of the bridge's. */
export function isBridgeActivity(activityType: string): boolean {
  return BRIDGE_ACTIVITIES.has(activityType);
}

/** The one signal that brings an outcome back. */
export const COMPLETION_SIGNAL = 'temporal-bridge.completion';

/** Header field of an envelope of kind `call` (caller workflow → caller-side worker). */
export const CALL_HEADER = 'temporal-bridge-call';
/** Header field of an envelope of kind `remote-call` (caller-side worker → wrapper). */
export const REMOTE_CALL_HEADER = 'temporal-bridge-remote-call';
/** Header field of an envelope of kind `operation` (caller workflow → caller-side worker). */
export const OPERATION_HEADER = 'temporal-bridge-operation';
/** Header field of an envelope of kind `completion` or `started` (wrapper → caller). */
export const COMPLETION_HEADER = 'temporal-bridge-completion';
/** Header field of the time at which the wrapper had its outcome (wrapper → delivery); only measured with. */
export const ENDED_AT_HEADER = 'temporal-bridge-ended-at';
/** Header field of a trace context: that of the SDK's OpenTelemetry interceptors, in every SDK. */
export const TRACE_HEADER = '_tracer-data';
/**
 * Header field of the trace context that the caller workflow was started with (caller workflow → caller-side worker): its
 * span has been exported, unlike those of the caller's own run.
 */
export const TRACE_PARENT_HEADER = 'temporal-bridge-trace-parent';

/** Default task queue of the caller-side worker on the caller cluster. */
export const DEFAULT_CALLER_TASK_QUEUE = 'bridge-queue';
/** Default task queue of the handler-side worker on the handler cluster. */
export const DEFAULT_HANDLER_TASK_QUEUE = 'bridge-handler-queue';
/** Default name of the caller cluster, as in the published bridge. */
export const DEFAULT_SOURCE_CLUSTER = 'cluster-a';

/** Memo keys of a wrapper, by which a second start recognizes its own call. */
export const MEMO_CALL_ID = 'bridge-call-id';
/** Memo key of the digest of type, queue and arguments. */
export const MEMO_ARGS_DIGEST = 'bridge-args-digest';
/** Memo key of whose call of what it is, by which open calls are counted: `[cluster, namespace, target's type]`. */
export const MEMO_CALL_PAIR = 'bridge-call-pair';

/** Task queues that Temporal keeps for itself: no target can run there. */
export const RESERVED_TASK_QUEUE = /^(?:\/_sys\/|__temporal|temporal-sys-)/;
