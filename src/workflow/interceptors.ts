/**
 * The workflow interceptor module of the bridge: give its path to a worker's `interceptors.workflowModules`
 * (`temporal-bridge/workflow-interceptors`), or nothing of the bridge's metadata reaches the workflow.
 *
 * @module
 */
import type { WorkflowInterceptors } from '@temporalio/workflow';
import { completionInterceptor } from './completion-inbox.js';
import { headerCarrierInterceptor } from './header-carrier.js';
import { startHeadersInterceptor } from './start-headers.js';

export function interceptors(): WorkflowInterceptors {
  return { inbound: [startHeadersInterceptor, completionInterceptor], outbound: [headerCarrierInterceptor] };
}
