/**
 * The one place that touches the SDK's workflow runtime beyond its public API: a user's worker needs nothing of the
 * bridge installed, so the module reaches its interceptors and converters itself when it is imported.
 * A test drives each of these against the installed SDK and notices when they change.
 */
import { IllegalStateError, TemporalFailure } from '@temporalio/common';
import type { FailureConverter, PayloadConverter, ProtoFailure } from '@temporalio/common';
import type {
  WorkflowInboundCallsInterceptor,
  WorkflowInternalsInterceptor,
  WorkflowOutboundCallsInterceptor,
} from '@temporalio/workflow';
import { mapLinks, withoutPayloads } from '../shared/failure-chain.js';
import { isBridgeReport } from '../shared/wire/anchor-report.js';
import { cancelledAnchor } from './cancelled-anchor.js';

type Context = Parameters<PayloadConverter['fromPayload']>[1];

/** What this package uses of the SDK's activator (`@temporalio/workflow`, 1.24). */
interface SdkActivator {
  readonly interceptors: {
    readonly inbound: WorkflowInboundCallsInterceptor[];
    readonly outbound: WorkflowOutboundCallsInterceptor[];
    readonly internals: WorkflowInternalsInterceptor[];
  };
  readonly payloadConverter: PayloadConverter;
  failureConverter: FailureConverter;
  workflowSerializationContext?(): Context;
}

const INSTALLED = Symbol.for('temporal-bridge.installed/1');
const BY_MODULE = Symbol.for('temporal-bridge.installed-by-module/1');
const holder = globalThis as {
  __TEMPORAL_ACTIVATOR__?: unknown;
  [BY_MODULE]?: boolean;
};

function isActivator(value: unknown): value is SdkActivator {
  if (typeof value !== 'object' || value === null) return false;
  const { interceptors, payloadConverter, failureConverter } = value as Partial<SdkActivator>;
  return (
    Array.isArray(interceptors?.inbound) &&
    Array.isArray(interceptors.outbound) &&
    Array.isArray(interceptors.internals) &&
    typeof payloadConverter?.fromPayload === 'function' &&
    typeof failureConverter?.failureToError === 'function'
  );
}

function activator(): SdkActivator {
  const found = holder.__TEMPORAL_ACTIVATOR__;
  if (isActivator(found)) return found;
  throw new IllegalStateError(
    found === undefined
      ? 'calls to another cluster can be made from workflow code only'
      : 'this version of @temporalio/workflow is not one that temporal-bridge works with; use the version its package.json names as a peer',
  );
}

/** Whether this code runs in a workflow: modules of workflows are also imported by clients and tests, for their types. */
export function isInWorkflow(): boolean {
  return holder.__TEMPORAL_ACTIVATOR__ !== undefined;
}

/**
 * For entries of the package that only workflow code can use.
 *
 * @throws IllegalStateError anywhere else
 */
export function assertInWorkflow(): void {
  activator();
}

/** Notes that the worker itself brought the interceptors, by the public way (the plugin does). */
export function markInstalledByModule(): void {
  holder[BY_MODULE] = true;
}

/** What the module adds to a workflow: interceptors, and a guard of the failure converter. */
export interface BridgeInterceptors {
  readonly inbound: readonly WorkflowInboundCallsInterceptor[];
  readonly outbound: readonly WorkflowOutboundCallsInterceptor[];
  readonly internals: readonly WorkflowInternalsInterceptor[];
  /** An outbound one that sees what all others have done. */
  readonly innermost?: WorkflowOutboundCallsInterceptor;
}

/** Puts an interceptor behind all others. */
function keepLast(
  interceptors: WorkflowOutboundCallsInterceptor[],
  last: WorkflowOutboundCallsInterceptor,
): void {
  if (interceptors.at(-1) === last) return;
  const at = interceptors.indexOf(last);
  if (at >= 0) interceptors.splice(at, 1);
  interceptors.push(last);
}

/**
 * Adds the bridge's interceptors to this workflow, once, and guards its failure converter. The outbound ones come first,
 * so that no interceptor of the user sees what the bridge's arguments carry; the inbound ones come last, so that tracing
 * sees the bridge's signals.
 */
export function install({ inbound, outbound, internals, innermost }: BridgeInterceptors): void {
  if (!isInWorkflow()) return;
  const sdk = activator() as SdkActivator & { [INSTALLED]?: boolean };
  // Again at each call: interceptors may have come after this module.
  if (innermost) keepLast(sdk.interceptors.outbound, innermost);
  if (sdk[INSTALLED]) return;
  sdk[INSTALLED] = true;
  sdk.failureConverter = guarded(sdk.failureConverter);
  if (sdk.interceptors.outbound.some(makesSpans)) {
    sdk.interceptors.outbound.unshift(cancelledAnchor.outermost);
    sdk.interceptors.outbound.push(cancelledAnchor.innermost);
  }
  if (holder[BY_MODULE]) return;
  sdk.interceptors.outbound.unshift(...outbound);
  sdk.interceptors.inbound.push(...inbound);
  sdk.interceptors.internals.push(...internals);
}

/** Whether an interceptor is one of the SDK's for OpenTelemetry; to import the class would be to bundle it for everybody. */
function makesSpans(interceptor: WorkflowOutboundCallsInterceptor): boolean {
  const { constructor: made } = interceptor as { readonly constructor?: { readonly name: string } };
  return made?.name === 'OpenTelemetryOutboundInterceptor';
}

/**
 * A failure of one of the bridge's activities carries the target's failure as its cause. The user's converter reads that
 * later, in a call that may fail with a typed error; here an encoding that it does not know would fail the workflow task
 * for ever (I9).
 */
function guarded(converter: FailureConverter): FailureConverter {
  return {
    errorToFailure: (...args) => converter.errorToFailure(...args),
    failureToError: (failure, payloadConverter, ...rest) => {
      if (!failure.activityFailureInfo || !isBridgeReport(failure.cause))
        return converter.failureToError(failure, payloadConverter, ...rest);
      const error = converter.failureToError(mapLinks(failure, withoutPayloads), payloadConverter, ...rest);
      if (error instanceof TemporalFailure) error.failure = failure; // as it came
      return error;
    },
  };
}

/** The user's converters, as this workflow's worker has them. */
export interface UserConverters {
  toPayload: PayloadConverter['toPayload'];
  fromPayload: PayloadConverter['fromPayload'];
  failureToError(failure: ProtoFailure): Error;
}

/** The converters of the worker that runs this workflow. */
export function userConverters(): UserConverters {
  const sdk = activator();
  const context = sdk.workflowSerializationContext?.();
  return {
    toPayload: (value) => sdk.payloadConverter.toPayload(value, context),
    fromPayload: (payload) => sdk.payloadConverter.fromPayload(payload, context),
    failureToError: (failure) => sdk.failureConverter.failureToError(failure, sdk.payloadConverter, context),
  };
}
