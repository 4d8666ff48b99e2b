/** What the command line reads of one cluster. Loads the Temporal SDK: commands import it when they run. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { temporal } from '@temporalio/proto';
import { tsToMs } from '@temporalio/common/lib/time.js';
import { createClusterClient, type ClusterClient } from '../bridge/cluster-client.js';
import { faultOf, grpcStatusOf } from '../bridge/grpc-errors.js';
import { findTrouble, type NamedCluster } from './cluster-trouble.js';

/** An event of a history. */
export type HistoryEvent = temporal.api.history.v1.IHistoryEvent;
/** What visibility knows of an execution. */
export type ExecutionInfo = temporal.api.workflow.v1.IWorkflowExecutionInfo;
/** What a server tells of one execution. */
export type Description = temporal.api.workflowservice.v1.IDescribeWorkflowExecutionResponse;

/** Pages of a history that are read at most; a page has up to 256 events, or less if they are large. */
const MAX_PAGES = 40;
const PAGE_EVENTS = 256;
/** What an aborted long poll is given to end: it may be between two tries. */
const POLL_END_MS = 2_000;
/** `HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT` */
const FILTER_CLOSE_EVENT = 2;
/** A poll lasts a minute at most: who has not been seen for longer has gone. */
export const POLLER_GONE_AFTER_MS = 90_000;

/** `TASK_QUEUE_TYPE_*` */
export const QUEUE_TYPE = { workflow: 1, activity: 2 } as const;

/** How a task queue stands. */
export interface QueueState {
  /** Who polls it, or did within the last minutes, and when it was last seen, by the server's clock. */
  readonly pollers: readonly { readonly identity: string; readonly lastSeenAt: number }[];
  /** Tasks that wait, and for how long the oldest does; as far as the server tells. */
  readonly backlog: number;
  readonly backlogAgeMs: number;
}

/** Reads of one cluster; each throws `ClusterTrouble` if the cluster cannot be asked. */
export interface ClusterReader {
  readonly cluster: NamedCluster;
  readonly client: ClusterClient;
  /** `undefined`: no such execution. Without a run: the latest. */
  describe(workflowId: string, runId?: string): Promise<Description | undefined>;
  /** The first events of a run, up to a bound; empty if there is none. */
  history(workflowId: string, runId?: string): Promise<readonly HistoryEvent[]>;
  firstEvent(workflowId: string, runId?: string): Promise<HistoryEvent | undefined>;
  /** The close event of a run that has closed. */
  closeEvent(workflowId: string, runId: string): Promise<HistoryEvent | undefined>;
  /** Executions that match a query: open ones first, each newest first. */
  list(query: string, limit: number): Promise<readonly ExecutionInfo[]>;
  count(query: string): Promise<number>;
  queue(name: string, type: keyof typeof QUEUE_TYPE): Promise<QueueState>;
  /** Sends any request, with a deadline. */
  ask<R>(send: () => Promise<R>): Promise<R>;
  /** The same; throws the client's own error. */
  send<R>(send: () => Promise<R>): Promise<R>;
  /** Sends requests that have no deadline; rejects at once when the signal is aborted. */
  longPoll<R>(send: () => Promise<R>, signal: AbortSignal): Promise<R>;
  /** Closes the connection; long polls that were given up have 2 s to end before. */
  close(): Promise<void>;
}

