import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowFailedError } from '@temporalio/client';
import { diffRequests, type RequestCounts } from '../stack/server-metrics.js';
import { lastEvents, readCallStory, wrapperIdIn, type CallStory } from './call-story.js';
import type { CallContext, DemoCall } from './calls.js';
import { busyIn, readsOf, type ClusterView } from './cluster-view.js';
import { inWords, type Screen } from './screen.js';
import type { StartedExecution } from './article-call.js';

/** How much longer than its target needs a call may take before the demo gives up on it. */
const CALL_TIMEOUT_MS = 30_000;
/** How often to look whether a call waits, how long before the target's end to look for the last time. */
const LOOK_EVERY_MS = 200;
const LAST_LOOK_MS = 1_300;

/** What the servers counted for one call, without the demo's own requests. */
export interface CallRequests {
  readonly startsOnB: number;
  readonly signalsOnA: number;
  readonly readsOnA: number;
  readonly readsOnB: number;
}

/** What was seen of a call while it waited. */
export interface Waiting {
  /** What A says about it to whoever looks. */
  readonly pending: readonly string[];
  /** How long it was watched. */
  readonly watchedMs: number;
  /** Requests in that time, other than the workers' long polls and the bridge's health checks. */
  readonly requestsOnA: number;
  readonly requestsOnB: number;
}

/** A call that was made, and all that is known of it. */
export interface MadeCall {
  readonly story: CallStory;
  readonly requests: CallRequests;
  readonly waiting: Waiting | undefined;
  /** What the servers had counted after it: where the next call's count begins. */
  readonly meter: Meter;
}

/** What both servers have counted up to now. */
export interface Meter {
  readonly a: RequestCounts;
  readonly b: RequestCounts;
}

/** Reads what both servers have counted up to now. */
export async function readMeter(a: ClusterView, b: ClusterView): Promise<Meter> {
  const [onA, onB] = await Promise.all([a.requests(), b.requests()]);
  return { a: onA, b: onB };
}

/**
 * Makes one call, waits for its end, and reads its story from both clusters.
 *
 * @throws {Error} if it does not end in time
 */
export async function makeCall(
  call: DemoCall,
  context: CallContext,
  before: Meter,
  screen: Screen,
): Promise<MadeCall> {
  const { a, b } = context;
  const started = await call.start(context);
  const ended = screen.during(
    'waiting for the answer',
    untilEnd(context, started, CALL_TIMEOUT_MS + (call.slowMs ?? 0)),
  );
  const state = { ended: false };
  const settled = ended.catch(() => undefined).then(() => (state.ended = true));
  const waiting =
    call.slowMs === undefined ? undefined : await watchWaiting(context, started, call.slowMs, state, screen);
  await settled;
  await ended;
  const after = await readMeter(a, b);
  const onA = diffRequests(before.a, after.a);
  const onB = diffRequests(before.b, after.b);
  return {
    story: await readCallStory(a, b, started),
    requests: {
      startsOnB: onB['StartWorkflowExecution'] ?? 0,
      signalsOnA: onA['SignalWorkflowExecution'] ?? 0,
      readsOnA: readsOf(onA),
      readsOnB: readsOf(onB),
    },
    waiting,
    meter: after,
  };
}

/** Waits for the end of a workflow on A, whichever it is. */
async function untilEnd({ a, b }: CallContext, started: StartedExecution, timeoutMs: number): Promise<void> {
  const { workflowId, runId } = started;
  const timer = new AbortController();
  const overdue = sleep(timeoutMs, undefined, { signal: timer.signal }).then(async () => {
    const where = await whereIsIt(a, b, started).catch((error: unknown) => [String(error)]);
    const what = `workflow ${workflowId} on A has not ended after ${inWords(timeoutMs)}`;
    throw new Error([what, ...where].join('\n  '));
  });
  overdue.catch(() => undefined);
  try {
    await Promise.race([a.client.workflow.getHandle(workflowId, runId).result(), overdue]);
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
  } finally {
    timer.abort();
  }
}

/**
 * Looks at a call that waits: what A says of it, and what the servers are asked meanwhile. `undefined` if the call ended
 * before that could be seen.
 */
async function watchWaiting(
  { a, b }: CallContext,
  started: StartedExecution,
  slowMs: number,
  state: { readonly ended: boolean },
  screen: Screen,
): Promise<Waiting | undefined> {
  const startedAt = Date.now();
  const age = (): string => inWords(Date.now() - startedAt).padStart(11);
  let pending: readonly string[] = [];
  while (!pending.some((text) => text.startsWith('running on'))) {
    await sleep(LOOK_EVERY_MS);
    if (state.ended) return undefined;
    pending = await a.pendingActivities(await childOf(a, started)).catch(() => []);
  }
  screen.line(`${age()}  it waits. A's web UI says, under "Pending Activities":`);
  for (const text of pending) screen.prose(text, ' '.repeat(16));
  const before = await readMeter(a, b);
  const watchedFrom = Date.now();
  await sleep(Math.max(0, startedAt + slowMs - LAST_LOOK_MS - watchedFrom));
  const after = await readMeter(a, b);
  if (state.ended) return undefined;
  const watchedMs = Date.now() - watchedFrom;
  const requestsOnA = busyIn(diffRequests(before.a, after.a));
  const requestsOnB = busyIn(diffRequests(before.b, after.b));
  screen.line(
    `${age()}  it waits. Requests in the last ${inWords(watchedMs)}, beside long polls and health checks: ${requestsOnA} on A, ${requestsOnB} on B`,
  );
  screen.line();
  return { pending, watchedMs, requestsOnA, requestsOnB };
}

/** The child of a workflow, if it has one by now, else the workflow itself. */
async function childOf(a: ClusterView, started: StartedExecution): Promise<string> {
  const events = await a.history(started.workflowId, started.runId);
  const child = events.find((event) => event.childWorkflowExecutionStartedEventAttributes);
  return (
    child?.childWorkflowExecutionStartedEventAttributes?.workflowExecution?.workflowId ?? started.workflowId
  );
}

/** How far a call that does not end has come, from A to B. */
async function whereIsIt(a: ClusterView, b: ClusterView, started: StartedExecution): Promise<string[]> {
  const caller = await childOf(a, started);
  const lines = (await a.pendingActivities(caller)).map((text) => `A says: ${text}`);
  const events = await a.history(caller);
  lines.push(`A: ${caller}: ${lastEvents(events)}`);
  const wrapperId = wrapperIdIn(events);
  const wrapper = await b.history(wrapperId);
  lines.push(`B: ${wrapperId}: ${lastEvents(wrapper)}`);
  const target = await childOf(b, { workflowId: wrapperId, runId: '' });
  if (target !== wrapperId) lines.push(`B: ${target}: ${lastEvents(await b.history(target))}`);
  return lines;
}
