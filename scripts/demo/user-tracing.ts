import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { NodeSDK, resources, tracing } from '@opentelemetry/sdk-node';
import { OpenTelemetryPlugin } from '@temporalio/interceptors-opentelemetry';

/** How often the demo's programs send their spans, in milliseconds: it waits for them. */
const SEND_EVERY_MS = 100;

/** Settings of a program whose spans go to this receiver. */
export function traceSettings(otlpUrl: string | undefined): Readonly<Record<string, string>> {
  return otlpUrl === undefined
    ? {}
    : {
        OTEL_EXPORTER_OTLP_ENDPOINT: otlpUrl,
        OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
        OTEL_BSP_SCHEDULE_DELAY: `${SEND_EVERY_MS}`,
      };
}

/** Tracing of one of the demo's own programs. */
export interface UserTracing {
  /** The SDK's plugin, for the clients and workers of a service. */
  plugin(service: string, cluster: 'cluster-a' | 'cluster-b'): OpenTelemetryPlugin;
  /** Sends what has not been sent yet. */
  stop(): Promise<void>;
}

/** Starts tracing as any user of Temporal would, with no word of the bridge. */
export function startUserTracing(otlpUrl: string): UserTracing {
  const exporter = new OTLPTraceExporter({ url: `${otlpUrl}/v1/traces` });
  const spanProcessor = new tracing.BatchSpanProcessor(exporter, { scheduledDelayMillis: SEND_EVERY_MS });
  const sdk = new NodeSDK({
    spanProcessors: [spanProcessor],
    instrumentations: [],
    resourceDetectors: [],
    logRecordProcessors: [],
  });
  sdk.start();
  return {
    plugin: (service, cluster) => {
      const resource = new resources.Resource({ 'service.name': service, 'temporal.cluster': cluster });
      const provider = new tracing.BasicTracerProvider({ resource, spanProcessors: [spanProcessor] });
      return new OpenTelemetryPlugin({ resource, spanProcessor, tracer: provider.getTracer(service) });
    },
    stop: () => sdk.shutdown(),
  };
}
