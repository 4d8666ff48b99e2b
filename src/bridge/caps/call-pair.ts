import { defaultPayloadConverter } from '@temporalio/common';
import type { Payload } from '@temporalio/common';

/** What caps are for: the calls of one namespace of a caller cluster to one type of target. */
export interface CallPair {
  readonly cluster: string;
  readonly namespace: string;
  /** `''`: calls that wait for a workflow which they did not start. */
  readonly workflowType: string;
}

/** The pair as a wrapper's memo has it, and its name in maps. */
export type PairMemo = readonly [cluster: string, namespace: string, workflowType: string];

export function pairMemo({ cluster, namespace, workflowType }: CallPair): PairMemo {
  return [cluster, namespace, workflowType];
}

export function pairKey(pair: CallPair): string {
  return JSON.stringify(pairMemo(pair));
}

/** Wrappers of which it cannot be told whose they are: their memo is of an earlier version, or of another codec. */
export const UNKNOWN_PAIR = 'unknown';

/** The name of the pair that a memo's payload holds, decoded. Total: anybody may start workflows. */
export function pairKeyOfMemo(payload: Payload | null | undefined): string {
  try {
    const memo: unknown = payload ? defaultPayloadConverter.fromPayload(payload) : undefined;
    if (!Array.isArray(memo) || memo.length !== 3 || !memo.every((part) => typeof part === 'string'))
      return UNKNOWN_PAIR;
    return JSON.stringify(memo);
  } catch {
    return UNKNOWN_PAIR;
  }
}

/** A pair for messages. */
export function pairText({ cluster, namespace, workflowType }: CallPair): string {
  const what = workflowType === '' ? 'waits for workflows' : `calls of ${workflowType}`;
  return `${what} from namespace ${namespace} of ${cluster}`;
}
