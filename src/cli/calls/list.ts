/** `temporal-bridge calls list`: open and recent calls, as visibility of the handler cluster knows them. */
import { REMOTE_CALL_WORKFLOW } from '../../shared/names.js';
import { wrapperWorkflowIdOf } from '../../shared/remote-ids.js';
import { timeOf, type ExecutionInfo } from '../cluster-reader.js';
import { ClusterTrouble } from '../cluster-trouble.js';
import { CliFailure } from '../io.js';
import { safe } from '../text.js';
import { iso, type CallRow } from './call-row.js';
import { diagnose, type Diagnosis } from './diagnose.js';
import { statusOf, look, lookAtQueue } from './execution-view.js';
import { callIdOfWrapper } from '../../shared/remote-ids.js';
import { byCaller, type Candidate } from './find-call.js';
import { readHandlerSide, type CallClusters, type WrapperMemory } from './read-call.js';
import type { CallFacts, CallReport, HandlerView } from './call-view.js';

/** Which calls to list. */
export interface ListFilter {
  readonly state: 'open' | 'closed' | 'all';
  readonly limit: number;
  /** Workflow id on A. */
  readonly caller?: string;
}

/** A list of calls, and what could not be told. */
export interface CallList {
  readonly calls: readonly CallRow[];
  /** Open calls in all, by visibility; absent where it was not asked. */
  readonly openInAll?: number;
  /** What this host could not see, and what is wrong beside the calls. */
  readonly notes: readonly string[];
}

/** Calls whose details are read at one time. */
const AT_ONE_TIME = 6;

/** A row's status while its wrapper does not exist. */
const NOT_ON_B = 'recorded';

/**
 * Reads a list.
 *
 * @throws {ClusterTrouble} if the handler cluster cannot be asked
 * @throws {CliFailure} if calls of a caller are asked for that no caller cluster knows
 */
export async function readList(
  clusters: CallClusters,
  filter: ListFilter,
  bridgeQueue: string,
  memory: WrapperMemory,
): Promise<CallList> {
  const [found, note] = await Promise.all([
    filter.caller === undefined
      ? readRecent(clusters, filter, memory)
      : readOfCaller(clusters, filter.caller, filter, memory),
    noteOnBridgeQueue(clusters, bridgeQueue),
  ]);
  return { ...found, notes: [...found.notes, ...(note === undefined ? [] : [note])] };
}

async function readRecent(
  clusters: CallClusters,
  filter: ListFilter,
  memory: WrapperMemory,
): Promise<CallList> {
  const { handler } = clusters;
  const ofBridge = `WorkflowType = '${REMOTE_CALL_WORKFLOW}'`;
  const state = {
    open: " AND ExecutionStatus = 'Running'",
    closed: " AND ExecutionStatus != 'Running'",
    all: '',
  };
  const [executions, openInAll] = await Promise.all([
    handler.list(`${ofBridge}${state[filter.state]}`, filter.limit),
    handler.count(`${ofBridge} AND ExecutionStatus = 'Running'`),
  ]);
  const calls = await mapSome(executions, (info) => rowOf(clusters, info, memory));
  return { calls, openInAll, notes: [] };
}

/** The calls that a workflow on A has recorded, also those that B knows nothing of. */
async function readOfCaller(
  clusters: CallClusters,
  workflowId: string,
  filter: ListFilter,
  memory: WrapperMemory,
): Promise<CallList> {
  const notes: string[] = [];
  const recorded: Candidate[] = [];
  for (const reader of clusters.callers) {
    const found = await look(() => byCaller(reader, workflowId));
    if ('found' in found) recorded.push(...found.found);
    else if ('unavailable' in found) notes.push(found.unavailable);
  }
  if (recorded.length === 0) {
    const why =
      notes.length > 0
        ? `: ${notes.join('; ')}`
        : '; calls are recorded in the history of the workflow that makes them';
    throw new CliFailure(`no calls of "${safe(workflowId)}" are known${why}`);
  }
  const newestFirst = recorded.sort((one, other) => (other.recordedAt ?? 0) - (one.recordedAt ?? 0));
  const rows = await mapSome(newestFirst.slice(0, filter.limit), async (call) => {
    const view = await readHandlerSide(clusters, wrapperWorkflowIdOf(call.callId), memory);
    return view ? rowOfView(view, call.callId) : rowOfRecord(call);
  });
  const calls = rows.filter(
    ({ closedAt }) => filter.state === 'all' || (filter.state === 'open') === (closedAt === null),
  );
  return { calls, notes };
}

