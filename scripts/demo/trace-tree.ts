import { setTimeout as sleep } from 'node:timers/promises';
import { ATTRIBUTE } from '../../src/bridge/tracing/attributes.js';
import { childrenOf, orphansOf, type TraceSpan } from '../stack/trace.js';
import type { CallStory } from './call-story.js';
import { inWords, type Screen } from './screen.js';

/** How long to wait for the last spans of a call that has ended, and how often to look. */
const COMPLETE_WITHIN_MS = 10_000;
const LOOK_EVERY_MS = 50;

/** The trace of a call. */
export interface CallTrace {
  readonly id: string;
  readonly spans: readonly TraceSpan[];
}

/** Where the demo's traces are. */
export interface TraceSource {
  /** The trace that has a span with this attribute, as far as it has arrived; a span's tags hold its resource's, too. */
  findTrace(attribute: string, value: string): Promise<CallTrace | undefined>;
}

/**
 * Waits for the trace of a call that has ended: all of its runs, none without its parent.
 *
 * @throws {Error} if it is not complete in time
 */
export async function traceOf(source: TraceSource, story: CallStory): Promise<CallTrace> {
  const { outer, caller, wrapper, target } = story;
  const runs = [...(outer ? [outer] : []), caller, wrapper, target].map(({ type }) => `RunWorkflow:${type}`);
  const missing = (spans: readonly TraceSpan[]): string[] => [
    ...runs.filter((run) => !spans.some(({ name }) => name === run)),
    ...orphansOf(spans).map(({ name }) => `the parent of ${name}`),
  ];
  for (const deadline = Date.now() + COMPLETE_WITHIN_MS; ; await sleep(LOOK_EVERY_MS)) {
    const found = await source.findTrace(ATTRIBUTE.callerWorkflowId, caller.workflowId);
    const lacks = missing(found?.spans ?? []);
    if (found && lacks.length === 0) return found;
    if (Date.now() > deadline) throw new Error(`the trace of the call lacks ${lacks.join(', ')}`);
  }
}

/** Shows a trace as a tree: when each span began, where, and how long it took. */
export function showTrace({ id, spans }: CallTrace, page: string | undefined, screen: Screen): void {
  const { paint } = screen;
  const services = new Set(spans.map(({ service }) => service));
  screen.line(
    `   ${paint.dim('trace'.padEnd(10))}${id}: ${spans.length} spans of ${services.size} services, both clusters, one tree`,
  );
  if (page !== undefined) screen.line(`   ${' '.repeat(10)}${paint.underline(page)}`);
  screen.line();
  const beganAt = Math.min(...spans.map(({ startedAt }) => startedAt));
  const show = (below: readonly TraceSpan[], indent: string): void => {
    for (const [index, span] of below.entries()) {
      const isLast = index === below.length - 1;
      const branch = indent === '' && span.parentId === undefined ? '' : isLast ? '└─ ' : '├─ ';
      const onA = span.tags[ATTRIBUTE.cluster] === 'cluster-a';
      const cluster = onA ? paint.cyan('A') : paint.magenta('B');
      const outcome = span.tags[ATTRIBUTE.outcome];
      const said = typeof outcome === 'string' ? ` ${paint.green(outcome)}` : '';
      const took = paint.dim(`${span.service}, ${inWords(span.endedAt - span.startedAt)}`);
      screen.line(
        `   ${paint.dim(inWords(span.startedAt - beganAt).padStart(8))}  ${cluster}  ${indent}${branch}${span.name}${said}  ${took}`,
      );
      show(
        childrenOf(spans, span.id),
        span.parentId === undefined ? '' : `${indent}${isLast ? '   ' : '│  '}`,
      );
    }
  };
  show(childrenOf(spans), '');
  screen.line();
}
