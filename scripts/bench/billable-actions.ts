/**
 * Temporal Cloud's billable actions, counted from histories. The rules are those of
 * https://docs.temporal.io/cloud/actions, as far as a history shows them; the count is an estimate, not a bill.
 *
 * A history does not show heartbeats and queries: they are requests, and are counted as such by whoever counts them.
 */
import protos from '@temporalio/proto';
import type { temporal } from '@temporalio/proto';

/** An event of a history. */
export type HistoryEvent = temporal.api.history.v1.IHistoryEvent;

const { EventType } = protos.temporal.api.enums.v1;

/** Versions of workflow code are recorded in this search attribute; setting it costs nothing. */
const VERSIONS_ATTRIBUTE = 'TemporalChangeVersion';

/** Events that are one action each. A child is two: its initiation here, and the start in its own history. */
const ONE_ACTION = new Set<unknown>([
  EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED,
  EventType.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED,
  EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED,
  EventType.EVENT_TYPE_TIMER_STARTED,
  EventType.EVENT_TYPE_NEXUS_OPERATION_SCHEDULED,
  EventType.EVENT_TYPE_NEXUS_OPERATION_CANCEL_REQUESTED,
  EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED,
  EventType.EVENT_TYPE_WORKFLOW_EXECUTION_OPTIONS_UPDATED,
]);

/** How many billable actions one history shows. */
export function billableActions(events: readonly HistoryEvent[]): number {
  const attempts = attemptsByActivity(events);
  const tasksWithMarkers = new Set<string>();
  let actions = 0;
  for (const event of events) {
    if (ONE_ACTION.has(event.eventType)) {
      actions += 1;
    } else if (event.activityTaskScheduledEventAttributes) {
      // An activity that is in back-off, or was cancelled there, has no started event. The only one of these calls is
      // the anchor, StartWorkflowInRemote, which has had one attempt in a call that goes well.
      actions += attempts.get(String(event.eventId)) ?? 1;
    } else if (event.markerRecordedEventAttributes) {
      tasksWithMarkers.add(String(event.markerRecordedEventAttributes.workflowTaskCompletedEventId));
    } else if (event.upsertWorkflowSearchAttributesEventAttributes) {
      const fields =
        event.upsertWorkflowSearchAttributesEventAttributes.searchAttributes?.indexedFields ?? {};
      if (Object.keys(fields).some((name) => name !== VERSIONS_ATTRIBUTE)) actions += 1;
    }
  }
  return actions + tasksWithMarkers.size;
}

/** The number of an activity's last attempt, by the id of its scheduled event. */
function attemptsByActivity(events: readonly HistoryEvent[]): Map<string, number> {
  const attempts = new Map<string, number>();
  for (const { activityTaskStartedEventAttributes: started } of events) {
    if (started) attempts.set(String(started.scheduledEventId), started.attempt ?? 1);
  }
  return attempts;
}
