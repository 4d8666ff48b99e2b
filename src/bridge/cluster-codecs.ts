import type { Payload, PayloadCodec } from '@temporalio/common';
import { decodeFailure } from '@temporalio/common/lib/internal-non-workflow/codec-helpers.js';
import type { Outcome } from '../shared/outcome.js';

/** Reads what one cluster's payload codecs wrote. */
export interface ClusterCodecs {
  decode(payloads: readonly Payload[]): Promise<Payload[]>;
  decodeOutcome(outcome: Outcome): Promise<Outcome>;
}

/** Makes a reader of codecs that are given in the SDK's order: encoding goes from the first to the last. */
export function createClusterCodecs(given: readonly PayloadCodec[]): ClusterCodecs {
  const codecs = [...given];
  const decode = async (payloads: readonly Payload[]): Promise<Payload[]> => {
    let read = [...payloads];
    for (const codec of codecs.toReversed()) read = await codec.decode(read);
    return read;
  };
  return {
    decode,
    decodeOutcome: async (outcome) => {
      switch (outcome.status) {
        case 'completed': {
          const [value] = outcome.value ? await decode([outcome.value]) : [];
          return { status: 'completed', value };
        }
        case 'failed':
          return { status: 'failed', failure: await decodeFailure(codecs, outcome.failure) };
        case 'canceled':
          return { status: 'canceled', details: await decode(outcome.details) };
        default:
          return outcome;
      }
    },
  };
}
