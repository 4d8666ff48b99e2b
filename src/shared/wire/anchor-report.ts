import type { Payload, ProtoFailure } from '@temporalio/common';
import { fromUtf8, utf8 } from '../bytes.js';
import { quotedMessage } from '../failure-chain.js';
import {
  REMOTE_STARTED,
  REMOTE_WORKFLOW_CANCELED,
  REMOTE_WORKFLOW_COMPLETED,
  isFailureType,
} from '../failure-table.js';
import type { Outcome, RemoteExecution } from '../outcome.js';
import { FieldReader } from './fields.js';

/**
 * How the anchor activity reports an outcome to the caller workflow (the way of the fallback poll). An activity has one
 * result or one failure and no headers, so the bridge's few words travel where payload codecs do not look: in the
 * result payload's metadata, and in the failure's `source`. The user's payloads stay what they were.
 */
const REMOTE_METADATA = 'temporal-bridge-remote';
const SOURCE_PREFIX = 'temporal-bridge ';

/** What the anchor activity reported. */
export interface AnchorReport {
  readonly outcome: Outcome;
  readonly remote: RemoteExecution | undefined;
}

/** What is known about whether a call's target was started. */
export type Started = 'yes' | 'no' | 'unknown';

interface ReportMeta {
  readonly remote?: RemoteExecution;
  readonly refusal?: Readonly<Record<string, string>>;
}

function parseMeta(text: string | undefined): ReportMeta {
  try {
    const fields = new FieldReader(JSON.parse(text ?? ''), 'anchor');
    const remote = fields.object('remote');
    return {
      remote: {
        wrapperWorkflowId: remote.string('wrapperWorkflowId', { empty: true }),
        workflowId: remote.string('workflowId', { empty: true }),
        runId: remote.string('runId', { empty: true }),
      },
      refusal: fields.texts('refusal'),
    };
  } catch {
    return {}; // A user's codec may drop what it does not know: the outcome stands without it.
  }
}

/** An outcome that an activity can return: one with a value. */
export type ValueOutcome = { readonly status: 'completed'; readonly value: Payload };
/** Tells whether an outcome is returned or reported by a failure. */
export function hasValue(outcome: Outcome): outcome is ValueOutcome {
  return outcome.status === 'completed' && outcome.value !== undefined;
}

/** Writes the value of a completed target as the activity's result. */
export function encodeAnchorResult(value: Payload, remote: RemoteExecution): Payload {
  const meta: ReportMeta = { remote };
  return {
    ...value,
    metadata: { ...value.metadata, [REMOTE_METADATA]: utf8(JSON.stringify(meta)) },
  };
}

/** Reads what {@link encodeAnchorResult} wrote; the value comes back as it was. */
export function decodeAnchorResult(payload: Payload): AnchorReport {
  const metadata: Record<string, Uint8Array> = {};
  for (const [key, value] of Object.entries(payload.metadata ?? {})) {
    if (key !== REMOTE_METADATA) metadata[key] = value;
  }
  const { remote } = parseMeta(fromUtf8(payload.metadata?.[REMOTE_METADATA] ?? new Uint8Array()));
  // A proto message keeps "no bytes" on its prototype, which a spread leaves behind.
  const { data = new Uint8Array() } = payload;
  return { outcome: { status: 'completed', value: { ...payload, metadata, data } }, remote };
}

function describe(outcome: Outcome): {
  type: string;
  message: string;
  cause?: ProtoFailure;
  refusal?: Readonly<Record<string, string>>;
} {
  switch (outcome.status) {
    case 'completed':
      // Not a result: that would be a payload of the bridge's own, and the caller's codec may throw on it.
      return { type: REMOTE_WORKFLOW_COMPLETED, message: 'remote workflow completed without a result' };
    case 'failed':
      return {
        type: 'REMOTE_WORKFLOW_FAILED',
        message: `remote workflow failed: ${quotedMessage(outcome.failure)}`,
        cause: outcome.failure,
      };
    case 'canceled':
      return {
        type: REMOTE_WORKFLOW_CANCELED,
        message: 'remote workflow was canceled',
        cause: { canceledFailureInfo: { details: { payloads: [...outcome.details] } } },
      };
    case 'timed_out':
      return { type: 'REMOTE_WORKFLOW_TIMED_OUT', message: 'remote workflow timed out' };
    case 'terminated':
      return { type: 'REMOTE_WORKFLOW_TERMINATED', message: 'remote workflow was terminated' };
    case 'refused':
      return {
        type: outcome.refusal.type,
        message: outcome.refusal.message,
        refusal: outcome.refusal.details,
      };
  }
}

