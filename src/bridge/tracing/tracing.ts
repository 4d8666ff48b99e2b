import type { WorkflowClientInterceptor } from '@temporalio/client';
import type { ActivityInterceptorsFactory, InjectedSinks, WorkerOptions } from '@temporalio/worker';
import { escapeForLog } from '../../shared/escape.js';
import type { BridgeLogger } from '../logger.js';

/** What one side of the bridge adds to its worker and its clients when calls are traced. */
export interface SideTracing {
  /** Spans of the bridge's own activities. Comes first: it reads headers and sees what an attempt ended with. */
  readonly activityInterceptor: ActivityInterceptorsFactory;
  /** Puts the current trace context into starts, signals, queries and updates. */
  readonly clientInterceptor: WorkflowClientInterceptor;
  /** The same log, whose lines name the trace and the span that they are written in. */
  logger(log: BridgeLogger): BridgeLogger;
  /** Takes the spans of the bridge's own workflows out of their sandbox. */
  readonly sinks: InjectedSinks<never>;
  /** Activity interceptors of a user's worker without the SDK's spans of the bridge's activities, which have their own. */
  withoutSdkSpans(
    interceptors: NonNullable<WorkerOptions['interceptors']>['activity'],
  ): ActivityInterceptorsFactory[];
}

/** Which side of the bridge, and where it works. */
export interface TracedSide {
  readonly side: 'caller' | 'handler';
  /** The cluster that its worker polls. */
  readonly cluster: { readonly name: string };
  /** Name of the cluster that a call goes to where it names none. */
  readonly defaultTargetCluster: string;
}

/** Tracing of a process. */
export interface Tracing {
  side(where: TracedSide): SideTracing;
  /** Sends what has not been sent yet, in a few seconds at most. */
  shutdown(): Promise<void>;
}

const ENDPOINTS = ['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] as const;

/** Whether OpenTelemetry's own environment variables ask for traces. */
export function wantsTraces(env: Readonly<Record<string, string | undefined>>): boolean {
  const given = (name: string) => env[name]?.trim() ?? '';
  const exporter = given('OTEL_TRACES_EXPORTER');
  if (given('OTEL_SDK_DISABLED').toLowerCase() === 'true' || exporter === 'none') return false;
  return exporter !== '' || ENDPOINTS.some((name) => given(name) !== '');
}

/**
 * Starts tracing, as OpenTelemetry's environment variables say: `OTEL_EXPORTER_OTLP_ENDPOINT`, `OTEL_TRACES_SAMPLER` and so
 * on. A process that has an OpenTelemetry SDK (1.x) registered already keeps it, and the bridge's spans go there.
 *
 * @param log - told, once a minute at most, that spans cannot be sent; and once, if what is set or registered is of no use
 * @returns `undefined` if neither is the case: then nothing of OpenTelemetry has been loaded. Also if it cannot be started:
 *   calls go on without traces
 */
export async function startTracing(log: Pick<BridgeLogger, 'warn'>): Promise<Tracing | undefined> {
  // OpenTelemetry's API keeps what is registered under this symbol; without it no SDK is in the process.
  const registered = (globalThis as Record<symbol, { trace?: unknown } | undefined>)[
    Symbol.for('opentelemetry.js.api.1')
  ]?.trace;
  if (!wantsTraces(process.env) && registered === undefined) return undefined;
  const { createTracing } = await import('./create-tracing.js');
  try {
    return createTracing(log, registered !== undefined);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    log.warn('Tracing could not be started; calls go on without', { why: escapeForLog(why, 300) });
    return undefined;
  }
}
