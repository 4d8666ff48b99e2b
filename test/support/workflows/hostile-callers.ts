/** Callers that say what no library would: envelopes written by hand, and how the bridge answers. */
import { ActivityFailure, ApplicationFailure } from '@temporalio/common';
import type { Payload } from '@temporalio/common';
import { uuid4, workflowInfo } from '@temporalio/workflow';
import { START_ACTIVITY } from '../../../src/shared/names.js';
import { jsonPayload, payloadOf, raw } from '../../../src/shared/payloads.js';
import { utf8 } from '../../../src/shared/bytes.js';
import { bridgeActivities } from '../../../src/workflow/bridge-activities.js';
import { headerCarrier } from '../../../src/workflow/header-carrier.js';

export * from './library-callers.js';

type Json = Readonly<Record<string, unknown>>;

/** A call that its caller writes by hand; what is absent is as in a sound call. */
export interface ForgedCall {
  /** Fields of the envelope, over those of a sound one; `null` takes one away. */
  readonly envelope?: Json;
  /** Fields of `envelope.target`. */
  readonly target?: Json;
  /** The header field's text in place of all that. */
  readonly header?: string;
  /** The header field's bytes in hexadecimal digits in place of all that. */
  readonly headerHex?: string;
  /** Name of the header field. */
  readonly headerName?: string;
  /** How many arguments the call has; default 1. */
  readonly args?: number;
  /** Bytes of each of them; default: a short text. */
  readonly argBytes?: number;
  /** JSON of each of them; default: a short text. */
  readonly argJson?: unknown;
  /** Metadata of each of them. */
  readonly metadata?: Readonly<Record<string, string>>;
  readonly activityType?: string;
}

/** How the activity of a forged call ended. */
export interface ForgedEnd {
  readonly type: string;
  readonly message: string;
}

function argOf({ argBytes, argJson, metadata }: ForgedCall, n: number): Payload {
  if (argJson !== undefined) return jsonPayload(argJson);
  if (metadata) {
    const entries = Object.entries(metadata).map(([key, value]) => [key, utf8(value)] as const);
    return { metadata: Object.fromEntries(entries), data: utf8('"hostile"') };
  }
  return argBytes === undefined
    ? jsonPayload(`arg ${n}`)
    : payloadOf('binary/plain', new Uint8Array(argBytes));
}

function headerOf(forged: ForgedCall): Payload {
  const { header, headerHex, envelope, target } = forged;
  if (headerHex !== undefined) {
    const bytes = (headerHex.match(/../g) ?? []).map((digits) => Number.parseInt(digits, 16));
    return payloadOf('json/plain', Uint8Array.from(bytes));
  }
  if (header !== undefined) return payloadOf('json/plain', utf8(header));
  const { namespace, workflowId, runId, firstExecutionRunId } = workflowInfo();
  const callId = `${uuid4()}${uuid4()}`.replaceAll('-', '');
  const sound: Json = {
    v: 1,
    kind: 'call',
    callId,
    argsDigest: 'a'.repeat(64),
    caller: { namespace, workflowId, runId, firstRunId: firstExecutionRunId },
    target: { workflowType: 'Echo', taskQueue: 'targets', idMode: 'hashed', name: 'Echo', ...target },
    wrapperWorkflowId: `bridge-call-${callId}`,
    fallback: { firstMs: 100, maxMs: 200 },
    timeoutMs: 60_000,
  };
  const forgedFields = Object.entries({ ...sound, ...envelope }).filter(([, value]) => value !== null);
  return jsonPayload(Object.fromEntries(forgedFields));
}

/** Makes a call by an envelope of its own; the fallback brings what becomes of it. */
export async function ForgeCall(forged: ForgedCall): Promise<ForgedEnd> {
  const activities = bridgeActivities('bridge-queue', 'forged', {
    scheduleToCloseMs: 50_000,
    maximumIntervalMs: 1000,
  });
  const { args = 1, headerName = 'temporal-bridge-call', activityType = START_ACTIVITY } = forged;
  const payloads = Array.from({ length: args }, (_, n) => raw(argOf(forged, n)));
  const schedule = activities[activityType as typeof START_ACTIVITY];
  try {
    await schedule(headerCarrier({ [headerName]: headerOf(forged) }), ...payloads);
    return { type: 'completed', message: '' };
  } catch (error) {
    const cause = error instanceof ActivityFailure ? error.cause : error;
    const type = cause instanceof ApplicationFailure ? (cause.type ?? '') : String((cause as Error)?.name);
    return { type, message: cause instanceof Error ? cause.message : String(cause) };
  }
}

/** Schedules an activity of the caller side for each of these header fields at once, and says how each ended. */
export async function ForgeMany(headersHex: readonly string[]): Promise<string[]> {
  const ends = headersHex.map((headerHex) => ForgeCall({ headerHex, args: 0 }));
  return (await Promise.all(ends)).map(({ type }) => type);
}
