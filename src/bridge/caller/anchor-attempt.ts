import { Context } from '@temporalio/activity';
import type { Payload } from '@temporalio/common';
import type { Outcome } from '../../shared/outcome.js';
import type { CallEnvelope } from '../../shared/wire/call-envelope.js';
import type { ActivityCall } from '../activity-call.js';
import type { OverCap } from '../caps/call-caps.js';
import type { AnchorProgress } from './anchor-progress.js';
import type { CallerSide } from './caller-side.js';
import type { FallbackSettings } from '../fallback-schedule.js';
import { fallbackDelayMs } from '../fallback-schedule.js';

/** What an attempt of the anchor activity found out. */
export type Finding =
  | { readonly kind: 'ended'; readonly outcome: Outcome; readonly runId: string }
  | { readonly kind: 'running'; readonly looked: boolean; readonly targetStarted: boolean }
  /** The cluster answers, and knows nothing of a call that was started. */
  | { readonly kind: 'absent' }
  | { readonly kind: 'unreachable'; readonly error: unknown; readonly sent: boolean }
  /** Nothing was started, since a cap holds the call back. */
  | { readonly kind: 'held'; readonly over: OverCap };

export type Running = Extract<Finding, { kind: 'running' }>;

/** One attempt: the call, what is known, and when it was made. */
export interface Attempt {
  readonly side: CallerSide;
  readonly call: CallEnvelope;
  readonly args: ActivityCall['payloads'];
  /** What this attempt's word to the next one hangs on; absent where this worker's own codec encodes it. */
  readonly token: Payload | undefined;
  readonly targetWorkflowId: string;
  readonly progress: AnchorProgress;
  /** Milliseconds since the call was recorded on the caller cluster. */
  readonly ageMs: number;
  readonly scheduledAt: number;
}

/** When this call is looked at: as it asked for, else as the bridge is set. */
export function fallbackOf({ side, call }: Pick<Attempt, 'side' | 'call'>): FallbackSettings {
  return call.fallback ?? side.fallback;
}

/** Time before the end of the activity's own time that its last look is given, in milliseconds. */
const LAST_LOOK_MS = 1_000;

/**
 * Delay before the next look. A caller with a time-out of its own does not let this activity outlive it, and an attempt
 * that would begin after that is not waited for: then the last look is just before it.
 */
export function nextLookMs(attempt: Attempt, looks: number): number {
  const { call, ageMs } = attempt;
  const delayMs = fallbackDelayMs(fallbackOf(attempt), { timeoutMs: call.timeoutMs, ageMs, looks });
  return withinActivityMs(ageMs, delayMs);
}

/** A delay that ends before the activity's own time does, if any of it is left. */
export function withinActivityMs(ageMs: number, delayMs: number): number {
  const activityMs = Context.current().info.scheduleToCloseTimeoutMs;
  const leftMs = activityMs > 0 ? activityMs - ageMs - LAST_LOOK_MS : Number.POSITIVE_INFINITY;
  return leftMs > 0 ? Math.min(delayMs, leftMs) : delayMs;
}