/** Opens a reader; nothing is sent before the first request. */
export function openReader(cluster: NamedCluster, rpcTimeoutMs: number): ClusterReader {
  const client = createClusterClient(cluster, rpcTimeoutMs);
  const { workflowService: service } = client.client;
  const { namespace } = cluster;

  const polls = new Set<Promise<unknown>>();
  const longPoll = <R>(send: () => Promise<R>, signal: AbortSignal): Promise<R> => {
    const reply = client.client.connection.withAbortSignal(signal, send);
    polls.add(reply);
    const ended = () => polls.delete(reply);
    reply.then(ended, ended);
    return new Promise((resolve, reject) => {
      const stop = (): void => reject(new Error('interrupted'));
      signal.addEventListener('abort', stop);
      reply.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
    });
  };
  const ask = async <R>(send: () => Promise<R>): Promise<R> => {
    try {
      return await client.request(send);
    } catch (error) {
      throw await findTrouble(cluster, error, client);
    }
  };
  const askOf = async <R>(send: () => Promise<R>): Promise<R | undefined> => {
    try {
      return await client.request(send);
    } catch (error) {
      // What is no run id at all is no run either.
      const isNoRun = /^Invalid RunId/i.test(grpcStatusOf(error)?.details ?? '');
      if (faultOf(error) === 'not-found' || isNoRun) return undefined;
      throw await findTrouble(cluster, error, client);
    }
  };

  return {
    cluster,
    client,
    describe: (workflowId, runId = '') =>
      askOf(() => service.describeWorkflowExecution({ namespace, execution: { workflowId, runId } })),
    history: async (workflowId, runId = '') => {
      const events: HistoryEvent[] = [];
      let nextPageToken: Uint8Array | undefined;
      for (let page = 0; page < MAX_PAGES; page += 1) {
        const reply: temporal.api.workflowservice.v1.IGetWorkflowExecutionHistoryResponse | undefined =
          await askOf(() =>
            service.getWorkflowExecutionHistory({
              namespace,
              execution: { workflowId, runId },
              maximumPageSize: PAGE_EVENTS,
              ...(nextPageToken ? { nextPageToken } : {}),
            }),
          );
        events.push(...(reply?.history?.events ?? []));
        nextPageToken = reply?.nextPageToken?.length ? reply.nextPageToken : undefined;
        if (!nextPageToken) break;
      }
      return events;
    },
    firstEvent: async (workflowId, runId = '') => {
      const reply = await askOf(() =>
        service.getWorkflowExecutionHistory({
          namespace,
          execution: { workflowId, runId },
          maximumPageSize: 1,
        }),
      );
      return reply?.history?.events?.[0];
    },
    closeEvent: async (workflowId, runId) => {
      const reply = await askOf(() =>
        service.getWorkflowExecutionHistory({
          namespace,
          execution: { workflowId, runId },
          historyEventFilterType: FILTER_CLOSE_EVENT,
          maximumPageSize: 1,
        }),
      );
      return reply?.history?.events?.at(-1);
    },
    list: async (query, limit) => {
      const { executions } = await ask(() =>
        service.listWorkflowExecutions({ namespace, query, pageSize: limit }),
      );
      return (executions ?? []).slice(0, limit);
    },
    count: async (query) => {
      const { count } = await ask(() => service.countWorkflowExecutions({ namespace, query }));
      return Number(count ?? 0);
    },
    queue: async (name, type) => {
      const { pollers, stats } = await ask(() =>
        service.describeTaskQueue({
          namespace,
          taskQueue: { name },
          taskQueueType: QUEUE_TYPE[type],
          reportStats: true,
        }),
      );
      return {
        pollers: (pollers ?? []).map(({ identity, lastAccessTime }) => ({
          identity: identity ?? '',
          lastSeenAt: lastAccessTime ? tsToMs(lastAccessTime) : 0,
        })),
        backlog: Number(stats?.approximateBacklogCount ?? 0),
        backlogAgeMs: stats?.approximateBacklogAge ? tsToMs(stats.approximateBacklogAge) : 0,
      };
    },
    ask,
    send: (send) => client.request(send),
    longPoll,
    close: async () => {
      if (polls.size > 0) await Promise.race([Promise.allSettled(polls), sleep(POLL_END_MS)]);
      await client.close();
    },
  };
}

/** Time of a protobuf timestamp in milliseconds since the epoch. */
export function timeOf(timestamp: Parameters<typeof tsToMs>[0]): number | undefined {
  return timestamp ? tsToMs(timestamp) : undefined;
}

/** Pollers of a queue that still poll, by this machine's clock and with room for its difference to the server's. */
export function livePollers(
  { pollers }: QueueState,
  clockSkewMs: number,
  now = Date.now(),
): QueueState['pollers'] {
  return pollers.filter(({ lastSeenAt }) => now - lastSeenAt < POLLER_GONE_AFTER_MS + clockSkewMs);
}
