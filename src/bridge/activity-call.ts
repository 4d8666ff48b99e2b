import type { ActivityInboundCallsInterceptor, ActivityInterceptorsFactory } from '@temporalio/worker';
import { setActivityOptions } from '@temporalio/activity';
import type { Payload } from '@temporalio/common';
import { RAW_PAYLOAD, RAW_PAYLOADS, payloadsOf } from '../shared/payloads.js';

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

/** Activity interceptor of the bridge's workers: hands activities one {@link ActivityCall}. */
export const activityCallInterceptor: ActivityInterceptorsFactory = () => ({ inbound: unpack });

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
