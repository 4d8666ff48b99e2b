import { METADATA_ENCODING_KEY } from '@temporalio/common';
import type { Payload, ProtoFailure } from '@temporalio/common';
import { fromUtf8 } from './bytes.js';
import { failureLinks, linkPayloads, withoutPayloads } from './failure-chain.js';
import type { Outcome } from './outcome.js';
import { refused } from './outcome.js';

const textOf = (bytes: Uint8Array | null | undefined) => (bytes ? fromUtf8(bytes) : undefined);

/**
 * Whether a payload is a reference to the SDK's external storage, as the SDK tells. A worker that has no such storage fails
 * the workflow task that meets one for ever: none may cross to a cluster whose workers did not write it.
 */
export function isReference({ metadata }: Payload): boolean {
  return (
    textOf(metadata?.[METADATA_ENCODING_KEY]) === 'json/protobuf' &&
    textOf(metadata?.['messageType']) === 'temporal.api.sdk.v1.ExternalStorageReference'
  );
}

const WHAT = 'a reference to external storage, which does not cross clusters';

/** The refusal of payloads that are sent to another cluster; absent: none of them is a reference. */
export function referenceProblem(payloads: readonly Payload[]): string | undefined {
  const at = payloads.findIndex(isReference);
  return at < 0 ? undefined : `payload ${at + 1} of ${payloads.length} is ${WHAT}; pass the value itself`;
}

function failureWithout(failure: ProtoFailure): ProtoFailure {
  const links = failureLinks(failure);
  if (!links.some((link) => linkPayloads(link).some(isReference))) return failure;
  return links
    .map((link) =>
      linkPayloads(link).some(isReference)
        ? { ...withoutPayloads(link), message: `${link.message ?? ''} [details were left out: ${WHAT}]` }
        : link,
    )
    .reduceRight((cause, link) => ({ ...link, cause }));
}

/** An outcome that no caller's worker can fail over: a result that is a reference is refused, details that are are left out. */
export function withoutReferences(outcome: Outcome): Outcome {
  switch (outcome.status) {
    case 'completed':
      return outcome.value && isReference(outcome.value)
        ? refused('RESULT_UNREADABLE', `the target completed, and its result is ${WHAT}`)
        : outcome;
    case 'failed':
      return { status: 'failed', failure: failureWithout(outcome.failure) };
    case 'canceled':
      return outcome.details.some(isReference) ? { status: 'canceled', details: [] } : outcome;
    default:
      return outcome;
  }
}
