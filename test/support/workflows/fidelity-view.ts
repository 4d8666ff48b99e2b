/** What a caller sees of a call's end, told so that JSON can carry it and two ends can be compared. */
import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  ChildWorkflowFailure,
  ServerFailure,
  TerminatedFailure,
  TimeoutFailure,
} from '@temporalio/common';
import { isCancellation } from '@temporalio/workflow';

/** A value with its kind: JSON alone would lose `undefined`, bytes and classes. */
export type ValueView = readonly [kind: string, ...rest: unknown[]];

/** What is longer is told by its length and a sum. */
const MAX_SHOWN = 2000;

function sumOf(units: Iterable<number>): number {
  let sum = 0x811c9dc5;
  for (const unit of units) sum = Math.imul(sum ^ unit, 0x01000193) >>> 0;
  return sum;
}

function* unitsOf(text: string): Generator<number> {
  for (let at = 0; at < text.length; at += 1) yield text.charCodeAt(at);
}

/** Tells a value. */
export function viewValue(value: unknown): ValueView {
  if (value === undefined || value === null) return [String(value)];
  if (typeof value === 'string')
    return value.length > MAX_SHOWN ? ['text', value.length, sumOf(unitsOf(value))] : ['text', value];
  if (typeof value === 'bigint') return ['bigint', String(value)];
  if (typeof value !== 'object') return [typeof value, value];
  if (value instanceof Uint8Array) return ['bytes', value.length, sumOf(value)];
  if (value instanceof Date) return ['date', value.toISOString()];
  if (value instanceof Map)
    return ['map', [...value].map(([key, item]) => [viewValue(key), viewValue(item)])];
  if (value instanceof Set) return ['set', [...value].map(viewValue)];
  if (Array.isArray(value)) return ['list', value.map(viewValue)];
  return [
    'object',
    value.constructor.name,
    Object.entries(value).map(([key, item]) => [key, viewValue(item)]),
  ];
}

/** An error with all that it tells its catcher, causes included. */
export interface FailureView {
  readonly kind: string;
  readonly message: ValueView;
  readonly stack: ValueView;
  readonly isCancellation: boolean;
  /** What only this kind of error has. */
  readonly own: Readonly<Record<string, unknown>>;
  readonly cause?: FailureView;
}

function ownOf(error: Error): Record<string, unknown> {
  if (error instanceof ApplicationFailure) {
    const { type, nonRetryable, category, details } = error;
    return { type, nonRetryable, category, details: viewValue(details ?? []) };
  }
  if (error instanceof CancelledFailure) return { details: viewValue(error.details) };
  if (error instanceof TimeoutFailure)
    return { timeoutType: error.timeoutType, lastHeartbeat: viewValue(error.lastHeartbeatDetails) };
  if (error instanceof ServerFailure) return { nonRetryable: error.nonRetryable };
  if (error instanceof ActivityFailure)
    return { activityType: error.activityType, retryState: error.retryState };
  if (error instanceof ChildWorkflowFailure)
    return { workflowType: error.workflowType, retryState: error.retryState };
  return {};
}

const KINDS = {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  ChildWorkflowFailure,
  ServerFailure,
  TerminatedFailure,
  TimeoutFailure,
};

/** Tells an error. The kind is the class by which a catcher asks, not a name. */
export function viewFailure(error: unknown): FailureView {
  if (!(error instanceof Error)) throw new TypeError(`not an error: ${typeof error}`);
  const kind = Object.entries(KINDS).find(([, made]) => error instanceof made)?.[0] ?? error.name;
  return {
    kind,
    message: viewValue(error.message),
    stack: viewValue(error.stack),
    isCancellation: isCancellation(error),
    own: ownOf(error),
    ...(error.cause === undefined ? {} : { cause: viewFailure(error.cause) }),
  };
}

/** How a call ended for its caller. */
export type EndTold = { readonly value: ValueView } | { readonly error: FailureView };

/** Waits for an end and tells it. */
export async function tellEnd(promise: Promise<unknown>): Promise<EndTold> {
  try {
    return { value: viewValue(await promise) };
  } catch (error) {
    return { error: viewFailure(error) };
  }
}
