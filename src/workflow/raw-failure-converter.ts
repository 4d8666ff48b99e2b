import { DefaultFailureConverter, TemporalFailure } from '@temporalio/common';
import type { PayloadConverter, ProtoFailure } from '@temporalio/common';
import { withoutPayloads } from '../shared/failure-chain.js';

/**
 * Failure converter of the bridge's own workers. It never decodes a payload inside a failure, because one whose
 * encoding it does not know would fail the workflow task for ever (I9, I10). The proto message stays whole
 * on `failure` of each error, and that is what crosses.
 */
class RawFailureConverter extends DefaultFailureConverter {
  override failureToError(failure: ProtoFailure, payloadConverter: PayloadConverter): Error {
    let error: Error;
    try {
      error = this.failureToErrorInner(withoutPayloads(failure), payloadConverter);
    } catch {
      error = new TemporalFailure(failure.message ?? undefined); // a failure that lacks what the SDK requires of it
    }
    // An error that is none of the SDK's failures (a Nexus handler's) would not keep the proto message.
    const kept = error instanceof TemporalFailure ? error : new TemporalFailure(error.message);
    kept.stack = failure.stackTrace ?? '';
    kept.failure = failure;
    return kept;
  }
}

/** What `failureConverterPath` looks for. */
export const failureConverter = new RawFailureConverter();
