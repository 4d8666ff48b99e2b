import { Context } from '@temporalio/activity';
import type { Payload } from '@temporalio/common';
import { utf8 } from '../../shared/bytes.js';
import { raw } from '../../shared/payloads.js';
import { wholeNumber } from '../heartbeat-number.js';
import type { Started } from '../../shared/wire/anchor-report.js';

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
  /** Attempts that a cap held back. */
  readonly holds: number;
}

/** What is known at the beginning of this attempt. */
export function readProgress(): AnchorProgress {
  const { info } = Context.current();
  const { attempt } = info;
  const heartbeatDetails: unknown = info.heartbeatDetails;
  const details = (
    typeof heartbeatDetails === 'object' && heartbeatDetails !== null ? heartbeatDetails : {}
  ) as Partial<Record<keyof AnchorProgress, unknown>>;
  const previous = wholeNumber(details.attempt);
  const recorded: Started =
    details.started === 'yes' || details.started === 'unknown' ? details.started : 'no';
  // An attempt that left no word (a killed bridge) may have sent the start.
  const started: Started = recorded === 'no' && previous < attempt - 1 ? 'unknown' : recorded;
  return {
    attempt,
    started,
    looks: wholeNumber(details.looks),
    absences: wholeNumber(details.absences),
    failures: wholeNumber(details.failures),
    holds: wholeNumber(details.holds),
  };
}

/** Metadata key by which the progress hangs on a payload of the user's. */
export const PROGRESS_METADATA = 'temporal-bridge-progress';

/**
 * Leaves word for the next attempt; it travels with this attempt's end, too. A server shows it to the caller if the
 * activity times out, and then the caller's codec decodes it: so it hangs on a payload which that codec wrote.
 */
export function writeProgress(progress: AnchorProgress, token: Payload | undefined): void {
  Context.current().heartbeat(
    token
      ? raw({
          data: token.data ?? new Uint8Array(),
          metadata: { ...token.metadata, [PROGRESS_METADATA]: utf8(JSON.stringify(progress)) },
        })
      : progress,
  );
}
