import type { LogFields } from './logger.js';

/** What each log line about a call names; where calls are traced, `traceId` and `spanId` come with it. */
export const CALL_LOG_FIELDS = [
  'callId',
  'sourceCluster',
  'destinationCluster',
  'sourceWorkflowId',
  'remoteWorkflowId',
  'remoteTaskQueue',
  'attempt',
] as const;

/** The names of the trace that a line belongs to. */
export const TRACE_LOG_FIELDS = ['traceId', 'spanId'] as const;

/** A call as log lines name it. */
export type CallLogFields = LogFields & Readonly<Record<(typeof CALL_LOG_FIELDS)[number], string | number>>;
