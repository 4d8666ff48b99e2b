import { randomUUID } from 'node:crypto';
import { Client } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import type { temporal } from '@temporalio/proto';
import type { WorkflowBundle } from '@temporalio/worker';
import type { TestBridge, TestBridgeOptions, TestSide } from './harness.js';
import { taskTroubles } from './inspect.js';
import type { Stage } from './stage.js';
import { openStage } from './stage.js';

/** By what an outcome comes. */
export type Way = 'signal' | 'fallback';

/** Who encodes how, and what runs. */
export interface CodedStageOptions {
  readonly way: Way;
  /** Of A's workers and clients. */
  readonly onA: DataConverter;
  /** Of B's. */
  readonly onB: DataConverter;
  readonly callers: WorkflowBundle;
  readonly targets: WorkflowBundle;
  readonly bridge?: TestBridgeOptions;
  /** Default true: a bridge, and targets on B, run. */
  readonly isServed?: boolean;
}

/** A stage whose users encode what they send. */
export interface CodedStage extends Stage {
  readonly way: Way;
  /** Clients that encode as their side's workers do. */
  readonly clientOfA: Client;
  readonly clientOfB: Client;
  readonly bridges: readonly TestBridge[];
  /** Options of a call: so that nothing but this stage's way brings its outcome. */
  readonly fallback: { readonly first: string; readonly max: string };
}

const FALLBACK = {
  signal: { first: '1h', max: '1h' },
  fallback: { first: '300ms', max: '300ms' },
} as const;

/** Opens a stage with encoding users and a bridge. */
export async function openCodedStage(options: CodedStageOptions): Promise<CodedStage> {
  const { way, onA, onB, callers, targets, isServed = true } = options;
  const stage = await openStage();
  const clientOf = ({ client, namespace }: TestSide, dataConverter: DataConverter) =>
    new Client({ connection: client.connection, namespace, dataConverter });
  const clientOfA = clientOf(stage.clusters.a, onA);
  const bridges: TestBridge[] = [];
  await stage.libraryCallers({ workflowBundle: callers, dataConverter: onA });
  if (isServed) {
    const env = { ...(way === 'fallback' ? { BRIDGE_COMPLETION_SIGNALS: 'false' } : {}) };
    const [bridge] = await Promise.all([
      stage.bridge({ ...options.bridge, env: { ...env, ...options.bridge?.env } }),
      stage.targets({ workflowBundle: targets, dataConverter: onB }),
    ]);
    bridges.push(bridge);
  }
  const start: Stage['start'] = (workflow, ...args) =>
    clientOfA.workflow.start(workflow, {
      taskQueue: 'callers',
      workflowId: `${workflow}-${randomUUID()}`,
      args,
    });
  return {
    ...stage,
    way,
    clientOfA,
    clientOfB: clientOf(stage.clusters.b, onB),
    bridges,
    fallback: FALLBACK[way],
    start,
    call: async <R>(workflow: string, ...args: unknown[]) =>
      (await (await start(workflow, ...args)).result()) as R,
  };
}

/** All texts in a value, those of bytes included, and what is base64 in them. */
function* textsOf(value: unknown): Generator<string> {
  if (typeof value === 'string') {
    yield value;
    yield Buffer.from(value, 'base64').toString('latin1');
  } else if (value instanceof Uint8Array) {
    yield* textsOf(Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('latin1'));
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      yield key;
      yield* textsOf(item);
    }
  }
}

/** Whether a text stands anywhere in a value, in bytes and in base64 too. */
export function mentions(value: unknown, text: string): boolean {
  for (const found of textsOf(value)) if (found.includes(text)) return true;
  return false;
}

/** `WORKFLOW_TASK_FAILED_CAUSE_FORCE_CLOSE_COMMAND` */
const FORCE_CLOSE_COMMAND = 17;

/** What an audit of a stage found: nothing, where all is well. */
export interface Audit {
  /** Workflow tasks that failed or timed out. */
  readonly troubles: string[];
  /** Histories in which the canary stands. */
  readonly leaks: string[];
  readonly histories: number;
}

/** A history with events of up to 2 MiB: no more of them in one answer than a client takes. */
async function wholeHistory({ client, namespace }: TestSide, workflowId: string, runId: string) {
  const events: temporal.api.history.v1.IHistoryEvent[] = [];
  let nextPageToken: Uint8Array | undefined;
  do {
    const page: temporal.api.workflowservice.v1.IGetWorkflowExecutionHistoryResponse =
      await client.workflowService.getWorkflowExecutionHistory({
        namespace,
        execution: { workflowId, runId },
        maximumPageSize: 2,
        ...(nextPageToken ? { nextPageToken } : {}),
      });
    events.push(...(page.history?.events ?? []));
    nextPageToken = page.nextPageToken?.length ? page.nextPageToken : undefined;
  } while (nextPageToken);
  return { events };
}

/** Looks through every history of both clusters. */
export async function auditHistories(stage: Stage, canary: string): Promise<Audit> {
  const audit: Audit & { histories: number } = { troubles: [], leaks: [], histories: 0 };
  for (const side of [stage.clusters.a, stage.clusters.b]) {
    // Not through the client's own list: that one decodes memos.
    const { executions } = await side.client.workflowService.listWorkflowExecutions({
      namespace: side.namespace,
      pageSize: 1000,
    });
    for (const { execution, type: workflowType } of executions) {
      const { workflowId, runId } = execution ?? {};
      const type = workflowType?.name ?? '';
      const history = await wholeHistory(side, workflowId ?? '', runId ?? '');
      audit.histories += 1;
      if (mentions(history, canary)) audit.leaks.push(`${type} ${workflowId}`);
      // A task that a termination met has failed, too.
      const events = history.events.filter(
        ({ workflowTaskFailedEventAttributes: failed }) => Number(failed?.cause ?? 0) !== FORCE_CLOSE_COMMAND,
      );
      for (const trouble of await taskTroubles({ fetchHistory: () => Promise.resolve({ events }) }))
        audit.troubles.push(`${type} ${workflowId}: ${trouble}`);
    }
  }
  return audit;
}