/** Writes an outcome without a value as the activity's failure: never retried, the target's own failure as cause. */
export function encodeAnchorFailure(outcome: Outcome, remote: RemoteExecution): ProtoFailure {
  const { type, message, cause, refusal } = describe(outcome);
  const meta: ReportMeta = { remote, ...(refusal ? { refusal } : {}) };
  return {
    message,
    source: SOURCE_PREFIX + JSON.stringify(meta),
    applicationFailureInfo: { type, nonRetryable: true },
    ...(cause ? { cause } : {}),
  };
}

/** Whether the bridge wrote a failure: an outcome, a start or a waiting attempt, itself or behind a time-out. */
export function isBridgeReport(failure: ProtoFailure | null | undefined): boolean {
  if (!failure) return false;
  if ((failure.source ?? '').startsWith(SOURCE_PREFIX)) return true;
  return Boolean(failure.timeoutFailureInfo) && isBridgeReport(failure.cause);
}

/** Reads what {@link encodeAnchorFailure} wrote; `undefined` if the failure is not an outcome. */
export function decodeAnchorFailure(failure: ProtoFailure): AnchorReport | undefined {
  const type = failure.applicationFailureInfo?.type;
  const source = failure.source ?? '';
  if (!type || !source.startsWith(SOURCE_PREFIX)) return undefined;
  const { remote, refusal = {} } = parseMeta(source.slice(SOURCE_PREFIX.length));
  switch (type) {
    case 'REMOTE_WORKFLOW_FAILED':
      return failure.cause ? { outcome: { status: 'failed', failure: failure.cause }, remote } : undefined;
    case REMOTE_WORKFLOW_COMPLETED:
      return { outcome: { status: 'completed', value: undefined }, remote };
    case REMOTE_WORKFLOW_CANCELED:
      return {
        outcome: { status: 'canceled', details: failure.cause?.canceledFailureInfo?.details?.payloads ?? [] },
        remote,
      };
    case 'REMOTE_WORKFLOW_TIMED_OUT':
      return { outcome: { status: 'timed_out' }, remote };
    case 'REMOTE_WORKFLOW_TERMINATED':
      return { outcome: { status: 'terminated' }, remote };
    default:
      if (!isFailureType(type)) return undefined;
      return {
        outcome: { status: 'refused', refusal: { type, message: failure.message ?? '', details: refusal } },
        remote,
      };
  }
}

/** The `source` of the failure that ends a waiting attempt: tells what is known if no attempt follows. */
export function waitingSource(started: Started): string {
  return SOURCE_PREFIX + JSON.stringify({ started });
}

/** Reads what {@link waitingSource} wrote; `undefined` if the failure is not a waiting attempt's. */
export function decodeWaiting(failure: ProtoFailure): Started | undefined {
  const source = failure.source ?? '';
  if (!source.startsWith(SOURCE_PREFIX)) return undefined;
  return (['yes', 'no', 'unknown'] as const).find((started) => source === waitingSource(started));
}

/** Writes that a call's target runs as an activity's failure: a result would be a payload of the bridge's own. */
export function encodeStartedReport(remote: RemoteExecution): ProtoFailure {
  return {
    message: `remote workflow ${remote.workflowId} runs`,
    source: SOURCE_PREFIX + JSON.stringify({ remote } satisfies ReportMeta),
    applicationFailureInfo: { type: REMOTE_STARTED, nonRetryable: true },
  };
}

/** Reads what {@link encodeStartedReport} wrote; `undefined` if the failure is another one. */
export function decodeStartedReport(failure: ProtoFailure): RemoteExecution | undefined {
  const source = failure.source ?? '';
  if (failure.applicationFailureInfo?.type !== REMOTE_STARTED || !source.startsWith(SOURCE_PREFIX))
    return undefined;
  return parseMeta(source.slice(SOURCE_PREFIX.length)).remote;
}
