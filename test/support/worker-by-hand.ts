import type { temporal } from '@temporalio/proto';
import type { TestSide } from './harness.js';

/** What a worker decides in a workflow task, as the server takes it. */
export type Command = temporal.api.command.v1.ICommand;

/** `COMMAND_TYPE_*` of the ends of a workflow, and of an activity. */
export const COMMAND = { scheduleActivity: 1, complete: 4, fail: 5, cancel: 7 } as const;

/**
 * Takes the next workflow task of a queue and answers it with these commands: for ends that the SDK's worker does not
 * make, but those of other languages do.
 */
export async function decideByHand(side: TestSide, queue: string, ...commands: Command[]): Promise<void> {
  const { workflowService } = side.client;
  for (;;) {
    const { taskToken } = await side.client.withDeadline(Date.now() + 90_000, () =>
      workflowService.pollWorkflowTaskQueue({
        namespace: side.namespace,
        taskQueue: { name: queue },
        identity: 'by hand',
      }),
    );
    if (taskToken.length === 0) continue;
    await workflowService.respondWorkflowTaskCompleted({
      namespace: side.namespace,
      identity: 'by hand',
      taskToken,
      commands,
    });
    return;
  }
}
