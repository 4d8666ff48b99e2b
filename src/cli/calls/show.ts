/** `temporal-bridge calls show`: one call on both clusters, where it hangs and what to do. */
import type { ResolvedConfig } from '../../bridge/config/resolve.js';
import type { NamedCluster } from '../cluster-trouble.js';
import { ageText, safe, type Palette } from '../text.js';
import { iso } from './call-row.js';
import type { CallView, CallerView, ExecutionView, HandlerView, Look, PendingActivity } from './call-view.js';
import { foundIn } from './call-view.js';
import { diagnose, type Diagnosis } from './diagnose.js';
import { linksOf, traceOf, type CallLinks, type CallTrace } from './links.js';

/** A handler cluster as it is shown. */
type HandlerClusterName = Pick<NamedCluster, 'name' | 'namespace'>;

/** A call, and what is concluded from it. */
export interface ShownCall {
  readonly call: CallView;
  /** Where wrapper and target are. */
  readonly handlerCluster: HandlerClusterName;
  readonly status: string;
  readonly diagnosis: Diagnosis;
  /** When the call was made, or when its wrapper started, if A does not tell. */
  readonly madeAt: number | undefined;
  readonly endedAt: number | undefined;
  readonly links: CallLinks;
  readonly trace: CallTrace;
}

/** Concludes from both sides. */
export function concludeCall(
  call: CallView,
  config: ResolvedConfig,
  handlerCluster: HandlerClusterName,
  now = Date.now(),
): ShownCall {
  const onA = foundIn(call.caller);
  const onB = foundIn(call.handler);
  const isOpen = onB
    ? onB.wrapper.status === 'running'
    : !onA?.outcome && onA?.execution.status === 'running';
  return {
    call,
    handlerCluster,
    status: statusOfCall(onA, onB),
    diagnosis: diagnose(call, now),
    madeAt: onA?.call.recordedAt ?? onB?.wrapper.startedAt,
    endedAt: isOpen ? undefined : (onA?.outcome?.at ?? onB?.wrapper.closedAt ?? onA?.execution.closedAt),
    links: linksOf(call, config, handlerCluster.name),
    trace: traceOf(call),
  };
}

function statusOfCall(onA: CallerView | undefined, onB: HandlerView | undefined): string {
  if (onB) {
    if (onB.wrapper.status === 'running') return 'running';
    return onB.report?.outcome ?? `wrapper ${onB.wrapper.status}`;
  }
  if (!onA) return 'unknown';
  if (onA.call.anchor?.lastFailure?.type === 'REMOTE_RUNNING') return 'running';
  return onA.outcome || onA.execution.status !== 'running' ? 'ended' : 'recorded';
}

/** The call as one JSON document. */
export function shownAsJson(shown: ShownCall, now = Date.now()): Record<string, unknown> {
  const { call, diagnosis, madeAt, endedAt, links, trace } = shown;
  return {
    callId: call.callId,
    status: shown.status,
    ...diagnosis,
    madeAt: madeAt === undefined ? null : iso(madeAt),
    endedAt: endedAt === undefined ? null : iso(endedAt),
    ageMs: madeAt === undefined ? null : Math.max(0, (endedAt ?? now) - madeAt),
    caller: lookAsJson(call.caller, (view) => ({
      ...executionAsJson(view.execution),
      recordedAt: iso(view.call.recordedAt),
      bridgeQueue: view.call.bridgeQueue,
      anchor: view.call.anchor ? activityAsJson(view.call.anchor) : null,
      outcome: view.outcome ? { by: view.outcome.by, at: iso(view.outcome.at) } : null,
    })),
    wrapper: lookAsJson(call.handler, (view) => ({
      ...executionAsJson(view.wrapper),
      report: view.report ?? null,
    })),
    target: lookAsJson(call.handler, (view) =>
      view.target ? executionAsJson(view.target) : (view.facts?.target ?? null),
    ),
    madeBy: foundIn(call.handler)?.facts?.caller ?? null,
    handlerCluster: { name: shown.handlerCluster.name, namespace: shown.handlerCluster.namespace },
    links,
    trace,
  };
}

/** `null`: not there. `{ unavailable }`: this host could not ask. */
function lookAsJson<T>(look: Look<T>, view: (found: T) => Record<string, unknown> | null): unknown {
  if ('found' in look) return view(look.found);
  return 'missing' in look ? null : look;
}

function executionAsJson({ startedAt, closedAt, task, pendingActivities, ...execution }: ExecutionView) {
  return {
    ...execution,
    startedAt: iso(startedAt),
    closedAt: closedAt === undefined ? null : iso(closedAt),
    pendingTask: task ? { ...task, since: iso(task.since) } : null,
    pendingActivities: pendingActivities.map(activityAsJson),
  };
}

function activityAsJson({ nextAttemptAt, lastFailure, ...activity }: PendingActivity) {
  return {
    ...activity,
    nextAttemptAt: nextAttemptAt === undefined ? null : iso(nextAttemptAt),
    lastFailure: lastFailure ?? null,
  };
}

