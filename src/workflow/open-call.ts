import type { Payload } from '@temporalio/common';
import { CancellationScope, log, sleep, workflowInfo } from '@temporalio/workflow';
import {
  DEFAULT_FALLBACK_FIRST_MS,
  HISTORY_EVENTS_WARNING,
  MAX_ARGUMENTS_BYTES,
  MAX_OPEN_CALLS,
  OPEN_CALLS_WARNING,
} from '../shared/limits.js';
import type { Outcome, RemoteExecution } from '../shared/outcome.js';
import { refused } from '../shared/outcome.js';
import { totalPayloadBytes } from '../shared/payloads.js';
import { wrapperWorkflowIdOf } from '../shared/remote-ids.js';
import type { CallEnvelope, ParentClose } from '../shared/wire/call-envelope.js';
import type { CallPayloads } from '../shared/wire/extra-payloads.js';
import { joinPayloads } from '../shared/wire/extra-payloads.js';
import type { AnchorOptions, AnchoredCall } from './anchor.js';
import { anchorCall, cancelCall, confirmStart } from './anchor.js';
import type { CallName } from './call-identity.js';
import { nameCall } from './call-identity.js';
import { completionInbox } from './completion-inbox.js';
import { inSideSlot } from './side-slots.js';

/** One call to make. */
export interface CallRequest extends Omit<CallName, 'args'> {
  readonly payloads: CallPayloads;
  /** Milliseconds; absent: waits for ever. */
  readonly timeoutMs?: number;
  /** Task queue of the caller-side worker. */
  readonly bridgeTaskQueue: string;
  readonly parentClose: ParentClose;
  /** The call's start is awaited. */
  readonly confirmStart?: boolean;
  readonly fallback?: { readonly firstMs: number; readonly maxMs: number };
  /** The caller is the bridge's own workflow. */
  readonly isBridgesOwn?: boolean;
}

/** How a call ended, and where it ran. */
export interface CallEnd {
  readonly outcome: Outcome;
  readonly remote: RemoteExecution | undefined;
}

/** A call that has been made. */
export interface OpenCall extends AnchoredCall {
  /** How it ended. Never rejects, and does not follow any scope: a cancellation is passed on, not suffered. */
  readonly ended: Promise<CallEnd>;
  readonly isOpen: () => boolean;
  /** Shared with other runs: one that fails may be retried, and the retry takes the call up. */
  readonly outlivesRun: boolean;
  /** Where the target runs, as soon as that is known, or how the call ended without. Only if the start is confirmed. */
  readonly started: () => Promise<RemoteExecution | CallEnd>;
  /** Asks the handler cluster to cancel the call, once; resolves when it has taken the request. */
  readonly requestCancel: () => Promise<void>;
  /** Whether that has been asked for, and whether the handler cluster has taken it. */
  readonly cancellation: () => 'none' | 'asked' | 'taken';
}

const OPEN_CALLS = Symbol.for('temporal-bridge.open-calls/1');
const WARNED = Symbol.for('temporal-bridge.long-history-warned/1');
const holder = globalThis as { [OPEN_CALLS]?: Set<OpenCall>; [WARNED]?: boolean };

function callsOfThisRun(): Set<OpenCall> {
  return (holder[OPEN_CALLS] ??= new Set());
}

/** The calls of this run that have not ended. */
export function openCalls(): ReadonlySet<OpenCall> {
  return callsOfThisRun();
}

/** Why a call cannot be made at all: told before anything is recorded or started. */
function refusalOf(
  request: CallRequest,
  payloads: readonly Payload[],
  conflicts: boolean,
  wrapperWorkflowId: string,
): Outcome | undefined {
  if (conflicts) {
    const message = `the call key of ${request.target.workflowType} is in use with other arguments; nothing was started`;
    return refused('CALL_ID_CONFLICT', message, { wrapperWorkflowId });
  }
  // Estimated: a codec may add to it. The caller-side worker checks again what really travels.
  const bytes = totalPayloadBytes(payloads);
  if (bytes > MAX_ARGUMENTS_BYTES) {
    const message = `arguments of ${bytes} bytes; expected at most ${MAX_ARGUMENTS_BYTES}; nothing was started`;
    return refused('PAYLOAD_TOO_LARGE', message, {
      bytes: String(bytes),
      limit: String(MAX_ARGUMENTS_BYTES),
    });
  }
  return tooManyOpen();
}

