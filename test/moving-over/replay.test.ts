/**
 * Histories of the published bridge's `CrossClusterWorkflow` do not replay here, and say so: the two bridges must not
 * share a task queue. The recorded ones are the stand-in's; see published-bridge/names.ts.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, test } from 'node:test';
import { Worker, type WorkflowBundleOption } from '@temporalio/worker';
import { prebuiltBundlePath } from '../../src/bridge/workflow-bundles.js';
import { ensureRuntime } from '../support/harness.js';
import { historyFromPlain } from '../support/history-json.js';
import { readBundlesDir } from '../support/test-env.js';
import { publishedBundle } from './published-bridge/worker.js';

ensureRuntime();

/** Found by the SDK's core, or by the workflow code, whose word the SDK repeats in a failure of the replay. */
const LOUD = /DeterminismViolationError|Nondeterminism|not of this bridge/;

interface Event {
  readonly eventId: string;
  readonly eventType: string;
  readonly workflowExecutionStartedEventAttributes?: { readonly workflowId: string };
  readonly workflowTaskCompletedEventAttributes?: Record<string, unknown>;
  readonly activityTaskScheduledEventAttributes?: Record<string, unknown>;
}

type Events = readonly Event[];

/** The recorded calls: how each stands, and how many events that takes. */
const RECORDED = { completed: 17, failed: 17, waiting: 11 };

function recorded(name: string): Events {
  const file = fileURLToPath(new URL(`./histories/${name}.json`, import.meta.url));
  return (JSON.parse(readFileSync(file, 'utf8')) as { events: Events }).events;
}

/** As the Go SDK writes it: activities are numbered by their events, and no flags of the SDK's core are kept. */
function asGoWrites(events: Events): Events {
  return events.map((event) => {
    const { workflowTaskCompletedEventAttributes: task, activityTaskScheduledEventAttributes: activity } =
      event;
    if (task) return { ...event, workflowTaskCompletedEventAttributes: { ...task, sdkMetadata: {} } };
    if (!activity) return event;
    return { ...event, activityTaskScheduledEventAttributes: { ...activity, activityId: event.eventId } };
  });
}

/** The histories that a worker gets in the course of a call: one up to each workflow task. */
function workflowTasksOf(events: Events): Events[] {
  return events.flatMap(({ eventType }, index) =>
    eventType === 'EVENT_TYPE_WORKFLOW_TASK_STARTED' ? [events.slice(0, index + 1)] : [],
  );
}

async function replay(events: Events, workflowBundle: WorkflowBundleOption): Promise<void> {
  const workflowId = events[0]?.workflowExecutionStartedEventAttributes?.workflowId;
  assert.ok(workflowId);
  await Worker.runReplayHistory({ workflowBundle }, historyFromPlain({ events }), workflowId);
}

const ours = { codePath: prebuiltBundlePath('caller', `${readBundlesDir()}/`) };

for (const [name, length] of Object.entries(RECORDED)) {
  describe(`a published call that is ${name}`, () => {
    const events = recorded(name);

    test('is recorded as published: a start, then a wait that polls', async () => {
      assert.equal(events.length, length);
      const activities = events.flatMap(({ activityTaskScheduledEventAttributes: activity }) =>
        activity ? [(activity['activityType'] as { name: string }).name] : [],
      );
      assert.deepEqual(activities, ['StartWorkflowInRemote', 'WaitForRemoteCompletion']);
      await replay(events, await publishedBundle());
    });

    test('does not replay here', async () => {
      await assert.rejects(replay(events, ours), LOUD);
      await assert.rejects(replay(asGoWrites(events), ours), LOUD);
    });

    test('is not taken over at any later workflow task', async () => {
      // At the first one nothing is recorded yet that could be contradicted.
      const [first = [], ...later] = workflowTasksOf(asGoWrites(events));
      await replay(first, ours);
      assert.equal(later.length, name === 'waiting' ? 1 : 2);
      for (const history of later) {
        await assert.rejects(replay(history, ours), LOUD, `${history.length} events`);
      }
    });
  });
}