async function rowOf(clusters: CallClusters, info: ExecutionInfo, memory: WrapperMemory): Promise<CallRow> {
  const workflowId = info.execution?.workflowId ?? '';
  const runId = info.execution?.runId ?? '';
  const callId = callIdOfWrapper(workflowId) ?? workflowId;
  if (statusOf(info.status) === 'running') {
    const view = await readHandlerSide(clusters, workflowId, memory, runId);
    // Visibility lags: it may have closed, or be gone.
    if (view) return rowOfView(view, callId);
  }
  const [facts, report] = await Promise.all([
    memory.factsOf(clusters.handler, workflowId, runId),
    memory.reportOf(clusters.handler, workflowId, runId),
  ]);
  return row({
    callId,
    workflowId,
    runId,
    status: report?.outcome ?? `wrapper ${statusOf(info.status)}`,
    startedAt: timeOf(info.startTime) ?? 0,
    closedAt: timeOf(info.closeTime),
    facts,
    report,
  });
}

function rowOfView(view: HandlerView, callId: string): CallRow {
  const { wrapper, facts, report } = view;
  const isOpen = wrapper.status === 'running';
  const { workflowId, runId, startedAt, closedAt } = wrapper;
  // A list looks at B alone, which judges an open call; A's word counts only for what B does not know.
  const found = isOpen
    ? diagnose({ handler: { found: view }, caller: { missing: true } }, Date.now())
    : undefined;
  const status = isOpen ? 'running' : (report?.outcome ?? `wrapper ${wrapper.status}`);
  return row({ callId, workflowId, runId, status, startedAt, closedAt, facts, report, diagnosis: found });
}

function rowOfRecord({ callId, caller, workflowType = '', recordedAt = 0 }: Candidate): CallRow {
  return {
    callId,
    status: NOT_ON_B,
    startedAt: iso(recordedAt),
    closedAt: null,
    ageMs: Math.max(0, Date.now() - recordedAt),
    caller: caller ?? null,
    target: { workflowType, taskQueue: '', workflowId: '' },
    wrapper: { workflowId: wrapperWorkflowIdOf(callId), runId: '' },
    delivered: null,
    step: 'recorded on A',
    hangs: false,
    where: 'A recorded it, B has no wrapper for it; "temporal-bridge calls show" says why',
    todo: '',
  };
}

function row(of: {
  readonly callId: string;
  readonly workflowId: string;
  readonly runId: string;
  readonly status: string;
  readonly startedAt: number;
  readonly closedAt: number | undefined;
  readonly facts: CallFacts | undefined;
  readonly report: CallReport | undefined;
  readonly diagnosis?: Diagnosis | undefined;
}): CallRow {
  const { callId, workflowId, runId, status, startedAt, closedAt, facts, report, diagnosis } = of;
  return {
    callId,
    status,
    startedAt: iso(startedAt),
    closedAt: closedAt === undefined ? null : iso(closedAt),
    ageMs: Math.max(0, (closedAt ?? Date.now()) - startedAt),
    caller: facts?.caller ?? null,
    target: facts?.target ?? null,
    wrapper: { workflowId, runId },
    delivered: report?.delivered ?? null,
    step: diagnosis?.step ?? 'ended',
    hangs: diagnosis?.hangs ?? false,
    where: diagnosis?.where ?? '',
    todo: diagnosis?.todo ?? '',
  };
}

/** B's visibility cannot show calls that never left A: that nobody polls for them is said. */
async function noteOnBridgeQueue(
  { callers, clockSkewMs }: CallClusters,
  bridgeQueue: string,
): Promise<string | undefined> {
  const [a] = callers;
  if (!a) return undefined;
  try {
    const workflows = await lookAtQueue(a, bridgeQueue, 'activity', clockSkewMs);
    if (workflows.pollers !== 0) return undefined;
    return `no bridge polls ${safe(bridgeQueue)} on ${a.cluster.name}: calls made there now are not in this list; start one with "temporal-bridge run --role caller"`;
  } catch (error) {
    if (error instanceof ClusterTrouble) return error.message;
    throw error;
  }
}

/** Maps a few at a time, in order. */
async function mapSome<T, R>(items: readonly T[], map: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let at = 0; at < items.length; at += AT_ONE_TIME) {
    results.push(...(await Promise.all(items.slice(at, at + AT_ONE_TIME).map(map))));
  }
  return results;
}
