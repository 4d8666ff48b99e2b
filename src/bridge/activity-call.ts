import type { ActivityInboundCallsInterceptor, ActivityInterceptorsFactory } from '@temporalio/worker';
import { setActivityOptions } from '@temporalio/activity';
import type { Payload, RawValue } from '@temporalio/common';
import { isBridgeActivity } from '../shared/names.js';
import { RAW_PAYLOAD, RAW_PAYLOADS, payloadOf, payloadsOf, raw } from '../shared/payloads.js';

/** What an activity of the bridge is called with: the user's payloads, untouched, and the bridge's header fields. */
export interface ActivityCall {
  readonly payloads: readonly Payload[];
  header(name: string): Payload | undefined;
}

const unpack: ActivityInboundCallsInterceptor = {
  execute: (input, next) => {
    const call: ActivityCall = {
      payloads: payloadsOf(input.args),
      header: (name) => (Object.hasOwn(input.headers, name) ? input.headers[name] : undefined),
    };
    return next({ ...input, args: [call] });
  },
};

/** Activity interceptor: hands the bridge's activities one {@link ActivityCall}, and leaves a user's as they are. */
export const activityCallInterceptor: ActivityInterceptorsFactory = ({ info }) =>
  isBridgeActivity(info.activityType) ? { inbound: unpack } : {};

/**
 * The result of an activity that has nothing to say. An activity cannot complete without a payload, and the caller's codec
 * may throw on one that it did not write: so the caller's own token goes back. Where there is none, the worker that
 * decodes the result is one of the bridge's, or this worker's own codec writes it.
 */
export function noResult(workerHasCodec: boolean, token: Payload | undefined): RawValue {
  return raw(token && !workerHasCodec ? token : payloadOf('binary/null', new Uint8Array()));
}

/** Declares that an activity takes its arguments raw, and, with `rawResult`, returns a raw payload. */
export function rawActivity<R>(
  activity: (call: ActivityCall) => Promise<R>,
  options: { rawResult?: boolean } = {},
): (call: ActivityCall) => Promise<R> {
  setActivityOptions(
    { typeInfo: { inputTypes: RAW_PAYLOADS, ...(options.rawResult ? { outputType: RAW_PAYLOAD } : {}) } },
    activity,
  );
  return activity;
}
