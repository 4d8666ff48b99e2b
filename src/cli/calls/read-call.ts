/** Reads one call on both clusters. */
import { START_ACTIVITY } from '../../shared/names.js';
import { wrapperWorkflowIdOf } from '../../shared/remote-ids.js';
import type { ClusterReader, Description } from '../cluster-reader.js';
import { factsOfStart, outcomeIn, recordedCalls, reportOfClose } from './call-facts.js';
import type {
  CallFacts,
  CallReport,
  CallView,
  CallerRef,
  CallerView,
  ExecutionView,
  HandlerView,
  Look,
  QueueLook,
} from './call-view.js';
import { foundIn } from './call-view.js';
import { executionView, look, lookAtQueue } from './execution-view.js';

/** The clusters on which calls are read. */
export interface CallClusters {
  /** The handler cluster whose wrappers are read. */
  readonly handler: ClusterReader;
  /** The caller clusters of the settings, A first. */
  readonly callers: readonly ClusterReader[];
  readonly clockSkewMs: number;
}

/** Runs that are remembered at most: a live view may watch for days. */
const MAX_REMEMBERED = 2_000;

/** What is known already of wrappers, by run: the start and the end of a run never change. */
export class WrapperMemory {
  readonly #facts = new Map<string, CallFacts | undefined>();
  readonly #reports = new Map<string, CallReport | undefined>();

