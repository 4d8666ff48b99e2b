import { DefaultFailureConverter } from '@temporalio/common';

/** Puts message and stack of a failure where a codec finds them. */
export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
