import type { TargetKind } from './allow/allow-gate.js';
import type { ClusterClient } from './cluster-client.js';
import { faultOf } from './grpc-errors.js';

/**
 * Type and task queue of a workflow, as its cluster knows it; of the current run if none is named.
 *
 * @returns `undefined` if there is no such workflow
 * @throws the client's error if the cluster cannot be asked
 */
export async function executionKind(
  cluster: ClusterClient,
  workflowId: string,
  runId = '',
): Promise<TargetKind | undefined> {
  try {
    const { workflowExecutionInfo, executionConfig } = await cluster.request(() =>
      cluster.client.workflowService.describeWorkflowExecution({
        namespace: cluster.cluster.namespace,
        execution: { workflowId, runId },
      }),
    );
    return {
      workflowType: workflowExecutionInfo?.type?.name ?? '',
      taskQueue: workflowExecutionInfo?.taskQueue || (executionConfig?.taskQueue?.name ?? ''),
    };
  } catch (error) {
    if (faultOf(error) === 'not-found') return undefined;
    throw error;
  }
}
