/**
 * Workflow interceptor module of the bridge's own workers when calls are traced. Built on the SDK's OpenTelemetry
 * interceptors, which end a run's span with the run: a call that waits would show spans without a parent for as long. Here
 * a run begins with a span that ends at once, and everything in the run hangs below that.
 *
 * A run that was started without a trace context makes no span: the sampling decision is not the sandbox's to make.
 *
 * @module
 */
import { context, propagation, trace } from '@opentelemetry/api';
import type { Context } from '@opentelemetry/api';
import {
  OpenTelemetryInboundInterceptor,
  OpenTelemetryInternalsInterceptor,
  OpenTelemetryOutboundInterceptor,
} from '@temporalio/interceptors-opentelemetry/lib/workflow/index.js';
import { workflowInfo } from '@temporalio/workflow';
import type {
  Headers,
  Next,
  QueryInput,
  SignalInput,
  StartChildWorkflowExecutionInput,
  WorkflowExecuteInput,
  WorkflowInboundCallsInterceptor,
  WorkflowInterceptors,
  WorkflowOutboundCallsInterceptor,
} from '@temporalio/workflow';
import type { ActivityInput, LocalActivityInput } from '@temporalio/workflow';
import { TRACE_HEADER } from '../shared/names.js';
import { contextHeader, contextIn } from '../shared/trace-context.js';

type Inbound = WorkflowInboundCallsInterceptor;
type Outbound = WorkflowOutboundCallsInterceptor;

function contextOf(headers: Headers): Context | undefined {
  return contextIn(headers[TRACE_HEADER], propagation);
}

function withContext(headers: Headers, active = context.active()): Headers {
  const header = contextHeader(active, propagation);
  return header ? { ...headers, [TRACE_HEADER]: header } : headers;
}

class TracedInbound extends OpenTelemetryInboundInterceptor {
  override async execute(input: WorkflowExecuteInput, next: Next<Inbound, 'execute'>): Promise<unknown> {
    const parent = contextOf(input.headers);
    if (!parent) return next(input);
    const started = this.tracer.startSpan(`StartedWorkflow:${workflowInfo().workflowType}`, {}, parent);
    started.end();
    const below = trace.setSpan(parent, started);
    const headers = withContext(input.headers, below);
    return super.execute({ ...input, headers }, () => context.with(below, () => next(input)));
  }

  override async handleSignal(input: SignalInput, next: Next<Inbound, 'handleSignal'>): Promise<void> {
    return contextOf(input.headers) ? super.handleSignal(input, next) : next(input);
  }

  override handleQuery(input: QueryInput, next: Next<Inbound, 'handleQuery'>): Promise<unknown> {
    return next(input);
  }
}

/** The bridge's activities make their spans themselves: one that waits in back-off would never show its schedule's. */
class TracedOutbound extends OpenTelemetryOutboundInterceptor {
  override scheduleActivity(
    input: ActivityInput,
    next: Next<Outbound, 'scheduleActivity'>,
  ): Promise<unknown> {
    return next({ ...input, headers: withContext(input.headers) });
  }

  override scheduleLocalActivity(
    input: LocalActivityInput,
    next: Next<Outbound, 'scheduleLocalActivity'>,
  ): Promise<unknown> {
    return next({ ...input, headers: withContext(input.headers) });
  }

  override async startChildWorkflowExecution(
    input: StartChildWorkflowExecutionInput,
    next: Next<Outbound, 'startChildWorkflowExecution'>,
  ): Promise<[Promise<string>, Promise<unknown>]> {
    return trace.getSpanContext(context.active())
      ? super.startChildWorkflowExecution(input, next)
      : next(input);
  }
}

export function interceptors(): WorkflowInterceptors {
  return {
    inbound: [new TracedInbound()],
    outbound: [new TracedOutbound()],
    internals: [new OpenTelemetryInternalsInterceptor()],
  };
}
