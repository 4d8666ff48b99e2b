import { Context } from '@temporalio/activity';
import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import { escapeForLog } from '../../shared/escape.js';
import { REMOTE_CALL_HEADER } from '../../shared/names.js';
import type { RemoteCallEnvelope } from '../../shared/wire/call-envelope.js';
import { parseRemoteCallEnvelope } from '../../shared/wire/call-envelope.js';
import type { ActivityCall } from '../activity-call.js';
import type { CallMetrics } from '../metrics/bridge-metrics.js';
import type { HandlerSide } from './handler-side.js';

/** A label takes names of the configuration only: what a seal that is not good says may be anything. */
export function metricsFor(side: HandlerSide, sourceCluster: string): CallMetrics {
  const isKnown = side.callers.some(({ cluster }) => cluster.name === sourceCluster);
  return side.metrics.between(isKnown ? sourceCluster : 'unknown', side.own.cluster.name);
}

/**
 * Reads the call that an activity of the wrapper is for. The wrapper has read it before, so one that cannot be read is not
 * the bridge's: whoever scheduled the activity gets no other try.
 *
 * @throws ApplicationFailure `INVALID_REQUEST`, non-retryable
 */
export function readRemoteCall(side: HandlerSide, input: ActivityCall): RemoteCallEnvelope {
  try {
    return parseRemoteCallEnvelope(input.header(REMOTE_CALL_HEADER));
  } catch (error) {
    const { activityType, attempt, workflowExecution } = Context.current().info;
    const why = escapeForLog(error instanceof Error ? error.message : String(error), 300);
    metricsFor(side, '').refused('envelope-invalid');
    side.log.warn('Activity refused: it was not scheduled by a wrapper of this version', {
      callId: '',
      sourceCluster: '',
      destinationCluster: side.own.cluster.name,
      sourceWorkflowId: '',
      remoteWorkflowId: workflowExecution?.workflowId ?? '',
      remoteTaskQueue: '',
      attempt,
      activity: activityType,
      why,
    });
    // The SDK adds no line of its own.
    const category = ApplicationFailureCategory.BENIGN;
    throw ApplicationFailure.create({ type: 'INVALID_REQUEST', message: why, nonRetryable: true, category });
  }
}
