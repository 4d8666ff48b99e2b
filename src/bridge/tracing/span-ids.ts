import { tracing } from '@opentelemetry/sdk-node';

/** Ids that a span is to have; those that are absent are drawn. */
export interface PresetIds {
  readonly traceId?: string;
  readonly spanId?: string;
}

/** Draws ids, but for spans that are started within {@link SpanIds.preset}. */
export class SpanIds implements tracing.IdGenerator {
  readonly #random = new tracing.RandomIdGenerator();
  #preset: PresetIds = {};

  generateTraceId(): string {
    return this.#preset.traceId ?? this.#random.generateTraceId();
  }

  generateSpanId(): string {
    return this.#preset.spanId ?? this.#random.generateSpanId();
  }

  /** Starts a span with these ids; of a span with a parent, only the span id is used. */
  preset<S>(ids: PresetIds, startSpan: () => S): S {
    this.#preset = ids;
    try {
      return startSpan();
    } finally {
      this.#preset = {};
    }
  }
}
