/**
 * What the credentials of this host may do, found out by requests that change nothing: a server first looks whether one
 * may ask, and then finds that there is no such workflow, or that the request is incomplete.
 */
import { randomUUID } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import type { BridgeRole } from '../../bridge/config/settings.js';
import { grpcStatusOf } from '../../bridge/grpc-errors.js';
import { REMOTE_CALL_WORKFLOW } from '../../shared/names.js';
import type { ClusterReader } from '../cluster-reader.js';
import { ClusterTrouble } from '../cluster-trouble.js';
import { safe } from '../text.js';
import type { Finding } from './check.js';
import { serviceOf } from './cluster-checks.js';

/** A request that changes nothing. */
interface Probe {
  readonly method: string;
  /** What the bridge does with it; absent: only the command line needs it. */
  readonly neededTo?: string;
  readonly send: () => Promise<unknown>;
}

/** What a role does on a side, beside polling, which cannot be tried without taking tasks away. */
export async function checkPermissions(reader: ClusterReader, role: BridgeRole): Promise<readonly Finding[]> {
  const probes = probesOf(reader, role);
  const denied = await Promise.all(
    probes.map(async (probe) => ({ ...probe, denial: await denialOf(reader, probe) })),
  );
  const missing = denied.filter(({ denial }) => denial !== undefined);
  const { name } = reader.cluster;
  const allowed = denied.filter(({ denial }) => denial === undefined).map(({ method }) => method);
  const findings = missing.map(({ method, neededTo, denial = '' }): Finding => {
    const found = `this host may not ${method}: ${denial}`;
    const remedy = `allow ${method} for namespace ${safe(reader.cluster.namespace)} of ${name}`;
    return neededTo === undefined
      ? { what: 'permissions', level: 'note', found: `${found}; only commands such as "calls" need it` }
      : {
          what: 'permissions',
          level: 'failure',
          found: `${found}; the bridge needs it to ${neededTo}`,
          remedy,
        };
  });
  return allowed.length === 0
    ? findings
    : [...findings, { what: 'permissions', level: 'ok', found: allowed.join(', ') }];
}

/** Why a request is not allowed; `undefined`: it is. */
async function denialOf(reader: ClusterReader, { send }: Probe): Promise<string | undefined> {
  try {
    await reader.send(send);
  } catch (error) {
    const found = grpcStatusOf(error);
    switch (found?.code) {
      case status.PERMISSION_DENIED:
      case status.UNAUTHENTICATED:
        return safe(found.details, 200);
      case status.NOT_FOUND:
      case status.INVALID_ARGUMENT:
      case status.UNIMPLEMENTED: // a server that does not know it does not forbid it
        return undefined;
      default:
        throw error;
    }
  }
  return undefined;
}

function probesOf(reader: ClusterReader, role: BridgeRole): Probe[] {
  const { service, namespace } = serviceOf(reader);
  // No workflow has this id, so nobody is touched.
  const execution = { workflowId: `temporal-bridge-doctor-${randomUUID()}`, runId: '' };
  const is = (asked: BridgeRole): boolean => role === asked || role === 'both';
  const side = reader.cluster.side;
  const starts = side === 'B' && is('caller');
  const signals = (side === 'A' && is('handler')) || (side === 'B' && is('caller'));
  const ends = side === 'B';
  const need = (holds: boolean, neededTo: string) => (holds ? { neededTo } : {});
  const reads = side === 'B' || is('handler');
  return [
    {
      method: 'DescribeWorkflowExecution',
      ...need(
        reads,
        side === 'A' ? 'see whether a caller still lives' : 'look at calls whose signal did not come',
      ),
      send: () => service.describeWorkflowExecution({ namespace, execution }),
    },
    {
      method: 'GetWorkflowExecutionHistory',
      ...need(side === 'B', 'read the outcome of such calls'),
      send: () => service.getWorkflowExecutionHistory({ namespace, execution, maximumPageSize: 1 }),
    },
    {
      method: 'ListWorkflowExecutions',
      send: () =>
        service.listWorkflowExecutions({
          namespace,
          query: `WorkflowType = '${REMOTE_CALL_WORKFLOW}'`,
          pageSize: 1,
        }),
    },
    {
      method: 'DescribeTaskQueue',
      send: () =>
        service.describeTaskQueue({
          namespace,
          taskQueue: { name: 'temporal-bridge-doctor' },
          taskQueueType: 1,
        }),
    },
    ...(starts
      ? [
          {
            method: 'StartWorkflowExecution',
            neededTo: 'start calls',
            // Without a workflow type and a task queue nothing can start.
            send: () =>
              service.startWorkflowExecution({
                namespace,
                workflowId: execution.workflowId,
                requestId: randomUUID(),
              }),
          },
        ]
      : []),
    ...(signals
      ? [
          {
            method: 'SignalWorkflowExecution',
            neededTo: side === 'A' ? 'deliver outcomes' : 'pass signals on to targets',
            send: () =>
              service.signalWorkflowExecution({
                namespace,
                workflowExecution: execution,
                signalName: 'temporal-bridge.doctor',
                requestId: randomUUID(),
              }),
          },
        ]
      : []),
    ...(ends
      ? [
          {
            method: 'RequestCancelWorkflowExecution',
            neededTo: 'cancel calls',
            send: () => service.requestCancelWorkflowExecution({ namespace, workflowExecution: execution }),
          },
          {
            method: 'TerminateWorkflowExecution',
            neededTo: 'end targets whose caller is gone',
            send: () => service.terminateWorkflowExecution({ namespace, workflowExecution: execution }),
          },
        ]
      : []),
  ];
}

/** Whether a check could not be made for want of rights. */
export function isDenied(error: unknown): error is ClusterTrouble {
  return error instanceof ClusterTrouble && error.kind === 'denied';
}
