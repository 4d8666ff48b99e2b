import { setTimeout as sleep } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { WorkflowStartOptions } from '@temporalio/client';
import type { Payload } from '@temporalio/common';
import { requestIdOf } from '../../shared/call-id.js';
import {
  MEMO_ARGS_DIGEST,
  MEMO_CALL_ID,
  MEMO_CALL_PAIR,
  REMOTE_CALL_HEADER,
  REMOTE_CALL_WORKFLOW,
} from '../../shared/names.js';
import { raw } from '../../shared/payloads.js';
import type { CallEnvelope } from '../../shared/wire/call-envelope.js';
import { encodeRemoteCallEnvelope } from '../../shared/wire/call-envelope.js';
import { isClosed } from '../execution-status.js';
import type { GrpcStatus } from '../grpc-errors.js';
import { wasNeverSent } from '../grpc-errors.js';
import type { StartResponse } from '../request-context.js';
import { withRequestContext } from '../request-context.js';
import { pairMemo } from '../caps/call-pair.js';
import type { CallerSide } from './caller-side.js';
import { pairOf } from './hold.js';

/** Deadline of an eager start, in milliseconds: the ordinary start that follows a fault has an attempt's time, too. */
const EAGER_START_TIMEOUT_MS = 3_000;

/** What a start needs beyond the call itself. */
export interface WrapperStart {
  readonly args: readonly Payload[];
  readonly targetWorkflowId: string;
  readonly startBy: number;
  /** When the call was recorded on the caller cluster, by its clock; milliseconds since the epoch. */
  readonly calledAt: number;
  readonly remainingMs: number | undefined;
  /** Told when a try may have reached the cluster. */
  readonly onSent: () => void;
}

/** What the handler cluster said: the wrapper runs, has closed already, or its id is held under another request id. */
export type WrapperStarted = 'running' | 'closed' | 'id-taken';

function summaryOf(side: CallerSide, { target, caller }: CallEnvelope): string {
  const what =
    target.idMode === 'attach' ? `waits for ${target.name}` : `${target.workflowType} on ${target.taskQueue}`;
  return `${what} for ${caller.workflowId} of ${side.sourceCluster}`;
}

/** What an operator reads in the handler cluster's UI: who calls whom. Markdown; ids are quoted as code. */
function detailsOf(side: CallerSide, { caller, callId }: CallEnvelope, targetWorkflowId: string): string {
  const code = (text: string) => `\`${text.replaceAll(/[`\p{Cc}]/gu, '_').slice(0, 255)}\``;
  return [
    `Call of a workflow on ${code(side.sourceCluster)}, made through the bridge.`,
    '',
    `- caller: workflow ${code(caller.workflowId)}, run ${code(caller.runId)}, namespace ${code(caller.namespace)}`,
    `- target: workflow ${code(targetWorkflowId)} on this cluster`,
    `- call id: ${code(callId)}`,
  ].join('\n');
}

/** Rejects when an eager start has had its time; what it still sends is the same start. */
async function overdue(): Promise<never> {
  await sleep(EAGER_START_TIMEOUT_MS, undefined, { ref: false });
  throw new Error(`no eager start within ${EAGER_START_TIMEOUT_MS} ms`);
}

/**
 * Starts the wrapper through the connection of the handler side's worker, if that runs in this process: the server may
 * then answer with the wrapper's first workflow task, which saves a dispatch. Any fault leaves the start to the ordinary
 * client, whose tries are seen one by one: with the same request id, it is the same start.
 */
async function startEagerly(
  side: CallerSide,
  options: WorkflowStartOptions,
  onSent: () => void,
): Promise<void> {
  const eager = Context.current().info.attempt === 1 ? side.handlerHere?.() : undefined;
  if (eager) {
    try {
      // The deadline is one try's, and the client makes several: the whole is bounded here.
      const start = eager.withDeadline(Date.now() + EAGER_START_TIMEOUT_MS, () =>
        eager.workflow.start(REMOTE_CALL_WORKFLOW, { ...options, requestEagerStart: true }),
      );
      start.catch(() => undefined);
      await Promise.race([start, overdue()]);
      return;
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) throw error;
      onSent(); // This client tries again by itself, and does not tell which of its tries left the machine.
    }
  }
  await side.remote.request(() => side.remote.client.workflow.start(REMOTE_CALL_WORKFLOW, options));
}

/**
 * Starts the wrapper of a call, or recognizes that it was started. The request id is made of the call, so a retried
 * start whose reply was lost gets the first one's answer, also after the wrapper closed.
 *
 * @throws the client's error if the cluster cannot be reached or refuses
 */
export async function startWrapper(
  side: CallerSide,
  call: CallEnvelope,
  start: WrapperStart,
): Promise<WrapperStarted> {
  const { callId, argsDigest, wrapperWorkflowId, target, caller, extras, parentClose } = call;
  const { remainingMs } = start;
  const { idMode, options, runId } = target;
  const header = encodeRemoteCallEnvelope({
    callId,
    argsDigest,
    target: {
      workflowType: target.workflowType,
      taskQueue: target.taskQueue,
      workflowId: start.targetWorkflowId,
      ...(options === undefined ? {} : { options }),
    },
    ...(idMode === 'attach' ? { existing: 'attach' } : idMode === 'article' ? { existing: 'adopt' } : {}),
    ...(runId === undefined ? {} : { attachRunId: runId }),
    ...(extras === undefined ? {} : { extras }),
    ...(parentClose === undefined ? {} : { parentClose }),
    ...(call.confirmStart ? { confirmStart: true } : {}),
    startBy: start.startBy,
    calledAt: start.calledAt,
    ...(remainingMs === undefined ? {} : { remainingMs }),
    replyTo: side.sealer.seal({ ...caller, sourceCluster: side.sourceCluster, callId, wrapperWorkflowId }),
  });
  let closed = false;
  const context = {
    requestId: requestIdOf('start', callId, argsDigest),
    headers: { [REMOTE_CALL_HEADER]: header },
    onTried: (status: GrpcStatus) => {
      if (!wasNeverSent(status)) start.onSent();
    },
    onStarted: ({ status }: StartResponse) => {
      closed = isClosed(status);
    },
  };
  const wrapper: WorkflowStartOptions = {
    workflowId: wrapperWorkflowId,
    taskQueue: side.handlerTaskQueue,
    args: start.args.map(raw),
    workflowIdReusePolicy: 'REJECT_DUPLICATE',
    workflowIdConflictPolicy: 'FAIL',
    memo: {
      [MEMO_CALL_ID]: callId,
      [MEMO_ARGS_DIGEST]: argsDigest,
      [MEMO_CALL_PAIR]: pairMemo(pairOf(side, call)),
    },
    staticSummary: summaryOf(side, call).slice(0, 200),
    staticDetails: detailsOf(side, call, start.targetWorkflowId),
  };
  try {
    await withRequestContext(context, () => startEagerly(side, wrapper, start.onSent));
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return 'id-taken';
    throw error;
  }
  return closed ? 'closed' : 'running';
}
