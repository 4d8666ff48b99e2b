import { DefaultPayloadConverter, RawValue } from '@temporalio/common';
import type { Payload } from '@temporalio/common';
import { fromUtf8 } from '../shared/bytes.js';
import { PROGRESS_METADATA } from './caller/anchor-progress.js';

/**
 * Payload converter of the bridge's own activities. What an attempt left for the next one may hang on a payload that the
 * user's codec wrote and nobody here can read: the word is taken off it, and an unknown encoding is no reason to throw.
 */
class HostPayloadConverter extends DefaultPayloadConverter {
  override fromPayload<T>(payload: Payload): T {
    const progress = payload.metadata?.[PROGRESS_METADATA];
    try {
      return progress ? (JSON.parse(fromUtf8(progress) ?? '') as T) : super.fromPayload<T>(payload);
    } catch {
      return RawValue.fromPayload(payload) as T;
    }
  }
}

/** What `payloadConverterPath` looks for. */
export const payloadConverter = new HostPayloadConverter();
