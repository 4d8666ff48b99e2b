/** Completion signals as tests look at them, copy them and forge them. */
import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import type { Payload } from '@temporalio/common';
import { COMPLETION_HEADER, COMPLETION_SIGNAL } from '../../src/shared/names.js';
import { jsonPayload } from '../../src/shared/payloads.js';
import type { TestSide } from './harness.js';
import { eventually } from './inspect.js';

/** One completion signal: its header fields and its payloads. */
export interface CompletionSignal {
  readonly header: Readonly<Record<string, Payload>>;
  readonly payloads: readonly Payload[];
}

/** The completion signals in a caller's history. */
export async function completionsOf(
  handle: Pick<WorkflowHandle, 'fetchHistory'>,
): Promise<CompletionSignal[]> {
  const { events } = await handle.fetchHistory();
  return (events ?? []).flatMap((event) => {
    const signal = event.workflowExecutionSignaledEventAttributes;
    if (signal?.signalName !== COMPLETION_SIGNAL) return [];
    return [{ header: signal.header?.fields ?? {}, payloads: signal.input?.payloads ?? [] }];
  });
}

/** Waits for a caller's first completion signal. */
export async function firstCompletion(
  handle: Pick<WorkflowHandle, 'fetchHistory'>,
): Promise<CompletionSignal> {
  return eventually('a completion signal has come', async () => (await completionsOf(handle))[0]);
}

/** The envelope of a completion signal. */
export function envelopeOf({ header }: CompletionSignal): Record<string, unknown> {
  const data = header[COMPLETION_HEADER]?.data ?? new Uint8Array();
  return JSON.parse(Buffer.from(data).toString()) as Record<string, unknown>;
}

/** A completion signal with this envelope. */
export function completionWith(
  envelope: unknown,
  payloads: readonly Payload[] = [jsonPayload('forged')],
): CompletionSignal {
  return { header: { [COMPLETION_HEADER]: jsonPayload(envelope) }, payloads };
}

/** Sends a completion signal by hand, under a request id of its own. */
export async function sendCompletionTo(
  side: TestSide,
  workflowId: string,
  { header, payloads }: CompletionSignal,
): Promise<void> {
  await side.client.workflowService.signalWorkflowExecution({
    namespace: side.namespace,
    workflowExecution: { workflowId },
    signalName: COMPLETION_SIGNAL,
    header: { fields: { ...header } },
    input: { payloads: [...payloads] },
    requestId: randomUUID(),
    identity: 'a test',
  });
}
