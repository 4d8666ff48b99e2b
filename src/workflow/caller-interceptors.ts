/**
 * Workflow interceptor module for a user's own worker, the public way of what importing `temporal-bridge/workflow` does by
 * itself. `BridgePlugin` adds it.
 *
 * @module
 */
import type { WorkflowInterceptors } from '@temporalio/workflow';
import { CALLER_INTERCEPTORS } from './install.js';
import { markInstalledByModule } from './sdk-runtime.js';

export function interceptors(): WorkflowInterceptors {
  markInstalledByModule();
  const { inbound, outbound, internals } = CALLER_INTERCEPTORS;
  return { inbound: [...inbound], outbound: [...outbound], internals: [...internals] };
}
