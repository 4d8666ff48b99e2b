/** Traces as Jaeger's query API tells them. */
import type { TraceSpan } from './trace.js';

interface Tag {
  readonly key: string;
  readonly value: unknown;
}

interface JaegerSpan {
  readonly spanID: string;
  readonly operationName: string;
  readonly references: readonly { readonly refType: string; readonly spanID: string }[];
  readonly tags: readonly Tag[];
  readonly logs: readonly { readonly fields: readonly Tag[] }[];
  readonly processID: string;
  /** Microseconds. */
  readonly startTime: number;
  readonly duration: number;
}

interface JaegerTrace {
  readonly traceID: string;
  readonly spans: readonly JaegerSpan[];
  readonly processes: Readonly<
    Record<string, { readonly serviceName: string; readonly tags: readonly Tag[] }>
  >;
}

/** One span. */
export interface TracedSpan extends TraceSpan {
  /** The attributes of its resource: the process that made it. */
  readonly resource: Readonly<Record<string, unknown>>;
  /** All that the span says, its process's words included. */
  readonly text: string;
}

/** One trace. */
export interface Trace {
  readonly id: string;
  readonly spans: readonly TracedSpan[];
}

/** The traces in which a service has a span with this tag. */
export async function findTraces(
  queryUrl: string,
  service: string,
  tags: Readonly<Record<string, string>>,
): Promise<Trace[]> {
  const start = (Date.now() - 3_600_000) * 1000;
  const query = new URLSearchParams({
    service,
    tags: JSON.stringify(tags),
    start: `${start}`,
    end: `${Date.now() * 1000 + 60_000_000}`,
    limit: '100',
  });
  const response = await fetch(`${queryUrl}/api/traces?${query.toString()}`);
  const { data } = (await response.json()) as { data?: readonly JaegerTrace[] | null };
  return (data ?? []).map(traceOf);
}

function traceOf({ traceID, spans, processes }: JaegerTrace): Trace {
  return {
    id: traceID,
    spans: spans.map((span) => ({
      id: span.spanID,
      parentId: span.references.find(({ refType }) => refType === 'CHILD_OF')?.spanID,
      service: processes[span.processID]?.serviceName ?? '',
      name: span.operationName,
      tags: valuesOf(span.tags),
      resource: valuesOf(processes[span.processID]?.tags ?? []),
      startedAt: span.startTime / 1000,
      endedAt: (span.startTime + span.duration) / 1000,
      text: JSON.stringify([span, processes[span.processID]]),
    })),
  };
}

function valuesOf(tags: readonly Tag[]): Record<string, unknown> {
  return Object.fromEntries(tags.map(({ key, value }) => [key, value]));
}
