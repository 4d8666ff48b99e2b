import { CancellationScope } from '@temporalio/workflow';
import type { CallEnd, CallRequest } from './open-call.js';
import { makeCall } from './open-call.js';

/** How a call ended, and where it ran. */
export interface RemoteCallResult extends CallEnd {
  readonly callId: string;
}

/**
 * Makes one call and waits for its outcome. If the surrounding scope is cancelled, the remote execution is asked to
 * cancel, and its own end is awaited.
 *
 * For a caller that closes with the call (`CrossClusterWorkflow`); everybody else uses `executeRemoteWorkflow`.
 */
export async function callRemote(request: CallRequest): Promise<RemoteCallResult> {
  const scope = CancellationScope.current();
  const call = makeCall({ ...request, isBridgesOwn: true });
  scope.cancelRequested.catch(() => {
    // A cancellation that cannot be passed on must not fail the call: it ends by its outcome or its time-out.
    if (call.isOpen()) call.requestCancel().catch(() => undefined);
  });
  const { outcome, remote } = await call.ended;
  return { callId: call.envelope.callId, outcome, remote };
}
