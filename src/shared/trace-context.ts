import { ROOT_CONTEXT, defaultTextMapGetter, defaultTextMapSetter, trace } from '@opentelemetry/api';
import type { Context, TextMapPropagator } from '@opentelemetry/api';
import { defaultPayloadConverter } from '@temporalio/common';
import type { Payload } from '@temporalio/common';

/** The trace context in a header field; `undefined` if there is none that can be read. */
export function contextIn(
  header: Payload | undefined,
  propagator: Pick<TextMapPropagator, 'extract'>,
): Context | undefined {
  if (!header) return undefined;
  try {
    const carrier: unknown = defaultPayloadConverter.fromPayload(header);
    if (typeof carrier !== 'object' || carrier === null) return undefined;
    const found = propagator.extract(ROOT_CONTEXT, carrier, defaultTextMapGetter);
    return trace.getSpanContext(found) ? found : undefined;
  } catch {
    return undefined; // whoever wrote it, no call and no workflow task fails for it
  }
}

/** A header field with this trace context; `undefined` if it holds none. */
export function contextHeader(
  active: Context,
  propagator: Pick<TextMapPropagator, 'inject'>,
): Payload | undefined {
  const carrier: Record<string, string> = {};
  propagator.inject(active, carrier, defaultTextMapSetter);
  return carrier['traceparent'] === undefined ? undefined : defaultPayloadConverter.toPayload(carrier);
}
