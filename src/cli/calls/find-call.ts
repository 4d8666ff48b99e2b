/** From what an operator has at hand (an id of any of a call's workflows) to the call. */
import { CROSS_CLUSTER_WORKFLOW, REMOTE_CALL_WORKFLOW } from '../../shared/names.js';
import { callIdOfWrapper, wrapperWorkflowIdOf } from '../../shared/remote-ids.js';
import type { ClusterReader, HistoryEvent } from '../cluster-reader.js';
import { ClusterTrouble } from '../cluster-trouble.js';
import { CliFailure } from '../io.js';
import { ageText, safe, shortId } from '../text.js';
import { recordedCalls } from './call-facts.js';
import type { CallClusters, CallRef } from './read-call.js';

/** Calls that a beginning of an id is compared with at most. */
const MAX_CANDIDATES = 20;
/** Children of a workflow that are searched for calls: a caller may call through `CrossClusterWorkflow`. */
const MAX_CHILDREN = 20;
/** Shortest beginning of a call id that is taken for one. */
const MIN_PREFIX_CHARS = 4;

const WRAPPER_PREFIX = wrapperWorkflowIdOf('');

/** A call among several that an id may mean. */
export interface Candidate extends CallRef {
  readonly workflowType?: string;
  readonly recordedAt?: number;
}

/** Several calls are meant by what was given. */
export class AmbiguousCall extends CliFailure {
  readonly candidates: readonly Candidate[];

  constructor(given: string, candidates: readonly Candidate[], isCut: boolean, now = Date.now()) {
    const lines = candidates.map(({ callId, workflowType, recordedAt }) => {
      const age = recordedAt === undefined ? '' : `  made ${ageText(now - recordedAt)} ago`;
      return `  ${shortId(callId)}  ${workflowType === undefined ? '' : safe(workflowType, 80)}${age}`.trimEnd();
    });
    const count = `${candidates.length}${isCut ? ' or more' : ''}`;
    super(
      `"${safe(given)}" means ${count} calls; name one by the beginning of its call id:\n${lines.join('\n')}`,
    );
    this.candidates = candidates;
  }
}

/**
 * Finds the call that is meant: by its call id or a beginning of it, by the id of its wrapper, of the workflow on A that
 * made it, or of its target on B.
 *
 * @throws {AmbiguousCall} if several calls are meant
 * @throws {CliFailure} if none is known, saying where it was looked for
 */
export async function findCall(clusters: CallClusters, given: string): Promise<CallRef> {
  const id = given.trim();
  const hex = (id.startsWith(WRAPPER_PREFIX) ? id.slice(WRAPPER_PREFIX.length) : id).toLowerCase();
  const troubles: ClusterTrouble[] = [];
  const tried = async <T>(read: () => Promise<T>, otherwise: T): Promise<T> => {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof ClusterTrouble)) throw error;
      troubles.push(error);
      return otherwise;
    }
  };

  if (/^[0-9a-f]{64}$/.test(hex)) return { callId: hex };
  const isPrefix = /^[0-9a-f]*$/.test(hex) && hex.length >= MIN_PREFIX_CHARS && hex.length < 64;
  const found = isPrefix ? await tried(() => byPrefix(clusters.handler, hex), []) : [];
  for (const reader of clusters.callers) {
    const made = await tried(() => byCaller(reader, id), []);
    // A workflow may have an id that looks like the beginning of a call's.
    found.push(...made.filter(({ callId }) => found.every((other) => other.callId !== callId)));
  }
  const one = onlyOne(given, found);
  if (one) return one;
  const byItsTarget = await tried(() => byTarget(clusters.handler, id), undefined);
  if (byItsTarget) return byItsTarget;

  const places = [...clusters.callers, clusters.handler].map(({ cluster }) => cluster.name);
  const whys = troubles.map(({ message }) => `\n  ${message}`).join('');
  throw new CliFailure(
    `no call is known by "${safe(given)}"; looked for a call id, a caller, a wrapper and a target on ${[...new Set(places)].join(', ')}` +
      `${whys === '' ? '; "temporal-bridge calls list" shows the calls there are' : `; not all could be asked:${whys}`}`,
  );
}

function onlyOne(given: string, found: readonly Candidate[]): CallRef | undefined {
  if (found.length <= 1) return found[0];
  throw new AmbiguousCall(given, found.slice(0, MAX_CANDIDATES), found.length > MAX_CANDIDATES);
}

async function byPrefix(handler: ClusterReader, hex: string): Promise<Candidate[]> {
  const query = `WorkflowType = '${REMOTE_CALL_WORKFLOW}' AND WorkflowId STARTS_WITH '${wrapperWorkflowIdOf(hex)}'`;
  const executions = await handler.list(query, MAX_CANDIDATES + 1);
  const ids = executions.map(({ execution }) => callIdOfWrapper(execution?.workflowId ?? ''));
  return [...new Set(ids)].filter((callId) => callId !== undefined).map((callId) => ({ callId }));
}

/** The calls of a workflow on A, and of the `CrossClusterWorkflow` children through which it calls. */
export async function byCaller(reader: ClusterReader, workflowId: string): Promise<Candidate[]> {
  // After a reset the history begins with the run that was reset, and does not name its own.
  const runId = (await reader.describe(workflowId))?.workflowExecutionInfo?.execution?.runId;
  if (runId == null) return [];
  const events = await reader.history(workflowId, runId);
  const children = crossClusterChildren(events).slice(0, MAX_CHILDREN);
  const histories = await Promise.all(
    children.map(async (child) => ({
      ...child,
      events: await reader.history(child.workflowId, child.runId),
    })),
  );
  return [{ workflowId, runId, events }, ...histories].flatMap((run) =>
    recordedCalls(run.events).map(({ envelope, recordedAt }) => ({
      callId: envelope.callId,
      workflowType: envelope.target.workflowType,
      recordedAt,
      caller: {
        cluster: reader.cluster.name,
        namespace: reader.cluster.namespace,
        workflowId: run.workflowId,
        runId: run.runId,
      },
    })),
  );
}

function crossClusterChildren(events: readonly HistoryEvent[]): { workflowId: string; runId: string }[] {
  return events.flatMap((event) => {
    const started = event.childWorkflowExecutionStartedEventAttributes;
    if (started?.workflowType?.name !== CROSS_CLUSTER_WORKFLOW) return [];
    const { workflowId, runId } = started.workflowExecution ?? {};
    return workflowId ? [{ workflowId, runId: runId ?? '' }] : [];
  });
}

/** The call whose wrapper started a workflow on B. */
async function byTarget(handler: ClusterReader, workflowId: string): Promise<CallRef | undefined> {
  const parent =
    (await handler.describe(workflowId))?.workflowExecutionInfo?.parentExecution?.workflowId ?? '';
  const callId = callIdOfWrapper(parent);
  return callId === undefined ? undefined : { callId };
}
