import type { Headers, WorkflowInboundCallsInterceptor } from '@temporalio/workflow';
import type { Payload } from '@temporalio/common';

const KEY = Symbol.for('temporal-bridge.start-headers');
const holder = globalThis as { [KEY]?: Headers };

/** Keeps the headers that this workflow was started with, for {@link startHeader}. */
export const startHeadersInterceptor: WorkflowInboundCallsInterceptor = {
  execute: (input, next) => {
    holder[KEY] = input.headers;
    return next(input);
  },
};

/** A header field that this workflow was started with. */
export function startHeader(name: string): Payload | undefined {
  const headers = holder[KEY];
  return headers && Object.hasOwn(headers, name) ? headers[name] : undefined;
}
