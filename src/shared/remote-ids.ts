import { GenerateCrossClusterKey } from './keys.js';
import { MAX_WORKFLOW_ID_CHARS } from './limits.js';

/** Hexadecimal digits of the call id at the end of a target's id: 128 bits. */
const TARGET_HASH_CHARS = 32;
const NOT_READABLE = /[^A-Za-z0-9_.:@+=,~-]/gu;

/** Workflow id of the wrapper of a call, 76 characters. Made of the call id alone, which the caller workflow knows. */
export function wrapperWorkflowIdOf(callId: string): string {
  return `bridge-call-${callId}`;
}

/** The call id in a wrapper's workflow id; `undefined`: it is none. */
export function callIdOfWrapper(workflowId: string): string | undefined {
  return /^bridge-call-([0-9a-f]{64})$/.exec(workflowId)?.[1];
}

/** What a target's id shows to people. */
export interface TargetName {
  readonly sourceCluster: string;
  readonly callerWorkflowId: string;
  /** The key's name in `article` mode, else the workflow type. */
  readonly name: string;
}

/**
 * Workflow id of a target: the published bridge's readable form, escaped, then the call's hash. The readable part
 * is cut so that the id never exceeds 255 characters; the hash is never cut, so different calls never share an id.
 */
export function targetWorkflowIdOf(target: TargetName, callId: string): string {
  const hash = callId.slice(0, TARGET_HASH_CHARS);
  const readable = GenerateCrossClusterKey(target.sourceCluster, target.callerWorkflowId, target.name);
  return `${readable.replace(NOT_READABLE, '_').slice(0, MAX_WORKFLOW_ID_CHARS - 1 - hash.length)}-${hash}`;
}

/** Workflow id of a target in `article` mode: exactly what the published bridge would have used, ambiguities included. */
export function articleTargetWorkflowId(target: TargetName): string {
  return GenerateCrossClusterKey(target.sourceCluster, target.callerWorkflowId, target.name);
}
