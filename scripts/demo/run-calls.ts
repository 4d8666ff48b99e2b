import type { Scope } from '../stack/scope.js';
import { DEMO_CALLS, type CallContext, type DemoCall } from './calls.js';
import { makeCall, readMeter } from './make-call.js';
import type { DemoPorts } from './ports.js';
import type { Screen } from './screen.js';
import { showCall } from './show-call.js';
import type { CallRow } from './show-summary.js';
import { showTrace, traceOf, type CallTrace, type TraceSource } from './trace-tree.js';

/** What the calls need beside the clusters. */
export interface CallSurroundings {
  readonly context: CallContext;
  /** Where the web UIs are, for the links. */
  readonly ports: DemoPorts;
  readonly traces: TraceSource;
  /** The page that shows a trace, where there is one. */
  readonly tracePage?: ((traceId: string) => string) | undefined;
  /** Gets each trace that is shown, and the title of its call. */
  readonly onTrace?: (trace: CallTrace, title: string) => Promise<void>;
}

/**
 * Makes the demo's calls one after the other, and shows each.
 *
 * @throws {Error} at the first call that does not end as it should
 */
export async function runCalls(
  scope: Scope,
  screen: Screen,
  { context, ports, traces, tracePage, onTrace }: CallSurroundings,
): Promise<CallRow[]> {
  const rows: CallRow[] = [];
  let meter = await scope.orInterrupted(readMeter(context.a, context.b));
  for (const [index, call] of DEMO_CALLS.entries()) {
    const failed = (cause: unknown): Error =>
      new Error(`Call ${index + 1} did not end as it should.`, { cause });
    announce(index + 1, call, context, screen);
    const made = await scope
      .orInterrupted(makeCall(call, context, meter, screen))
      .catch((error: unknown) => Promise.reject(failed(error)));
    showCall(made, ports, screen);
    if (call.showsTrace) {
      const trace = await scope.orInterrupted(traceOf(traces, made.story));
      showTrace(trace, tracePage?.(trace.id), screen);
      await onTrace?.(trace, call.title);
    }
    const problem = call.problem(made.story);
    if (problem !== undefined) throw failed(problem);
    rows.push({ call, made });
    meter = made.meter;
  }
  return rows;
}

function announce(
  number: number,
  { title, intro, source }: DemoCall,
  context: CallContext,
  screen: Screen,
): void {
  screen.line();
  screen.line(screen.paint.bold(`${number}. ${title}`));
  screen.prose(intro, '   ');
  screen.line();
  for (const line of source(context)) screen.line(`   ${screen.paint.yellow(line)}`);
  screen.line();
}
