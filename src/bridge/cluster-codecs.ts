import type { Payload, PayloadCodec, ProtoFailure } from '@temporalio/common';
import type { Outcome } from '../shared/outcome.js';

/** Reads what one cluster's payload codecs wrote. */
export interface ClusterCodecs {
  decode(payloads: readonly Payload[]): Promise<Payload[]>;
  decodeOutcome(outcome: Outcome): Promise<Outcome>;
}

/** Makes a reader of codecs that are given in the SDK's order: encoding goes from the first to the last. */
export function createClusterCodecs(codecs: readonly PayloadCodec[]): ClusterCodecs {
  const decode = async (payloads: readonly Payload[]): Promise<Payload[]> => {
    let read = [...payloads];
    for (const codec of codecs.toReversed()) read = await codec.decode(read);
    return read;
  };
  const decodeDetails = async (
    details: { payloads?: Payload[] | null } | null | undefined,
  ): Promise<{ payloads: Payload[] } | null> =>
    details?.payloads ? { payloads: await decode(details.payloads) } : null;

  async function decodeFailure(failure: ProtoFailure): Promise<ProtoFailure> {
    const {
      applicationFailureInfo: app,
      timeoutFailureInfo: timeout,
      canceledFailureInfo: canceled,
      resetWorkflowFailureInfo: reset,
    } = failure;
    const [encodedAttributes] = failure.encodedAttributes ? await decode([failure.encodedAttributes]) : [];
    return {
      ...failure,
      ...(encodedAttributes ? { encodedAttributes } : {}),
      ...(app ? { applicationFailureInfo: { ...app, details: await decodeDetails(app.details) } } : {}),
      ...(timeout
        ? {
            timeoutFailureInfo: {
              ...timeout,
              lastHeartbeatDetails: await decodeDetails(timeout.lastHeartbeatDetails),
            },
          }
        : {}),
      ...(canceled
        ? { canceledFailureInfo: { ...canceled, details: await decodeDetails(canceled.details) } }
        : {}),
      ...(reset
        ? {
            resetWorkflowFailureInfo: {
              ...reset,
              lastHeartbeatDetails: await decodeDetails(reset.lastHeartbeatDetails),
            },
          }
        : {}),
      ...(failure.cause ? { cause: await decodeFailure(failure.cause) } : {}),
    };
  }

  return {
    decode,
    decodeOutcome: async (outcome) => {
      switch (outcome.status) {
        case 'completed': {
          const [value] = outcome.value ? await decode([outcome.value]) : [];
          return { status: 'completed', value };
        }
        case 'failed':
          return { status: 'failed', failure: await decodeFailure(outcome.failure) };
        case 'canceled':
          return { status: 'canceled', details: await decode(outcome.details) };
        default:
          return outcome;
      }
    },
  };
}
