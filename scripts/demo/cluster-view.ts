import { setTimeout as sleep } from 'node:timers/promises';
import { InterceptingCall } from '@grpc/grpc-js';
import { Client, Connection } from '@temporalio/client';
import type { ClientOptions } from '@temporalio/client';
import protos from '@temporalio/proto';
import type { temporal } from '@temporalio/proto';
import type { RequestCounts } from '../stack/server-metrics.js';
import { readServiceRequests, readsIn, withoutIdle } from '../stack/server-metrics.js';
import type { DevServer } from '../stack/dev-server.js';
import { NAMESPACE } from './names.js';

/** An event of a workflow's history. */
export type HistoryEvent = temporal.api.history.v1.IHistoryEvent;

/** A request that nobody else makes; when the server's metrics show it, they show all that came before. */
const MARK = 'DescribeTaskQueue';
const READ_EVERY_MS = 50;
const MARK_TIMEOUT_MS = 5_000;

/** What the demo sees of one cluster. */
export interface ClusterView {
  readonly client: Client;
  /** The whole history of a workflow's run; of the latest, if no run is given. */
  history(workflowId: string, runId?: string): Promise<readonly HistoryEvent[]>;
  /** What a waiting workflow's activities say: the text under "Pending Activities" in the web UI. */
  pendingActivities(workflowId: string): Promise<readonly string[]>;
  /**
   * Requests that the server has counted since its start, without those that this process has made itself. Takes up to
   * a second, in which the server brings its metrics up to date.
   */
  requests(): Promise<RequestCounts>;
  close(): Promise<void>;
}

/** Connects to a cluster; the plugins are of the client that starts workflows there. */
export async function viewCluster(
  server: Pick<DevServer, 'name' | 'address' | 'metricsUrl'>,
  plugins: ClientOptions['plugins'] = [],
): Promise<ClusterView> {
  const own: RequestCounts = {};
  const connection = await Connection.connect({
    address: server.address,
    interceptors: [
      (options, nextCall) =>
        new InterceptingCall(nextCall(options), {
          sendMessage: (message, next) => {
            const operation = operationOf(options.method_definition.path, message);
            own[operation] = (own[operation] ?? 0) + 1;
            next(message);
          },
        }),
    ],
  });
  const client = new Client({ connection, namespace: NAMESPACE, plugins });
  const counted = async (): Promise<RequestCounts> =>
    await readServiceRequests(server.metricsUrl, { namespaces: [NAMESPACE], settleMs: 0 });

  return {
    client,
    history: async (workflowId, runId) =>
      (await client.workflow.getHandle(workflowId, runId).fetchHistory()).events ?? [],
    pendingActivities: async (workflowId) => {
      const { raw } = await client.workflow.getHandle(workflowId).describe();
      return (raw.pendingActivities ?? []).map((activity) => activity.lastFailure?.message ?? 'just started');
    },
    requests: async () => {
      const marks = (await counted())[MARK] ?? 0;
      await connection.workflowService.describeTaskQueue({
        namespace: NAMESPACE,
        taskQueue: { name: 'mark' },
      });
      const ownNow = { ...own };
      const deadline = Date.now() + MARK_TIMEOUT_MS;
      while (((await counted())[MARK] ?? 0) <= marks) {
        if (Date.now() > deadline)
          throw new Error(`the metrics of cluster ${server.name} are not brought up to date`);
        await sleep(READ_EVERY_MS);
      }
      // The server updates its counters one after the other, within milliseconds.
      await sleep(READ_EVERY_MS);
      const others = Object.entries(await counted()).map(([name, n]) => [name, n - (ownNow[name] ?? 0)]);
      return Object.fromEntries(others) as RequestCounts;
    },
    close: () => connection.close(),
  };
}

/** The name under which the server counts a request: reading a history while waiting for its next event has its own. */
function operationOf(path: string, message: unknown): string {
  const operation = path.split('/').at(-1) ?? '';
  if (operation !== 'GetWorkflowExecutionHistory' || !(message instanceof Uint8Array)) return operation;
  const { waitNewEvent } =
    protos.temporal.api.workflowservice.v1.GetWorkflowExecutionHistoryRequest.decode(message);
  return waitNewEvent ? 'PollWorkflowExecutionHistory' : operation;
}

/** How many requests read a workflow. */
export function readsOf(requests: RequestCounts): number {
  return sum(readsIn(requests));
}

/** How many requests are other than those that go on while there is nothing to do. */
export function busyIn(requests: RequestCounts): number {
  return sum(withoutIdle(requests));
}

function sum(requests: RequestCounts): number {
  return Object.values(requests).reduce((all, count) => all + count, 0);
}
