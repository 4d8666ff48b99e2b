import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Scope } from '../stack/scope.js';
import type { TraceSpan } from '../stack/trace.js';
import type { TraceSource } from './trace-tree.js';

/** Takes the spans of the demo's programs, as a collector would. */
export interface TraceReceiver extends TraceSource {
  /** A value of `OTEL_EXPORTER_OTLP_ENDPOINT`, for OTLP over HTTP in JSON. */
  readonly otlpUrl: string;
}

interface OtlpAttribute {
  readonly key: string;
  readonly value?: { readonly stringValue?: string; readonly intValue?: number | string };
}

interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes?: readonly OtlpAttribute[];
}

interface OtlpTraces {
  readonly resourceSpans?: readonly {
    readonly resource?: { readonly attributes?: readonly OtlpAttribute[] };
    readonly scopeSpans?: readonly { readonly spans?: readonly OtlpSpan[] }[];
  }[];
}

/**
 * Starts a receiver on a free port of 127.0.0.1; it ends with the scope.
 *
 * @param passOnTo another receiver, which gets all that arrives here
 */
export async function startTraceReceiver(scope: Scope, passOnTo: string | undefined): Promise<TraceReceiver> {
  const traces = new Map<string, TraceSpan[]>();
  const take = async (request: IncomingMessage): Promise<void> => {
    const body = Buffer.concat(await request.toArray());
    for (const [traceId, span] of spansIn(JSON.parse(body.toString()) as OtlpTraces))
      traces.set(traceId, [...(traces.get(traceId) ?? []), span]);
    if (passOnTo !== undefined) {
      const headers = { 'content-type': 'application/json' };
      await fetch(`${passOnTo}/v1/traces`, { method: 'POST', headers, body }).catch(() => undefined);
    }
  };
  const server = createServer((request, response) => {
    const answer = (status: number): void =>
      void response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
    take(request).then(
      () => answer(200),
      () => answer(400),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  scope.defer(() => {
    server.closeAllConnections();
    server.close();
    return Promise.resolve();
  });
  return {
    otlpUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    findTrace: (attribute, value) => {
      const found = [...traces].find(([, spans]) => spans.some(({ tags }) => tags[attribute] === value));
      return Promise.resolve(found && { id: found[0], spans: found[1] });
    },
  };
}

function spansIn({ resourceSpans = [] }: OtlpTraces): [string, TraceSpan][] {
  return resourceSpans.flatMap(({ resource, scopeSpans = [] }) => {
    const ofResource = tagsOf(resource?.attributes);
    const spans = scopeSpans.flatMap(({ spans: found = [] }) => found);
    return spans.map((span): [string, TraceSpan] => [
      span.traceId,
      {
        id: span.spanId,
        parentId: span.parentSpanId || undefined,
        service: `${ofResource['service.name'] ?? ''}`,
        name: span.name,
        tags: { ...ofResource, ...tagsOf(span.attributes) },
        startedAt: Number(span.startTimeUnixNano) / 1e6,
        endedAt: Number(span.endTimeUnixNano) / 1e6,
      },
    ]);
  });
}

function tagsOf(attributes: readonly OtlpAttribute[] = []): Record<string, string | number | undefined> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, value?.stringValue ?? value?.intValue]));
}