/** The call as lines for people. */
export function shownLines(
  shown: ShownCall,
  { bold, dim, green, yellow }: Palette,
  now = Date.now(),
): string[] {
  const { call, diagnosis, madeAt, endedAt, links, trace } = shown;
  const paint = diagnosis.hangs ? yellow : green;
  const age = madeAt === undefined ? 'unknown' : `${ageText((endedAt ?? now) - madeAt)}, made ${iso(madeAt)}`;
  const field = (name: string, text: string): string => `${bold(name.padEnd(8))} ${text}`;
  const onB = foundIn(call.handler);
  const refusal = onB?.report?.refusal;
  return [
    field('call', call.callId),
    field('status', `${safe(shown.status, 60)}${diagnosis.step === 'ended' ? '' : `, ${diagnosis.step}`}`),
    field('where', paint(diagnosis.where)),
    ...(diagnosis.todo === '' ? [] : [field('to do', diagnosis.todo)]),
    ...(refusal ? [field('refused', `${safe(refusal.type, 60)}: ${safe(refusal.message)}`)] : []),
    field('age', age),
    '',
    ...callerLines(call, field, now),
    ...wrapperLines(shown, field, now),
    ...targetLines(shown, field, now),
    '',
    ...linkLines(links, field),
    field(
      'trace',
      `${trace.traceId}${trace.isRecorded ? '' : dim(' (not recorded; the one it has if the bridge is traced)')}`,
    ),
  ];
}

type Field = (name: string, text: string) => string;

function placeOf({ name, namespace }: HandlerClusterName): string {
  return `${safe(name)}, namespace ${safe(namespace)}`;
}

function callerLines({ caller, handler }: CallView, field: Field, now: number): string[] {
  const madeBy = foundIn(handler)?.facts?.caller;
  const place = madeBy ? ` on ${safe(madeBy.cluster)}, namespace ${safe(madeBy.namespace)}` : ' on A';
  if (!('found' in caller)) {
    const why = 'missing' in caller ? 'not there, or its history does not hold the call' : caller.unavailable;
    const who = madeBy ? `${safe(madeBy.workflowId)}${place}; ` : '';
    return [
      field('caller', `${who}${safe(why, 400)}`),
      ...(madeBy ? [field('', `run ${safe(madeBy.runId)}`)] : []),
    ];
  }
  const { execution, call, outcome } = caller.found;
  const { anchor } = call;
  return [
    field('caller', `${safe(execution.workflowId)}${place}`),
    field('', `${safe(execution.workflowType)}, ${execution.status}, run ${safe(execution.runId)}`),
    ...(anchor ? [field('', `anchor: ${pendingText(anchor, now)}`)] : []),
    ...(outcome ? [field('', `outcome by ${outcome.by}, ${iso(outcome.at)}`)] : []),
  ];
}

function wrapperLines({ call, handlerCluster }: ShownCall, field: Field, now: number): string[] {
  const { handler, wrapperWorkflowId } = call;
  if (!('found' in handler)) {
    const why = 'missing' in handler ? 'not on B' : safe(handler.unavailable, 400);
    return [field('wrapper', `${wrapperWorkflowId}: ${why}`)];
  }
  const { wrapper, report } = handler.found;
  return [
    field('wrapper', `${wrapper.workflowId} on ${placeOf(handlerCluster)}`),
    field('', `${wrapper.status}, run ${safe(wrapper.runId)}`),
    ...wrapper.pendingActivities.map((activity) =>
      field('', `${safe(activity.type)}: ${pendingText(activity, now)}`),
    ),
    ...(report ? [field('', `delivered: ${safe(report.delivered)}; ${safe(report.note)}`)] : []),
  ];
}

function targetLines({ call, handlerCluster }: ShownCall, field: Field, now: number): string[] {
  const { target, facts } = foundIn(call.handler) ?? {};
  if (!target) {
    if (!facts) return [];
    return [
      field(
        'target',
        `${safe(facts.target.workflowId)}: not there (${safe(facts.target.workflowType)} on ${safe(facts.target.taskQueue)})`,
      ),
    ];
  }
  const failing = target.pendingActivities.filter(({ lastFailure }) => lastFailure !== undefined).slice(0, 5);
  const pending = target.pendingActivities.length;
  return [
    field('target', `${safe(target.workflowId)} on ${placeOf(handlerCluster)}`),
    field(
      '',
      `${safe(target.workflowType)} on ${safe(target.taskQueue)}, ${target.status}, ${pending} pending ${pending === 1 ? 'activity' : 'activities'}, run ${safe(target.runId)}`,
    ),
    ...failing.map((activity) => field('', `${safe(activity.type)}: ${pendingText(activity, now)}`)),
  ];
}

function pendingText(
  { attempt, isStarted, nextAttemptAt, lastFailure }: PendingActivity,
  now: number,
): string {
  const when = isStarted
    ? 'runs now'
    : nextAttemptAt === undefined
      ? 'waits'
      : nextAttemptAt > now
        ? `next in ${ageText(nextAttemptAt - now)}`
        : `due for ${ageText(now - nextAttemptAt)}`;
  // What an activity says that only waits is told by the rest of the view.
  const isWaiting = lastFailure === undefined || lastFailure.type === 'REMOTE_RUNNING';
  return `attempt ${attempt}, ${when}${isWaiting ? '' : `; ${safe(lastFailure.message, 400)}`}`;
}

function linkLines({ caller, wrapper, target, trace }: CallLinks, field: Field): string[] {
  const pages = [
    ['on A', caller],
    ['wrapper', wrapper],
    ['target', target],
    ['trace', trace],
  ] as const;
  const lines = pages.flatMap(([name, page]) => (page === null ? [] : [field(name, page)]));
  return lines.length > 0
    ? lines
    : [field('links', 'none: set CLUSTER_A_UI, CLUSTER_B_UI, BRIDGE_JAEGER_UI to have them here')];
}
