/** Callers whose own interceptor adds header fields to every activity, as many and as large as the caller's memo says. */
import type { Payload } from '@temporalio/common';
import type { WorkflowInterceptors } from '@temporalio/workflow';
import { workflowInfo } from '@temporalio/workflow';

export * from './library-callers.js';

/** Which fields are added: a number, and bytes of the value of each. */
export interface AddedFields {
  readonly fields: number;
  readonly valueBytes: number;
  /** To activities of this type alone. Default: to each. */
  readonly only?: string;
}

const addedTo = (activityType: string): Record<string, Payload> => {
  const { fields, valueBytes, only = activityType } = workflowInfo().memo?.['added'] as AddedFields;
  if (only !== activityType) return {};
  const data = new Uint8Array(valueBytes);
  return Object.fromEntries(Array.from({ length: fields }, (_, n) => [`field-${n}`, { metadata: {}, data }]));
};

export function interceptors(): WorkflowInterceptors {
  return {
    outbound: [
      {
        scheduleActivity: (input, next) =>
          next({ ...input, headers: { ...input.headers, ...addedTo(input.activityType) } }),
      },
    ],
  };
}
