/** Links from a call to the web UIs, as far as the settings name them. */
import type { ResolvedConfig } from '../../bridge/config/resolve.js';
import { callSpanIds } from '../../shared/call-span-ids.js';
import type { CallView } from './call-view.js';
import { foundIn } from './call-view.js';

/** Pages about one call; null: its UI is not in the settings, or the workflow is not known. */
export interface CallLinks {
  readonly caller: string | null;
  readonly wrapper: string | null;
  readonly target: string | null;
  readonly trace: string | null;
}

/** A call's trace. */
export interface CallTrace {
  readonly traceId: string;
  /** False: no history names it; it is the one that a bridge would have given a call of an untraced caller. */
  readonly isRecorded: boolean;
}

/** The trace of a call: as the start of its wrapper or of the call has recorded it, else made of the call's id. */
export function traceOf({ callId, handler, caller }: CallView): CallTrace {
  const recorded = foundIn(handler)?.facts?.traceId ?? foundIn(caller)?.call.traceId;
  return { traceId: recorded ?? callSpanIds(callId).traceId, isRecorded: recorded !== undefined };
}

/** Page of a workflow's run in a web UI. */
export function workflowPage(base: string, namespace: string, workflowId: string, runId = ''): string {
  const parts = [workflowId, ...(runId === '' ? [] : [runId, 'history'])];
  return `${workflowsPage(base, namespace)}/${parts.map(encodeURIComponent).join('/')}`;
}

/** List of a namespace's workflows in a web UI. */
export function workflowsPage(base: string, namespace: string): string {
  return `${base}/namespaces/${encodeURIComponent(namespace)}/workflows`;
}

/** Page of a trace in Jaeger. */
export function tracePage(base: string, traceId: string): string {
  return `${base}/trace/${encodeURIComponent(traceId)}`;
}

/** The pages about a call: `CLUSTER_A_UI` and `CLUSTER_B_UI` are the UIs of A and B, not of further clusters. */
export function linksOf(call: CallView, config: ResolvedConfig, handlerClusterName: string): CallLinks {
  const { ui, callerCluster, handlerCluster } = config;
  const onB = foundIn(call.handler);
  const onA = foundIn(call.caller);
  const madeBy = onB?.facts?.caller ?? undefined;
  const isOnA = madeBy === undefined || madeBy.cluster === callerCluster.name;
  const a = isOnA ? ui.caller : undefined;
  const b = handlerClusterName === handlerCluster.name ? ui.handler : undefined;
  const caller = onA?.execution ?? madeBy;
  const target = onB?.target ?? (onB?.facts ? { ...onB.facts.target, runId: '' } : undefined);
  const page = (base: string | undefined, namespace: string, at?: { workflowId: string; runId: string }) =>
    base !== undefined && at ? workflowPage(base, namespace, at.workflowId, at.runId) : null;
  return {
    caller: page(a, madeBy?.namespace ?? callerCluster.namespace, caller),
    wrapper: page(b, handlerCluster.namespace, onB?.wrapper),
    target: page(b, handlerCluster.namespace, target),
    trace: ui.jaeger === undefined ? null : tracePage(ui.jaeger, traceOf(call).traceId),
  };
}
