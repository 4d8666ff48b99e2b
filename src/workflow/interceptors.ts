/**
 * The workflow interceptor module of the bridge: every worker whose workflows take part in a call bundles it, or nothing
 * of the bridge's metadata reaches them.
 *
 * @module
 */
import type { WorkflowInterceptors } from '@temporalio/workflow';
import { closingInterceptor } from './closing-commands.js';
import { completionInterceptor } from './completion-inbox.js';
import { headerCarrierInterceptor } from './header-carrier.js';
import { startHeadersInterceptor } from './start-headers.js';

export function interceptors(): WorkflowInterceptors {
  return {
    inbound: [startHeadersInterceptor, completionInterceptor],
    outbound: [headerCarrierInterceptor],
    internals: [closingInterceptor],
  };
}
