import type { Payload } from '@temporalio/common';
import { CancellationScope, workflowInfo } from '@temporalio/workflow';
import type { CallScope } from '../shared/call-id.js';
import { argsDigestOf, callIdOf, derivedCallKey, givenCallKey } from '../shared/call-id.js';
import { MAX_ARGUMENTS_BYTES } from '../shared/limits.js';
import type { Outcome, RemoteExecution } from '../shared/outcome.js';
import { refused } from '../shared/outcome.js';
import { totalPayloadBytes } from '../shared/payloads.js';
import { wrapperWorkflowIdOf } from '../shared/remote-ids.js';
import type { TargetIdMode } from '../shared/wire/call-envelope.js';
import type { AnchorOptions } from './anchor.js';
import { anchorCall, cancelCall } from './anchor.js';
import { completionInbox } from './completion-inbox.js';

/** One call to make. */
export interface RemoteCall {
  readonly workflowType: string;
  readonly taskQueue: string;
  readonly args: readonly Payload[];
  readonly scope: CallScope;
  /** The user's key; absent: derived from what is asked for. */
  readonly key?: string;
  readonly targetId: { readonly mode: TargetIdMode; readonly name: string };
  /** Name of the caller cluster; needed in workflow-id scope, where no run id tells two clusters apart. */
  readonly sourceCluster?: string;
  /** Milliseconds; absent: waits for ever. */
  readonly timeoutMs?: number;
  /** Task queue of the caller-side worker. */
  readonly bridgeTaskQueue: string;
}

/** How a call ended, and where it ran. */
export interface RemoteCallResult {
  readonly callId: string;
  readonly outcome: Outcome;
  readonly remote: RemoteExecution | undefined;
}

const OCCURRENCES = Symbol.for('temporal-bridge.call-occurrences/1');
const KEYED_CALLS = Symbol.for('temporal-bridge.keyed-calls/1');
const holder = globalThis as {
  [OCCURRENCES]?: Map<string, number>;
  /** What each call with a user's key asked for: call id → digest. */
  [KEYED_CALLS]?: Map<string, string>;
};

/** How many calls with the same digest this run has made before. */
function nextOccurrence(argsDigest: string): number {
  const occurrences = (holder[OCCURRENCES] ??= new Map<string, number>());
  const occurrence = occurrences.get(argsDigest) ?? 0;
  occurrences.set(argsDigest, occurrence + 1);
  return occurrence;
}

/** Whether this run has used the call's key for something else: one completion must not answer both (I4). */
function conflictsInThisRun(call: RemoteCall, callId: string, argsDigest: string): boolean {
  if (call.key === undefined) return false;
  const keyed = (holder[KEYED_CALLS] ??= new Map<string, string>());
  const before = keyed.get(callId);
  if (before === undefined) keyed.set(callId, argsDigest);
  return before !== undefined && before !== argsDigest;
}

function scopeIdOf(call: RemoteCall): string {
  const info = workflowInfo();
  switch (call.scope) {
    case 'run':
      return info.originalExecutionRunId;
    case 'chain':
      return info.firstExecutionRunId;
    case 'workflow-id':
      return call.sourceCluster ?? '';
  }
}

function anchorOptionsOf(call: RemoteCall): AnchorOptions {
  const { namespace, workflowId, runId, firstExecutionRunId } = workflowInfo();
  const argsDigest = argsDigestOf(call.workflowType, call.taskQueue, call.args);
  const callId = callIdOf({
    callerNamespace: namespace,
    callerWorkflowId: workflowId,
    scope: call.scope,
    scopeId: scopeIdOf(call),
    callKey:
      call.key === undefined
        ? derivedCallKey(argsDigest, nextOccurrence(argsDigest))
        : givenCallKey(call.key),
    targetType: call.workflowType,
  });
  return {
    args: call.args,
    bridgeTaskQueue: call.bridgeTaskQueue,
    envelope: {
      callId,
      argsDigest,
      caller: { namespace, workflowId, runId, firstRunId: firstExecutionRunId },
      target: {
        workflowType: call.workflowType,
        taskQueue: call.taskQueue,
        idMode: call.targetId.mode,
        name: call.targetId.name,
      },
      wrapperWorkflowId: wrapperWorkflowIdOf(callId),
      ...(call.sourceCluster === undefined ? {} : { sourceCluster: call.sourceCluster }),
      ...(call.timeoutMs === undefined ? {} : { timeoutMs: call.timeoutMs }),
    },
  };
}

/**
 * Makes one call and waits for its outcome: the completion signal, or the anchor activity where that is first.
 * If the surrounding scope is cancelled, the remote execution is asked to cancel, and its own end is awaited.
 *
 * I1: exactly one outcome; I2: the call is in history (the anchor activity with its arguments) before anything starts.
 */
export async function callRemote(call: RemoteCall): Promise<RemoteCallResult> {
  const bytes = totalPayloadBytes(call.args);
  const options = anchorOptionsOf(call);
  const { callId, argsDigest, wrapperWorkflowId } = options.envelope;
  if (conflictsInThisRun(call, callId, argsDigest)) {
    const message = `the call key of ${call.workflowType} is in use with other arguments; nothing was started`;
    return {
      callId,
      outcome: refused('CALL_ID_CONFLICT', message, { wrapperWorkflowId }),
      remote: undefined,
    };
  }
  if (bytes > MAX_ARGUMENTS_BYTES) {
    const message = `arguments of ${bytes} bytes; expected at most ${MAX_ARGUMENTS_BYTES}; nothing was started`;
    return {
      callId,
      outcome: refused('PAYLOAD_TOO_LARGE', message, { bytes: String(bytes) }),
      remote: undefined,
    };
  }
  const inbox = completionInbox();
  const caller = CancellationScope.current();
  return CancellationScope.nonCancellable(async () => {
    const bySignal = inbox.expect(options.envelope);
    const byAnchor = anchorCall(options);
    let ended = false;
    caller.cancelRequested.catch(() => {
      // A cancellation that cannot be passed on must not fail the call: it ends by its outcome or its time-out.
      if (!ended) CancellationScope.nonCancellable(() => cancelCall(options)).catch(() => undefined);
    });
    try {
      const { outcome, remote } = await Promise.race([bySignal, byAnchor]);
      return { callId, outcome, remote };
    } finally {
      ended = true;
      inbox.settle(options.envelope);
      byAnchor.catch(() => undefined);
    }
  });
}
