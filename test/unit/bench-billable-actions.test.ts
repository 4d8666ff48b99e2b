import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import protos from '@temporalio/proto';
import { billableActions, type HistoryEvent } from '../../scripts/bench/billable-actions.js';

const { EventType } = protos.temporal.api.enums.v1;
const { History } = protos.temporal.api.history.v1;

/** A history as a server sends it: numbers are 64-bit values. */
function historyOf(...events: Partial<HistoryEvent>[]): HistoryEvent[] {
  const numbered = events.map((event, index) => ({ eventId: index + 1, ...event }));
  return History.decode(History.encode(History.fromObject({ events: numbered })).finish()).events;
}

const started = { eventType: EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED };
const scheduled = {
  eventType: EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED,
  activityTaskScheduledEventAttributes: { activityId: '1' },
};
const startedAt = (scheduledEventId: number, attempt: number): object => ({
  eventType: EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED,
  activityTaskStartedEventAttributes: { scheduledEventId, attempt },
});
const marker = (workflowTaskCompletedEventId: number): object => ({
  eventType: EventType.EVENT_TYPE_MARKER_RECORDED,
  markerRecordedEventAttributes: { markerName: 'core_local_activity', workflowTaskCompletedEventId },
});
const upsert = (...names: string[]): object => ({
  eventType: EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES,
  upsertWorkflowSearchAttributesEventAttributes: {
    searchAttributes: { indexedFields: Object.fromEntries(names.map((name) => [name, {}])) },
  },
});
const only = (eventType: number): object => ({ eventType });

describe('billable actions of a history', () => {
  it('are none without events', () => {
    assert.equal(billableActions([]), 0);
  });

  it('are one for a workflow that does nothing: its start', () => {
    assert.equal(
      billableActions(
        historyOf(
          started,
          only(EventType.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED),
          only(EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED),
          only(EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED),
          only(EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED),
        ),
      ),
      1,
    );
  });

  it('are two for a child: its initiation with the parent, and its own start', () => {
    const parent = historyOf(
      started,
      only(EventType.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED),
      only(EventType.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_STARTED),
      only(EventType.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_COMPLETED),
    );
    assert.equal(billableActions(parent) + billableActions(historyOf(started)), 3);
  });

  for (const name of [
    'WORKFLOW_EXECUTION_SIGNALED',
    'TIMER_STARTED',
    'NEXUS_OPERATION_SCHEDULED',
    'NEXUS_OPERATION_CANCEL_REQUESTED',
    'WORKFLOW_EXECUTION_UPDATE_ACCEPTED',
    'WORKFLOW_EXECUTION_OPTIONS_UPDATED',
  ] as const) {
    it(`are one for ${name}`, () => {
      assert.equal(billableActions(historyOf(only(EventType[`EVENT_TYPE_${name}`]))), 1);
    });
  }

  it('are one for each attempt of an activity', () => {
    assert.equal(billableActions(historyOf(scheduled, startedAt(1, 1))), 1);
    assert.equal(billableActions(historyOf(scheduled, startedAt(1, 3))), 3);
    assert.equal(billableActions(historyOf(scheduled, scheduled, startedAt(2, 2), startedAt(1, 3))), 5);
  });

  it('are one for an activity in back-off, whose attempt the history does not show', () => {
    assert.equal(billableActions(historyOf(started, scheduled)), 2);
  });

  it('are one for all markers of a workflow task', () => {
    assert.equal(billableActions(historyOf(marker(4), marker(4), marker(4))), 1);
    assert.equal(billableActions(historyOf(marker(4), marker(4), marker(9))), 2);
  });

  it('are one for an upsert of search attributes, and none for that of a code version', () => {
    assert.equal(billableActions(historyOf(upsert('A', 'B'))), 1);
    assert.equal(billableActions(historyOf(upsert('TemporalChangeVersion'))), 0);
    assert.equal(billableActions(historyOf(upsert('TemporalChangeVersion', 'A'))), 1);
  });
});
