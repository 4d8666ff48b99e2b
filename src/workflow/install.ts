import { closingInterceptor } from './closing-commands.js';
import { completionInterceptor, registerCompletionHandler } from './completion-inbox.js';
import { goodbyeInterceptor } from './goodbye.js';
import { headerCarrierInterceptor } from './header-carrier.js';
import { headerLimitInterceptor } from './header-limit.js';
import type { BridgeInterceptors } from './sdk-runtime.js';
import { install, isInWorkflow } from './sdk-runtime.js';
import { startHeadersInterceptor } from './start-headers.js';
import { traceParentInterceptor } from './trace-parent.js';

/** The interceptors of a workflow that makes calls. */
export const CALLER_INTERCEPTORS: BridgeInterceptors = {
  inbound: [startHeadersInterceptor, completionInterceptor, goodbyeInterceptor],
  outbound: [headerCarrierInterceptor, traceParentInterceptor],
  internals: [closingInterceptor],
  innermost: headerLimitInterceptor,
};

/**
 * Prepares a workflow for calls; done when the package is imported, because a default signal handler of the user, set
 * later, would swallow completions. Outside of a workflow (a client that imports workflows for their types) nothing.
 */
export function installInWorkflow(): void {
  if (!isInWorkflow()) return;
  install(CALLER_INTERCEPTORS);
  registerCompletionHandler();
}
