import type { CallerExecution } from '../../shared/wire/call-envelope.js';
import type { ClusterClient } from '../cluster-client.js';
import { isRunning } from '../execution-status.js';
import { faultOf } from '../grpc-errors.js';

/**
 * Whether the caller's chain of runs goes on: `closed` also if its id belongs to another chain by now; `unknown`: the
 * cluster knows no workflow of that id.
 */
export async function callerLife(
  callers: ClusterClient,
  to: Pick<CallerExecution, 'workflowId' | 'firstRunId'>,
): Promise<'running' | 'closed' | 'unknown'> {
  try {
    const { workflowExecutionInfo: info } = await callers.request(() =>
      callers.client.workflowService.describeWorkflowExecution({
        namespace: callers.cluster.namespace,
        execution: { workflowId: to.workflowId },
      }),
    );
    return isRunning(info?.status) && info?.firstRunId === to.firstRunId ? 'running' : 'closed';
  } catch (error) {
    if (faultOf(error) === 'not-found') return 'unknown';
    throw error;
  }
}
