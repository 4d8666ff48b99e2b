import { setTimeout as sleep } from 'node:timers/promises';
import { DiagLogLevel, ProxyTracerProvider, context, diag, trace } from '@opentelemetry/api';
import { NodeSDK, core, resources, tracing } from '@opentelemetry/sdk-node';
import { OpenTelemetryActivityInboundInterceptor } from '@temporalio/interceptors-opentelemetry';
import type { InjectedSinks } from '@temporalio/worker';
import { escapeForLog } from '../../shared/escape.js';
import { isBridgeActivity } from '../../shared/names.js';
import type { BridgeLogger } from '../logger.js';
import { loggerWriting } from '../logger.js';
import { packageVersion } from '../package-version.js';
import { activitySpans } from './activity-spans.js';
import { SpanIds } from './span-ids.js';
import { traceHeadersInterceptor } from './trace-headers.js';
import type { SideTracing, TracedSide, Tracing } from './tracing.js';
import { workflowSpanSinks } from './workflow-spans.js';

const SHUTDOWN_MS = 5_000;
const WARNING_INTERVAL_MS = 60_000;
const SERVICE_NAME = 'service.name';
const SCOPE = 'temporal-bridge';

/**
 * Starts OpenTelemetry in this process, or joins what runs there.
 *
 * @param isRegistered - somebody has registered a tracer provider in this process
 * @throws {Error} if it cannot export traces
 */
export function createTracing(log: Pick<BridgeLogger, 'warn'>, isRegistered: boolean): Tracing {
  if (isRegistered && !registeredProvider())
    throw new Error('the OpenTelemetry SDK that is registered in this process is not of the 1.x line');
  const own = isRegistered ? undefined : startSdk(log);
  const provider = registeredProvider();
  if (!provider) throw new Error('OpenTelemetry’s environment variables name no exporter that it knows');
  const processor = guarded(provider.getActiveSpanProcessor());
  const end = () => (own ? own.shutdown() : processor.forceFlush());
  return {
    side: (where) => tracedSide(provider, processor, where),
    shutdown: () =>
      Promise.race([end().catch(() => undefined), sleep(SHUTDOWN_MS, undefined, { ref: false })]),
  };
}

/** The SDK that is registered in this process, if there is one of the 1.x line. */
function registeredProvider(): tracing.BasicTracerProvider | undefined {
  const found = trace.getTracerProvider();
  const provider = found instanceof ProxyTracerProvider ? found.getDelegate() : found;
  return 'getActiveSpanProcessor' in provider ? (provider as tracing.BasicTracerProvider) : undefined;
}

function startSdk(log: Pick<BridgeLogger, 'warn'>): NodeSDK {
  core.setGlobalErrorHandler(onceInAWhile(log));
  const tell = (message: string): void => log.warn('OpenTelemetry', { why: escapeForLog(message, 300) });
  const nothing = (): void => undefined;
  const diagnosis = { error: tell, warn: tell, info: nothing, debug: nothing, verbose: nothing };
  diag.setLogger(diagnosis, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  const given = { ...process.env };
  // Metrics are the bridge's own to serve: the SDK would open a port for them. Its default for traces it warns of.
  process.env['OTEL_METRICS_EXPORTER'] = 'none';
  process.env['OTEL_TRACES_EXPORTER'] = given['OTEL_TRACES_EXPORTER']?.trim() || 'otlp';
  try {
    return startNodeSdk();
  } finally {
    for (const name of ['OTEL_METRICS_EXPORTER', 'OTEL_TRACES_EXPORTER']) {
      if (given[name] === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = given[name];
    }
    diag.disable(); // what comes later is told by the error handler
  }
}

function startNodeSdk(): NodeSDK {
  const sdk = new NodeSDK({
    instrumentations: [],
    logRecordProcessors: [],
    // By default a process's command line would become an attribute.
    ...(process.env['OTEL_NODE_RESOURCE_DETECTORS'] === undefined
      ? { resourceDetectors: [resources.envDetectorSync, resources.hostDetectorSync] }
      : {}),
  });
  sdk.start();
  return sdk;
}

/** Export trouble is told, and is nothing more: spans wait in a bounded queue, then are dropped. */
function onceInAWhile(log: Pick<BridgeLogger, 'warn'>): (error: unknown) => void {
  let toldAt = Number.NEGATIVE_INFINITY;
  return (error) => {
    if (Date.now() - toldAt < WARNING_INTERVAL_MS) return;
    toldAt = Date.now();
    const why = error instanceof Error ? error.message : String(error);
    log.warn('Traces cannot be exported; calls go on', { why: escapeForLog(why, 300) });
  };
}

/** Nothing that a processor does may reach a call. */
function guarded(processor: tracing.SpanProcessor): tracing.SpanProcessor {
  const quietly = (act: () => void): void => {
    try {
      act();
    } catch (error) {
      core.globalErrorHandler(error instanceof Error ? error : String(error));
    }
  };
  return {
    onStart: (span, parent) => quietly(() => processor.onStart(span, parent)),
    onEnd: (span) => quietly(() => processor.onEnd(span)),
    forceFlush: () => processor.forceFlush(),
    shutdown: () => Promise.resolve(),
  };
}

/** Each side has a name of its own among services; `OTEL_SERVICE_NAME` names both. */
function resourceOf(base: resources.IResource, { side, cluster }: TracedSide): resources.Resource {
  const name = base.attributes[SERVICE_NAME];
  const isNamed = typeof name === 'string' && !name.startsWith('unknown_service');
  return new resources.Resource({
    ...base.attributes,
    ...(isNamed ? {} : { [SERVICE_NAME]: `temporal-bridge-${side}`, 'service.version': packageVersion() }),
    'temporal_bridge.side': side,
    'temporal.cluster': cluster.name,
  });
}

/** A log whose lines name the trace and the span that they are written in. */
function withTraceIds(log: BridgeLogger): BridgeLogger {
  return loggerWriting((level, message, bound, fields) => {
    const current = trace.getSpanContext(context.active());
    const ids = current && { traceId: current.traceId, spanId: current.spanId };
    log.child({ ...bound, ...ids })[level](message, fields);
  });
}

function tracedSide(
  { resource: base }: tracing.BasicTracerProvider,
  processor: tracing.SpanProcessor,
  where: TracedSide,
): SideTracing {
  const ids = new SpanIds();
  const resource = resourceOf(base, where);
  // A provider of its own, for its resource and its ids; its sampler is the environment's, as the process's own is.
  const provider = new tracing.BasicTracerProvider({
    resource,
    idGenerator: ids,
    spanProcessors: [processor],
  });
  const tracer = provider.getTracer(SCOPE, packageVersion());
  return {
    activityInterceptor: activitySpans({ tracer, ids, where }),
    clientInterceptor: traceHeadersInterceptor,
    logger: withTraceIds,
    sinks: workflowSpanSinks(processor, resource, where) as unknown as InjectedSinks<never>,
    withoutSdkSpans: (interceptors = []) =>
      interceptors.map((interceptor) => (activity) => {
        const made = interceptor(activity);
        const isSdks = 'inbound' in made && made.inbound instanceof OpenTelemetryActivityInboundInterceptor;
        return isSdks && isBridgeActivity(activity.info.activityType) ? {} : made;
      }),
  };
}
