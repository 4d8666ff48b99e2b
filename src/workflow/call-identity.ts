import type { Payload } from '@temporalio/common';
import { workflowInfo } from '@temporalio/workflow';
import type { CallScope } from '../shared/call-id.js';
import { argsDigestOf, callIdOf, derivedCallKey, givenCallKey } from '../shared/call-id.js';
import { jsonPayload } from '../shared/payloads.js';
import type { CallEnvelope } from '../shared/wire/call-envelope.js';

/** What the id of a call is made of, as its caller gives it. */
export interface CallName {
  readonly target: CallEnvelope['target'];
  readonly args: readonly Payload[];
  readonly scope: CallScope;
  /** The user's key; absent: derived from what is asked for. */
  readonly key?: string;
  /** Name of the caller cluster; needed in workflow-id scope, where no run id tells two clusters apart. */
  readonly sourceCluster?: string;
  /** Name of the handler cluster; absent: the bridge's default one. */
  readonly cluster?: string;
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
function conflictsInThisRun(name: CallName, callId: string, argsDigest: string): boolean {
  if (name.key === undefined) return false;
  const keyed = (holder[KEYED_CALLS] ??= new Map<string, string>());
  const before = keyed.get(callId);
  if (before === undefined) keyed.set(callId, argsDigest);
  return before !== undefined && before !== argsDigest;
}

function scopeIdOf(name: CallName): string {
  const info = workflowInfo();
  switch (name.scope) {
    case 'run':
      return info.originalExecutionRunId;
    case 'chain':
      return info.firstExecutionRunId;
    case 'workflow-id':
      return name.sourceCluster ?? '';
  }
}

function digestOf({ target, args, cluster }: CallName): string {
  if (target.idMode !== 'attach') return argsDigestOf(target.workflowType, target.taskQueue, args, cluster);
  return argsDigestOf('', '', [jsonPayload([target.name, target.runId ?? ''])], cluster);
}

/** The names of a call, and whether its key is in use for something else. */
export interface NamedCall {
  readonly callId: string;
  readonly argsDigest: string;
  readonly conflicts: boolean;
}

/** Names a call. To be asked once a call: the same question again is another call. */
export function nameCall(name: CallName): NamedCall {
  const { namespace, workflowId } = workflowInfo();
  const argsDigest = digestOf(name);
  const callId = callIdOf({
    callerNamespace: namespace,
    callerWorkflowId: workflowId,
    scope: name.scope,
    scopeId: scopeIdOf(name),
    callKey:
      name.key === undefined
        ? derivedCallKey(argsDigest, nextOccurrence(argsDigest))
        : givenCallKey(name.key),
    targetType: name.target.workflowType,
  });
  return { callId, argsDigest, conflicts: conflictsInThisRun(name, callId, argsDigest) };
}
