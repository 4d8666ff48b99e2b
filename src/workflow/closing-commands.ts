import type { WorkflowInternalsInterceptor } from '@temporalio/workflow';
import { isBridgeActivity } from '../shared/names.js';

type Conclude = NonNullable<WorkflowInternalsInterceptor['concludeActivation']>;
type Commands = Parameters<Conclude>[0]['commands'];

const ACTIVITIES = Symbol.for('temporal-bridge.scheduled-activities/1');
const LOCAL_RESULT = Symbol.for('temporal-bridge.local-result/1');
const holder = globalThis as { [ACTIVITIES]?: Set<number>; [LOCAL_RESULT]?: boolean };

function closes(commands: Commands): boolean {
  return commands.some(
    (command) =>
      command.completeWorkflowExecution ??
      command.failWorkflowExecution ??
      command.cancelWorkflowExecution ??
      command.continueAsNewWorkflowExecution,
  );
}

/**
 * Leaves the cancellation of the bridge's own activities out of the task with which the workflow closes: a server drops
 * what is pending for it, without an event. In a workflow that goes on they stay, or they would ask the handler cluster
 * once more (I7).
 *
 * What a run closes with does not depend on its code's order. Where a local activity's result comes in, all is kept: a
 * replay may bring it together with what came before it, and the task would then close where it did not.
 */
export const closingInterceptor: WorkflowInternalsInterceptor = {
  activate: (input, next) => {
    holder[LOCAL_RESULT] = (input.activation.jobs ?? []).some((job) => job.resolveActivity?.isLocal);
    next(input);
  },
  concludeActivation: (input, next) => {
    const { commands } = next(input);
    const scheduled = (holder[ACTIVITIES] ??= new Set());
    const kept =
      closes(commands) && !holder[LOCAL_RESULT]
        ? commands.filter(({ requestCancelActivity: cancel }) => !cancel || !scheduled.has(cancel.seq ?? 0))
        : commands;
    // One that was scheduled and cancelled in one task is taken back by both commands together.
    for (const { scheduleActivity: activity } of commands)
      if (isBridgeActivity(activity?.activityType ?? '')) scheduled.add(activity?.seq ?? 0);
    return { commands: kept };
  },
};