/** Whether one more call would be too many for a server. */
export function tooManyOpen(): Outcome | undefined {
  const open = openCalls().size;
  if (open < MAX_OPEN_CALLS) return undefined;
  const message = `${open} calls of this workflow are open; expected at most ${MAX_OPEN_CALLS}; nothing was started`;
  return refused('TOO_MANY_OPEN_CALLS', message, { open: String(open) });
}

function warnNearLimits(): void {
  if (openCalls().size === OPEN_CALLS_WARNING) {
    log.warn('Many calls to other clusters are open in this workflow', {
      open: OPEN_CALLS_WARNING,
      limit: MAX_OPEN_CALLS,
    });
  }
  const { historyLength } = workflowInfo();
  if (historyLength > HISTORY_EVENTS_WARNING && !holder[WARNED]) {
    holder[WARNED] = true;
    log.warn('This run makes calls to other clusters with a long history: continue as new', {
      events: historyLength,
    });
  }
}

function neverOpened(call: AnchoredCall, outcome: Outcome): OpenCall {
  const end: CallEnd = { outcome, remote: undefined };
  return {
    ...call,
    ended: Promise.resolve(end),
    isOpen: () => false,
    outlivesRun: false,
    started: () => Promise.resolve(end),
    requestCancel: () => Promise.resolve(),
    cancellation: () => 'none',
  };
}

/**
 * Makes a call: the completion signal is expected, and the anchor activity recorded with the call's arguments, before
 * this function returns (I2). Exactly one outcome ends it (I1): that of the signal, or the anchor's where that is first.
 */
export function makeCall(request: CallRequest): OpenCall {
  const { options, refusal } = prepareCall(request);
  return refusal ? neverOpened(options, refusal) : openCall(options);
}

