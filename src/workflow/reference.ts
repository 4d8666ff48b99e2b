import { workflowInfo } from '@temporalio/workflow';
import { BridgeError } from '../shared/bridge-error.js';
import { MAX_CALL_TIMEOUT_MS, MAX_NAME_CHARS } from '../shared/limits.js';
import { RESERVED_TASK_QUEUE } from '../shared/names.js';
import type { RemoteExecution } from '../shared/outcome.js';
import { readCallEnvelope } from '../shared/wire/call-envelope.js';
import { FieldReader } from '../shared/wire/fields.js';
import { completionInbox } from './completion-inbox.js';
import type { CallBody, OpenCall } from './open-call.js';
import { invalidOption } from './outcome-value.js';

const KIND = 'remote-workflow-reference';

/**
 * An open call in about a kilobyte of plain JSON, for the arguments of `continueAsNew`: the next run of the same chain
 * goes on waiting with it. It holds no arguments of the call and no payload.
 */
export interface RemoteWorkflowReference {
  readonly v: 1;
  readonly kind: typeof KIND;
  /** The call's envelope, for the bridge's own use. */
  readonly call: object;
  readonly bridgeTaskQueue: string;
  readonly remote: RemoteExecution;
  /** When the call was made, milliseconds since the epoch by this cluster's clock. */
  readonly madeAt: number;
  /** The completion came to the run that made the reference, which did not take it. */
  readonly completed: boolean;
}

/** Makes the reference of a call whose start is known. */
export function referenceOf(
  { envelope, bridgeTaskQueue }: Pick<OpenCall, 'envelope' | 'bridgeTaskQueue'>,
  remote: RemoteExecution,
  madeAt: number,
): RemoteWorkflowReference {
  // The arguments and what else travelled with them have arrived.
  const { extras: _extras, confirmStart: _confirmStart, resume: _resume, ...call } = envelope;
  return {
    v: 1,
    kind: KIND,
    call,
    bridgeTaskQueue,
    remote,
    madeAt,
    completed: completionInbox().hasCompletion(envelope),
  };
}

/** A reference that has been read. */
export interface ParsedReference extends RemoteWorkflowReference {
  readonly call: CallBody;
}

function readReference(value: unknown): ParsedReference {
  const fields = new FieldReader(value, 'reference');
  const v = fields.version(1);
  const kind = fields.oneOf('kind', [KIND]);
  const { v: _v, kind: _kind, ...call } = readCallEnvelope(fields.object('call'));
  const remote = fields.object('remote');
  return {
    v,
    kind,
    call,
    bridgeTaskQueue: fields.string('bridgeTaskQueue'),
    remote: {
      wrapperWorkflowId: remote.string('wrapperWorkflowId'),
      workflowId: remote.string('workflowId'),
      runId: remote.string('runId', { empty: true }),
    },
    madeAt: fields.millis('madeAt'),
    completed: fields.value('completed') === true,
  };
}

/**
 * Reads a reference that an earlier run of this chain made.
 *
 * @throws ApplicationFailure `INVALID_REQUEST` if it is none, is of a newer version, or belongs to another workflow
 */
export function parseReference(value: unknown): ParsedReference {
  let reference: ParsedReference;
  try {
    reference = readReference(value);
  } catch (error) {
    if (!BridgeError.is(error)) throw error;
    throw invalidOption('reference', 'what handle.toReference() gave', error.message);
  }
  // Its first run alone tells a chain: a replay is in a namespace of its own, and perhaps under another workflow id.
  const { bridgeTaskQueue, call } = reference;
  if (RESERVED_TASK_QUEUE.test(bridgeTaskQueue) || bridgeTaskQueue.length > MAX_NAME_CHARS)
    throw invalidOption('reference.bridgeTaskQueue', 'a task queue of the bridge', bridgeTaskQueue);
  if ((call.timeoutMs ?? 0) > MAX_CALL_TIMEOUT_MS)
    throw invalidOption('reference.call.timeoutMs', `at most ${MAX_CALL_TIMEOUT_MS}`, call.timeoutMs);
  const isOurs = reference.call.caller.firstRunId === workflowInfo().firstExecutionRunId;
  if (!isOurs) {
    throw invalidOption(
      'reference',
      'a reference of this chain of runs, since the completion is sent to the chain that made the call',
      `one of ${reference.call.caller.workflowId}`,
    );
  }
  return reference;
}
