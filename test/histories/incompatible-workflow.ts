/** A `CrossClusterWorkflow` that does something else first: no recorded history fits it. */
import { sleep } from '@temporalio/workflow';

export async function CrossClusterWorkflow(): Promise<void> {
  await sleep('1 minute');
}
