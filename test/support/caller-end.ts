import type { WorkflowHandle } from '@temporalio/client';
import protos from '@temporalio/proto';
import type { TwoClusters } from './harness.js';
import { whenClosed } from './inspect.js';
import { remoteIdsOf } from './anchor.js';

const { Failure } = protos.temporal.api.failure.v1;
const { Payloads } = protos.temporal.api.common.v1;

/** How a caller workflow ended, in a form by which two calls with different ids can be compared. */
export interface CallerEnd {
  readonly status: string;
  /** The result's payloads, or the failure, to the byte (base64), as JSON with sorted keys; all ids replaced. */
  readonly end: string;
  /** Completion signals in the caller's history. */
  readonly signals: number;
}

const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/** Waits for a caller's end and takes it out of its history. */
export async function callerEnd(clusters: TwoClusters, caller: WorkflowHandle): Promise<CallerEnd> {
  const { status } = await whenClosed(caller);
  const { callId, wrapper, target } = await remoteIdsOf(clusters.b, caller);
  const events = (await caller.fetchHistory()).events ?? [];
  const last = events.at(-1);
  const result = last?.workflowExecutionCompletedEventAttributes?.result;
  const failure = last?.workflowExecutionFailedEventAttributes?.failure;
  if (!result === !failure) throw new Error(`${caller.workflowId} has neither completed nor failed`);
  const options = { bytes: String, longs: String, enums: String };
  const whole = result
    ? Payloads.toObject(result as never, options)
    : Failure.toObject(failure as never, options);
  const ids = [callId, wrapper.workflowId, target.workflowId];
  return {
    status: status.name,
    end: JSON.stringify(comparable(whole, ids), undefined, 1),
    signals: events.filter((event) => event.workflowExecutionSignaledEventAttributes).length,
  };
}

/** Sorts keys, since a server writes a payload's metadata in any order, and replaces ids, also inside of payloads. */
function comparable(value: unknown, ids: readonly string[], key = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => comparable(item, ids));
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
    return Object.fromEntries(entries.map(([name, item]) => [name, comparable(item, ids, name)]));
  }
  if (typeof value !== 'string') return value;
  // One character a byte, so that ids are found in payloads and nothing else is lost.
  const isBytes = key === 'data';
  let text = isBytes ? Buffer.from(value, 'base64').toString('latin1') : value;
  for (const id of ids) text = text.replaceAll(id, `<${id.length} characters>`);
  text = text.replace(UUID, '<uuid>');
  return isBytes ? { latin1: text } : text;
}
