import { Context } from '@temporalio/activity';
import type { Payload } from '@temporalio/common';
import { utf8 } from '../../shared/bytes.js';
import { raw } from '../../shared/payloads.js';
import { wholeNumber } from '../heartbeat-number.js';
import type { Started } from '../../shared/wire/anchor-report.js';
import { decodeWaiting } from '../../shared/wire/anchor-report.js';
import { faultOf } from '../grpc-errors.js';

/**
 * What one attempt of the anchor activity leaves to the next, in the heartbeat details: no history event, no storage of
 * our own.
 */
export interface AnchorProgress {
  /** Number of the attempt that wrote this. */
  readonly attempt: number;
  /** Whether the wrapper is known to have been started. */
  readonly started: Started;
  /** Fallback looks made. */
  readonly looks: number;
  /** Looks in a row at a cluster that knew nothing of the call. */
  readonly absences: number;
  /** Attempts in a row at a cluster that could not be reached. */
  readonly failures: number;
}

/** What an orderly first attempt leaves: it goes without saying, since each word is a request and a billable action. */
const AFTER_START: AnchorProgress = { attempt: 1, started: 'yes', looks: 0, absences: 0, failures: 0 };

/** Deadline of the look at this activity's own last failure, in milliseconds. */
const RECALL_TIMEOUT_MS = 5_000;

/**
 * What the attempt before this one ended with, as the caller cluster keeps it. `unknown` if that attempt was killed, or
 * this process may not look.
 */
async function startedByLastFailure(): Promise<Started> {
  const { client, info } = Context.current();
  const { workflowExecution: execution, activityId } = info;
  if (!execution) return 'unknown';
  try {
    const { pendingActivities } = await client.withDeadline(Date.now() + RECALL_TIMEOUT_MS, () =>
      client.workflowService.describeWorkflowExecution({ namespace: info.namespace, execution }),
    );
    const own = pendingActivities?.find((pending) => pending.activityId === activityId);
    return (own?.lastFailure ? decodeWaiting(own.lastFailure) : undefined) ?? 'unknown';
  } catch (error) {
    if (faultOf(error) === 'denied') return 'unknown';
    throw error;
  }
}

/** What earlier attempts have left, and whether the one before this ended without a word. */
function readProgress(): { readonly progress: AnchorProgress; readonly isWordMissing: boolean } {
  const { attempt, heartbeatDetails } = Context.current().info as {
    attempt: number;
    heartbeatDetails: unknown;
  };
  const details = (
    typeof heartbeatDetails === 'object' && heartbeatDetails !== null ? heartbeatDetails : {}
  ) as Partial<Record<keyof AnchorProgress, unknown>>;
  const { started } = details;
  return {
    progress: {
      attempt,
      started: started === 'yes' || started === 'unknown' ? started : 'no',
      looks: wholeNumber(details.looks),
      absences: wholeNumber(details.absences),
      failures: wholeNumber(details.failures),
    },
    isWordMissing: wholeNumber(details.attempt) < attempt - 1,
  };
}

/**
 * What is known at the beginning of this attempt.
 *
 * @param wasStarted - the call is taken up by a later run: the reference to it says that it was started
 */
export async function recallProgress(
  token: Payload | undefined,
  wasStarted: boolean,
): Promise<AnchorProgress> {
  const { progress, isWordMissing } = readProgress();
  if (wasStarted) return { ...progress, started: 'yes' };
  if (progress.started !== 'no' || !isWordMissing) return progress;
  const recalled: AnchorProgress = { ...progress, started: await startedByLastFailure() };
  writeProgress(recalled, token);
  return recalled;
}

/** Metadata key by which the progress hangs on a payload of the user's. */
export const PROGRESS_METADATA = 'temporal-bridge-progress';

/** Leaves word for the next attempt, unless it is the word that goes without saying. */
export function leaveProgress(progress: AnchorProgress, token: Payload | undefined): void {
  const fields = Object.keys(AFTER_START) as (keyof AnchorProgress)[];
  if (fields.some((field) => progress[field] !== AFTER_START[field])) writeProgress(progress, token);
}

/**
 * Writes what the next attempt will read; it travels with this attempt's end, too. A server shows it to the caller if the
 * activity times out, and then the caller's codec decodes it: so it hangs on a payload which that codec wrote.
 */
function writeProgress(progress: AnchorProgress, token: Payload | undefined): void {
  Context.current().heartbeat(
    token
      ? raw({
          data: token.data ?? new Uint8Array(),
          metadata: { ...token.metadata, [PROGRESS_METADATA]: utf8(JSON.stringify(progress)) },
        })
      : progress,
  );
}
