import { ActivityFailure } from '@temporalio/common';
import type { Payload, ProtoFailure, RawValue } from '@temporalio/common';
import { workflowInfo } from '@temporalio/workflow';
import type { FailureType } from '../shared/failure-table.js';
import { isFailureType } from '../shared/failure-table.js';
import { MAX_ARGUMENTS_BYTES, MAX_OPERATION_RETRY_MS } from '../shared/limits.js';
import {
  OPERATION_HEADER,
  QUERY_ACTIVITY,
  SIGNAL_ACTIVITY,
  TERMINATE_ACTIVITY,
  UPDATE_ACTIVITY,
} from '../shared/names.js';
import { totalPayloadBytes } from '../shared/payloads.js';
import { isBridgeReport } from '../shared/wire/anchor-report.js';
import type { OperationType } from '../shared/wire/operation-envelope.js';
import { encodeOperationEnvelope } from '../shared/wire/operation-envelope.js';
import { callArgs, callSummary, failureChain } from './anchor.js';
import { bridgeActivities } from './bridge-activities.js';
import { HeadersRefused } from './header-limit.js';
import type { OpenCall } from './open-call.js';

/** A call whose target something can be done to, open or not. */
export type OperableCall = Pick<OpenCall, 'envelope' | 'bridgeTaskQueue' | 'token'> & {
  /** The target's first run, where it is known. */
  readonly runId?: string;
};

const OPERATIONS = Symbol.for('temporal-bridge.operations/1');
const holder = globalThis as { [OPERATIONS]?: number };

/**
 * Tells the operations of one run apart, whichever handle they were done with: two handles may be of one call, and a
 * server that has taken a request id takes it for good.
 */
function nextOperationId(): string {
  // The run's id keeps the operations of two runs apart that share a call, or that a reset made of one.
  return `${workflowInfo().runId}/${(holder[OPERATIONS] = (holder[OPERATIONS] ?? 0) + 1)}`;
}

/** The header of an operation, numbered; it tells the caller side the target's first run, where the caller knows it. */
export function operationHeader(
  { runId }: OperableCall,
  type: OperationType,
  name = '',
): Record<string, Payload> {
  const operation = { type, name, id: nextOperationId(), ...(runId ? { runId } : {}) };
  return { [OPERATION_HEADER]: encodeOperationEnvelope(operation) };
}

/** An operation on a target that did not work: with what type and message, and the target's own failure if there is one. */
export class OperationRefused extends Error {
  readonly type: FailureType;
  readonly failure: ProtoFailure | undefined;
  constructor(type: FailureType, message: string, failure?: ProtoFailure) {
    super(message);
    this.type = type;
    this.failure = failure;
  }
}

const ACTIVITY_OF = {
  signal: SIGNAL_ACTIVITY,
  query: QUERY_ACTIVITY,
  update: UPDATE_ACTIVITY,
  terminate: TERMINATE_ACTIVITY,
} as const;

/** What is done to a target: the name of the signal, query or update, and its arguments. */
export interface Operation {
  readonly type: keyof typeof ACTIVITY_OF;
  readonly name: string;
  readonly args: readonly Payload[];
}

/** Cuts a reason, without half of a character, to what the envelope takes. */
const reasonOf = (text: string): string => text.slice(0, 1000).replaceAll(/\p{Surrogate}/gu, '');

/** What the caller side says of an operation that it will not try again; anything else is thrown as it came. */
export function refusalOf(error: unknown): unknown {
  if (error instanceof HeadersRefused) return new OperationRefused(error.type, error.message);
  if (!(error instanceof ActivityFailure)) return error;
  for (const failure of failureChain(error)) {
    const type = failure.applicationFailureInfo?.type;
    if (isFailureType(type) && (isBridgeReport(failure) || failure.applicationFailureInfo?.nonRetryable))
      return new OperationRefused(type, failure.message ?? '', failure.cause ?? undefined);
  }
  return error;
}

/**
 * Does something to a call's target; tried again until the handler cluster has taken it, in server-side back-off.
 *
 * @throws {OperationRefused} if it will not be taken
 * @throws ActivityFailure with a CancelledFailure if the surrounding scope is cancelled
 */
export async function operate(
  call: OperableCall,
  operation: Operation,
  scheduleToCloseMs?: number,
): Promise<RawValue | undefined> {
  const { type, name, args } = operation;
  const { envelope, bridgeTaskQueue } = call;
  const bytes = totalPayloadBytes(args);
  if (bytes > MAX_ARGUMENTS_BYTES) {
    const message = `${type} ${name}: arguments of ${bytes} bytes; expected at most ${MAX_ARGUMENTS_BYTES}; nothing was sent`;
    throw new OperationRefused('PAYLOAD_TOO_LARGE', message);
  }
  const what = type === 'terminate' ? type : `${type} ${name}`;
  const activities = bridgeActivities(bridgeTaskQueue, `${what}: ${callSummary(envelope)}`, {
    scheduleToCloseMs,
    maximumIntervalMs: MAX_OPERATION_RETRY_MS,
  });
  try {
    return (await activities[ACTIVITY_OF[type]](
      ...callArgs(call, operationHeader(call, type, name), args),
    )) as RawValue | undefined;
  } catch (error) {
    throw refusalOf(error);
  }
}

/** Terminates a call's target; waits out a start that is not known yet. */
export async function terminateTarget(
  call: OperableCall,
  reason: string,
  scheduleToCloseMs?: number,
): Promise<void> {
  await operate(call, { type: 'terminate', name: reasonOf(reason), args: [] }, scheduleToCloseMs);
}
