/** The shape of a trace, for comparisons. */
import type { Trace } from '../../scripts/stack/jaeger-traces.js';
import { childrenOf, orphansOf } from '../../scripts/stack/trace.js';

/** Spans whose parent is not in the trace, as `service name`. */
export function orphans({ spans }: Trace): string[] {
  return orphansOf(spans).map(({ service, name }) => `${service} ${name}`);
}

/** A trace as lines, children indented below their parents, siblings by name. */
export function treeOf({ spans }: Trace, parentId?: string, indent = ''): string[] {
  return childrenOf(spans, parentId)
    .map((span) => {
      const outcome = span.tags['temporal_bridge.outcome'];
      const head = `${indent}${span.service} ${span.name}${typeof outcome === 'string' ? ` = ${outcome}` : ''}`;
      return [head, ...treeOf({ id: '', spans }, span.id, `${indent}  `)];
    })
    .sort(([one = ''], [other = '']) => (one < other ? -1 : 1))
    .flat();
}