  async factsOf(reader: ClusterReader, workflowId: string, runId: string): Promise<CallFacts | undefined> {
    if (this.#facts.size > MAX_REMEMBERED) this.#facts.clear();
    if (!this.#facts.has(runId))
      this.#facts.set(runId, factsOfStart(await reader.firstEvent(workflowId, runId)));
    return this.#facts.get(runId);
  }

  /** Only of a run that has closed: of another one the server would wait for it. */
  async reportOf(reader: ClusterReader, workflowId: string, runId: string): Promise<CallReport | undefined> {
    if (this.#reports.size > MAX_REMEMBERED) this.#reports.clear();
    if (!this.#reports.has(runId))
      this.#reports.set(runId, reportOfClose(await reader.closeEvent(workflowId, runId)));
    return this.#reports.get(runId);
  }
}

/** The queue that an execution's next workflow task waits on, if no worker has taken one yet or took long. */
async function queueOf(
  reader: ClusterReader,
  execution: ExecutionView | undefined,
  clockSkewMs: number,
): Promise<QueueLook | undefined> {
  if (execution?.status !== 'running' || !execution.task || execution.task.isStarted) return undefined;
  return lookAtQueue(reader, execution.taskQueue, 'workflow', clockSkewMs);
}

/** What the handler cluster tells of the call of a wrapper; `undefined`: there is no such wrapper. */
export async function readHandlerSide(
  { handler, clockSkewMs }: Pick<CallClusters, 'handler' | 'clockSkewMs'>,
  wrapperWorkflowId: string,
  memory: WrapperMemory,
  runId?: string,
): Promise<HandlerView | undefined> {
  const described = await handler.describe(wrapperWorkflowId, runId);
  if (!described) return undefined;
  const wrapper = executionView(described);
  const facts = await memory.factsOf(handler, wrapperWorkflowId, wrapper.runId);
  const report =
    wrapper.status === 'running'
      ? undefined
      : await memory.reportOf(handler, wrapperWorkflowId, wrapper.runId);
  const target = facts && (await readTarget(handler, facts, wrapperWorkflowId));
  const queue =
    (await queueOf(handler, wrapper, clockSkewMs)) ?? (await queueOf(handler, target, clockSkewMs));
  return {
    wrapper,
    ...(facts ? { facts } : {}),
    ...(report ? { report } : {}),
    ...(target ? { target } : {}),
    ...(queue ? { queue } : {}),
  };
}

/** The call's target; an execution of its id that another workflow started is none. */
async function readTarget(
  handler: ClusterReader,
  { target, attached }: CallFacts,
  wrapperWorkflowId: string,
): Promise<ExecutionView | undefined> {
  const described = await handler.describe(target.workflowId);
  if (!described) return undefined;
  const parent = parentOf(described);
  return attached || parent === '' || parent === wrapperWorkflowId ? executionView(described) : undefined;
}

function parentOf(described: Description): string {
  return described.workflowExecutionInfo?.parentExecution?.workflowId ?? '';
}

/**
 * What the caller cluster tells of a call; `undefined`: the caller, or its record of the call, is not there. A call goes on
 * in another run than the one that made it after a reset, and where it was handed over by continue-as-new.
 */
async function readCallerSide(
  reader: ClusterReader,
  caller: Pick<CallerRef, 'workflowId' | 'runId'>,
  callId: string,
  clockSkewMs: number,
): Promise<CallerView | undefined> {
  const maker = await readCallerRun(reader, caller, callId, clockSkewMs);
  if (maker && (maker.outcome || maker.execution.status === 'running')) return maker;
  const latest = await readCallerRun(reader, { ...caller, runId: '' }, callId, clockSkewMs);
  return latest ?? maker;
}

async function readCallerRun(
  reader: ClusterReader,
  caller: Pick<CallerRef, 'workflowId' | 'runId'>,
  callId: string,
  clockSkewMs: number,
): Promise<CallerView | undefined> {
  const described = await reader.describe(caller.workflowId, caller.runId);
  if (!described) return undefined;
  const execution = executionView(described);
  const events = await reader.history(caller.workflowId, execution.runId);
  const recorded = recordedCalls(events).find(({ envelope }) => envelope.callId === callId);
  if (!recorded) return undefined;
  const outcome = outcomeIn(events, recorded);
  const anchor = execution.pendingActivities.find(
    ({ id, type }) => type === START_ACTIVITY && id === recorded.activityId,
  );
  const { bridgeQueue, recordedAt, traceId, envelope } = recorded;
  // An anchor that no worker has taken waits on the bridge's queue; a caller with an outcome on its own.
  const waitsForBridge = anchor !== undefined && anchor.attempt === 1 && !anchor.isStarted;
  const queue = waitsForBridge
    ? await lookAtQueue(reader, bridgeQueue, 'activity', clockSkewMs)
    : await queueOf(reader, execution, clockSkewMs);
  return {
    execution,
    call: {
      recordedAt,
      workflowType: envelope.target.workflowType,
      taskQueue: envelope.target.taskQueue,
      bridgeQueue,
      ...(anchor ? { anchor } : {}),
      ...(traceId === undefined ? {} : { traceId }),
    },
    ...(outcome ? { outcome } : {}),
    ...(queue ? { queue } : {}),
  };
}

/** Which call to read; the caller is known where the call was found by it. */
export interface CallRef {
  readonly callId: string;
  readonly caller?: CallerRef;
}

/** Reads a call on both clusters; what cannot be asked is said in the view. */
export async function readCall(
  clusters: CallClusters,
  ref: CallRef,
  memory: WrapperMemory,
): Promise<CallView> {
  const { callId } = ref;
  const wrapperWorkflowId = wrapperWorkflowIdOf(callId);
  const handler = await look(() => readHandlerSide(clusters, wrapperWorkflowId, memory));
  const caller = ref.caller ?? foundIn(handler)?.facts?.caller;
  return { callId, wrapperWorkflowId, handler, caller: await lookAtCaller(clusters, caller, callId) };
}

async function lookAtCaller(
  { callers, clockSkewMs }: CallClusters,
  caller: CallerRef | undefined,
  callId: string,
): Promise<Look<CallerView>> {
  if (!caller) return { unavailable: 'not known: the handler cluster does not tell who made the call' };
  const reader = callers.find(
    ({ cluster }) => cluster.name === caller.cluster && cluster.namespace === caller.namespace,
  );
  if (!reader) {
    return {
      unavailable: `namespace ${caller.namespace} of ${caller.cluster} is not in the settings of this host (CLUSTER_A_*, BRIDGE_CALLER_CLUSTERS)`,
    };
  }
  return look(() => readCallerSide(reader, caller, callId, clockSkewMs));
}