/** Names a call and writes its envelope; nothing is recorded yet. */
export function prepareCall(request: CallRequest): { options: AnchorOptions; refusal: Outcome | undefined } {
  const { target, cluster, sourceCluster, timeoutMs, bridgeTaskQueue, parentClose, fallback } = request;
  const { callId, argsDigest, conflicts } = nameCall({ ...request, args: request.payloads.args });
  const { namespace, workflowId, runId, firstExecutionRunId } = workflowInfo();
  const { payloads, extras } = joinPayloads(request.payloads);
  const wrapperWorkflowId = wrapperWorkflowIdOf(callId);
  const envelope: AnchoredCall['envelope'] = {
    callId,
    argsDigest,
    caller: { namespace, workflowId, runId, firstRunId: firstExecutionRunId },
    target,
    wrapperWorkflowId,
    ...(cluster === undefined ? {} : { cluster }),
    ...(extras === undefined ? {} : { extras }),
    ...(parentClose === 'abandon' ? {} : { parentClose }),
    ...(request.confirmStart ? { confirmStart: true } : {}),
    ...(fallback === undefined ? {} : { fallback }),
    ...(sourceCluster === undefined ? {} : { sourceCluster }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  };
  return {
    options: {
      envelope,
      payloads,
      bridgeTaskQueue,
      ...(request.payloads.token ? { token: request.payloads.token } : {}),
      ...(request.isBridgesOwn ? { isBridgesOwn: true } : {}),
      outlivesRun: request.scope !== 'run',
    },
    refusal: refusalOf(request, payloads, conflicts, wrapperWorkflowId),
  };
}

/**
 * Whether the anchor gave up before the call's time was over: the server does not let an activity outlive the caller's own
 * time-out, and does not wait for a look that would come after it. The completion may still come in time; only a call
 * that was not started by then has no hope of one.
 */
function isCutShort({ outcome, remote }: CallEnd, { timeoutMs }: CallBody, madeAt: number): boolean {
  if (outcome.status !== 'refused' || outcome.refusal.type !== 'CALL_EXPIRED' || remote) return false;
  if (outcome.refusal.details['started'] === 'no') return false;
  return timeoutMs === undefined || Date.now() - madeAt < timeoutMs;
}

/** Opens a call that {@link makeCall} has made, or takes up one that an earlier run of the chain made. */
export function openCall(options: AnchorOptions): OpenCall {
  const { envelope, bridgeTaskQueue } = options;
  const inbox = completionInbox();
  const madeAt = Date.now();
  let isOpen = true;
  let cancelling: Promise<void> | undefined;
  let cancellation: ReturnType<OpenCall['cancellation']> = 'none';
  let cancelScope: CancellationScope | undefined;
  let starting: Promise<RemoteExecution | CallEnd> | undefined;

  // A call outlives the scope that it was made in: what a cancellation means for it is the caller's to say.
  const ended = CancellationScope.nonCancellable(async () => {
    const anchor = new CancellationScope({ cancellable: true });
    const bySignal = inbox.expect(envelope);
    const byAnchor = anchor.run(() => anchorCall(options));
    byAnchor.catch(() => undefined);
    try {
      const bySafetyNet = byAnchor.then((report) =>
        isCutShort(report, envelope, madeAt) ? bySignal : report,
      );
      const { outcome, remote } = await Promise.race([bySignal, bySafetyNet]);
      return { outcome, remote };
    } finally {
      isOpen = false;
      callsOfThisRun().delete(call);
      inbox.settle(envelope);
      // Left alone, they would ask the handler cluster once more at their next intervals (I7).
      anchor.cancel();
      cancelScope?.cancel();
    }
  });
  const passOnCancel = (): Promise<void> =>
    CancellationScope.nonCancellable(async () => {
      cancellation = 'asked';
      cancelScope = new CancellationScope({ cancellable: true });
      const scope = cancelScope;
      await inSideSlot(() => (isOpen ? scope.run(() => cancelCall(call)) : Promise.resolve()));
      cancellation = 'taken';
    });
  const call: OpenCall = {
    envelope,
    bridgeTaskQueue,
    ...(options.token ? { token: options.token } : {}),
    ended,
    isOpen: () => isOpen,
    outlivesRun: options.outlivesRun ?? false,
    started: () => (starting ??= awaitStart(call)),
    requestCancel: () => (cancelling ??= passOnCancel()),
    cancellation: () => cancellation,
  };
  callsOfThisRun().add(call);
  warnNearLimits();
  return call;
}

/** The word of the start: by signal, by the call's end, or past the fallback interval by a look. */
function awaitStart(call: OpenCall): Promise<RemoteExecution | CallEnd> {
  const { envelope } = call;
  return CancellationScope.nonCancellable(async () => {
    const safetyNet = new CancellationScope({ cancellable: true });
    const bySafetyNet = safetyNet.run(async () => {
      await sleep(envelope.fallback?.firstMs ?? DEFAULT_FALLBACK_FIRST_MS);
      return (await inSideSlot(() => confirmStart(call))) ?? call.ended;
    });
    bySafetyNet.catch(() => undefined);
    const bySignal = completionInbox()
      .expectStart(envelope)
      .then(({ remote }) => remote);
    try {
      // If the look itself cannot be made, the call's end tells.
      const start = await Promise.race([bySignal, call.ended, bySafetyNet.catch(() => call.ended)]);
      if (!isEnd(start) || start.remote || start.outcome.status !== 'completed') return start;
      // A value that came by the fallback through a codec that keeps no metadata does not say where it is from.
      const remote = await inSideSlot(() => confirmStart(call));
      return remote ? { ...start, remote } : start;
    } finally {
      safetyNet.cancel();
    }
  });
}

/** Whether a call's start is known by its end. */
export function isEnd(start: RemoteExecution | CallEnd): start is CallEnd {
  return 'outcome' in start;
}

/** The envelope of a call that is open, for what is done to its target. */
export type CallBody = Omit<CallEnvelope, 'v' | 'kind'>;
