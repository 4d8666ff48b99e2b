/** One span of a trace. */
export interface TraceSpan {
  readonly id: string;
  readonly parentId: string | undefined;
  readonly service: string;
  readonly name: string;
  readonly tags: Readonly<Record<string, unknown>>;
  /** Milliseconds since 1970, with fractions. */
  readonly startedAt: number;
  readonly endedAt: number;
}

/** Spans whose parent is not among them. */
export function orphansOf<S extends TraceSpan>(spans: readonly S[]): S[] {
  const ids = new Set(spans.map(({ id }) => id));
  return spans.filter(({ parentId }) => parentId !== undefined && !ids.has(parentId));
}

/** Spans below one, or the roots of the trace, in the order of their start. */
export function childrenOf<S extends TraceSpan>(spans: readonly S[], parentId?: string): S[] {
  return spans
    .filter((span) => span.parentId === parentId)
    .sort((one, other) => one.startedAt - other.startedAt);
}
