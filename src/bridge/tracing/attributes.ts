import type { Info as ActivityInfo } from '@temporalio/activity';
import type { WorkflowInfo } from '@temporalio/workflow';
import type { CallEnvelope, RemoteCallEnvelope } from '../../shared/wire/call-envelope.js';
import { callIdOfWrapper } from '../../shared/remote-ids.js';
import type { TracedSide } from './tracing.js';

/** Names of attributes. `temporalWorkflowId`, `run_id` and `temporalActivityId` are those of the SDK's own spans. */
export const ATTRIBUTE = {
  cluster: 'temporal.cluster',
  namespace: 'temporal.namespace',
  taskQueue: 'temporal.task_queue',
  workflowId: 'temporalWorkflowId',
  runId: 'run_id',
  activityId: 'temporalActivityId',
  attempt: 'temporal.attempt',
  callId: 'temporal_bridge.call_id',
  outcome: 'temporal_bridge.outcome',
  delivery: 'temporal_bridge.delivery',
  errorType: 'error.type',
  callerCluster: 'temporal_bridge.caller.cluster',
  callerNamespace: 'temporal_bridge.caller.namespace',
  callerWorkflowId: 'temporal_bridge.caller.workflow_id',
  callerRunId: 'temporal_bridge.caller.run_id',
  targetCluster: 'temporal_bridge.target.cluster',
  targetType: 'temporal_bridge.target.workflow_type',
  targetTaskQueue: 'temporal_bridge.target.task_queue',
  targetWorkflowId: 'temporal_bridge.target.workflow_id',
} as const;

/** Names of spans, each followed by `:` and a type; those of the SDK's interceptors keep their names. */
export const SPAN = {
  call: 'RemoteCall',
  start: 'StartRemoteCall',
  fallback: 'Fallback',
  activity: 'RunActivity',
  startedWorkflow: 'StartedWorkflow',
  workflow: 'RunWorkflow',
  child: 'StartChildWorkflow',
  handleSignal: 'HandleSignal',
} as const;

/** Attributes of a span: texts and numbers that name things. Payloads, keys, tokens and messages are none. */
export type SpanAttributes = Readonly<
  Partial<Record<(typeof ATTRIBUTE)[keyof typeof ATTRIBUTE], string | number>>
>;

/** Where an attempt of one of the bridge's activities runs. */
export function attemptAttributes({ cluster }: TracedSide, info: ActivityInfo): SpanAttributes {
  const { workflowId, runId } = info.workflowExecution ?? { workflowId: '', runId: '' };
  return {
    [ATTRIBUTE.cluster]: cluster.name,
    [ATTRIBUTE.namespace]: info.namespace,
    [ATTRIBUTE.taskQueue]: info.taskQueue,
    [ATTRIBUTE.workflowId]: workflowId,
    [ATTRIBUTE.runId]: runId,
    [ATTRIBUTE.activityId]: info.activityId,
    [ATTRIBUTE.attempt]: info.attempt,
  };
}

/** A call as its caller asks for it. */
export function callAttributes({ cluster, defaultTargetCluster }: TracedSide, call: CallEnvelope) {
  const { caller, target } = call;
  return {
    [ATTRIBUTE.callId]: call.callId,
    [ATTRIBUTE.callerCluster]: cluster.name,
    [ATTRIBUTE.callerNamespace]: caller.namespace,
    [ATTRIBUTE.callerWorkflowId]: caller.workflowId,
    [ATTRIBUTE.callerRunId]: caller.runId,
    [ATTRIBUTE.targetCluster]: call.cluster ?? defaultTargetCluster,
    [ATTRIBUTE.targetType]: target.workflowType,
    [ATTRIBUTE.targetTaskQueue]: target.taskQueue,
  } satisfies SpanAttributes;
}

/** A call as its wrapper runs it. */
export function remoteCallAttributes({ cluster }: TracedSide, call: RemoteCallEnvelope) {
  const { replyTo, target } = call;
  return {
    [ATTRIBUTE.callId]: call.callId,
    [ATTRIBUTE.callerCluster]: replyTo.sourceCluster,
    [ATTRIBUTE.callerNamespace]: replyTo.namespace,
    [ATTRIBUTE.callerWorkflowId]: replyTo.workflowId,
    [ATTRIBUTE.callerRunId]: replyTo.runId,
    [ATTRIBUTE.targetCluster]: cluster.name,
    [ATTRIBUTE.targetType]: target.workflowType,
    [ATTRIBUTE.targetTaskQueue]: target.taskQueue,
    [ATTRIBUTE.targetWorkflowId]: target.workflowId,
  } satisfies SpanAttributes;
}

/** Where a workflow of the bridge runs. */
export function workflowAttributes({ cluster }: TracedSide, info: WorkflowInfo): SpanAttributes {
  const callId = callIdOfWrapper(info.workflowId);
  return {
    [ATTRIBUTE.cluster]: cluster.name,
    [ATTRIBUTE.namespace]: info.namespace,
    [ATTRIBUTE.taskQueue]: info.taskQueue,
    [ATTRIBUTE.workflowId]: info.workflowId,
    [ATTRIBUTE.runId]: info.runId,
    [ATTRIBUTE.attempt]: info.attempt,
    ...(callId === undefined ? {} : { [ATTRIBUTE.callId]: callId }),
  };
}
