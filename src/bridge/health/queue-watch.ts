import { performance } from 'node:perf_hooks';
import type { temporal } from '@temporalio/proto';
import { REMOTE_CALL_WORKFLOW } from '../../shared/names.js';
import type { ClusterClient } from '../cluster-client.js';
import { faultOf, faultText } from '../grpc-errors.js';
import type { BridgeMetrics } from '../metrics/bridge-metrics.js';
import { LABEL_VALUES } from '../metrics/metric-table.js';
import type { SupervisedWorker } from '../supervised-worker.js';
import { startLoop } from './loop.js';

type Description = temporal.api.workflowservice.v1.IDescribeTaskQueueResponse;
type TaskType = (typeof LABEL_VALUES.task_type)[number];

/** Wait between two looks at a queue, in milliseconds: one request a task type. */
const LOOK_MS = 15_000;
/** Wait between two looks at a queue that is not known to be polled, in milliseconds: a start is noticed soon. */
const LOOK_AGAIN_MS = 2_000;
/** Deadline of a look, in milliseconds. */
const LOOK_TIMEOUT_MS = 5_000;
/**
 * A poll this long ago is no sign of a worker any more, in milliseconds. A worker's poll on an empty queue takes 1 minute,
 * and the server only notes when it begins; the rest is for the wait between two looks and for a slow server.
 */
const POLLED_MS = 120_000;
/** `TASK_QUEUE_TYPE_WORKFLOW`, `TASK_QUEUE_TYPE_ACTIVITY`. */
const TYPE_NUMBERS = { workflow: 1, activity: 2 } as const;
/** `DESCRIBE_TASK_QUEUE_MODE_ENHANCED` */
const ENHANCED = 1;

/** How a worker of the bridge stands. */
export interface WorkerHealth {
  /** `caller-side` or `handler-side`. */
  readonly name: string;
  readonly cluster: string;
  readonly taskQueue: string;
  /** The SDK's state of the worker; `WAITING`: there is none, the next attempt to connect is waited for. */
  readonly state: string;
  /** Its server has seen this process's worker poll the queue lately; `unknown`: the server does not let it ask. */
  readonly polls: 'yes' | 'no' | 'unknown';
  /** Milliseconds since a poll of this process's worker was seen, of the task type for which that is longest; null: never. */
  readonly lastPollMs: number | null;
  /** Why there is no worker, or why its queue could not be asked about. */
  readonly why?: string;
}

/** What a queue watch looks at. */
export interface WatchedQueue {
  readonly client: ClusterClient;
  readonly taskQueue: string;
  readonly worker: SupervisedWorker;
  /** Counts the open wrappers, too. */
  readonly countsCalls: boolean;
  readonly metrics: BridgeMetrics;
}

/** Asks a cluster every 15 s who polls the bridge's own queue there and how many tasks wait in it. */
export class QueueWatch {
  readonly #on: WatchedQueue;
  /** The latest poll by the server's clock, and when it was first seen by this process's. */
  readonly #polls = new Map<TaskType, { readonly time: number; readonly seenAt: number }>();
  #isDenied = false;
  #why: string | undefined;

  constructor(on: WatchedQueue) {
    this.#on = on;
  }

  start(): { stop(): void } {
    return startLoop(async () => {
      // Without a worker there is no poll to be seen: nothing is asked before there is one.
      if (this.#on.worker.status().state === 'RUNNING') await this.#look();
      return this.health().polls === 'no' ? LOOK_AGAIN_MS : LOOK_MS;
    });
  }

  health(): WorkerHealth {
    const { client, taskQueue, worker } = this.#on;
    const { state, why } = worker.status();
    const ages = LABEL_VALUES.task_type.map((type) => {
      const poll = this.#polls.get(type);
      return poll ? performance.now() - poll.seenAt : Number.POSITIVE_INFINITY;
    });
    const oldest = Math.max(...ages);
    const trouble = why ?? this.#why;
    return {
      name: worker.name,
      cluster: client.cluster.name,
      taskQueue,
      state,
      polls: this.#isDenied ? 'unknown' : oldest <= POLLED_MS ? 'yes' : 'no',
      lastPollMs: Number.isFinite(oldest) ? Math.round(oldest) : null,
      ...(trouble === undefined ? {} : { why: trouble }),
    };
  }

  async #look(): Promise<void> {
    // A count that fails is only a gauge that stands still.
    const counted = this.#on.countsCalls ? this.#countCalls().catch(() => undefined) : undefined;
    try {
      await Promise.all(LABEL_VALUES.task_type.map((type) => this.#lookAt(type)));
      if (this.health().polls === 'no') await this.#lookEverywhere();
      this.#isDenied = false;
      this.#why = undefined;
    } catch (error) {
      // Another fault says nothing about the right to ask.
      this.#isDenied ||= faultOf(error) === 'denied';
      this.#why = faultText(error);
    }
    await counted;
  }

  async #lookAt(type: TaskType): Promise<void> {
    const { client, taskQueue, metrics } = this.#on;
    const { cluster } = client;
    const found: Description = await client.request(
      () =>
        client.client.workflowService.describeTaskQueue({
          namespace: cluster.namespace,
          taskQueue: { name: taskQueue },
          taskQueueType: TYPE_NUMBERS[type],
          reportStats: true,
        }),
      LOOK_TIMEOUT_MS,
    );
    const waiting = found.stats?.approximateBacklogCount;
    if (waiting != null) metrics.queueDepth(cluster.name, taskQueue, type, Number(waiting));
    this.#notePolls(type, found.pollers);
  }

  /**
   * A queue has partitions, and the ordinary answer is the root's, which hears of the others' polls when they are forwarded:
   * sometimes only with the next one, a minute later. Only the older form of the request asks all of them; a server that
   * has it no more leaves the root's word.
   */
  async #lookEverywhere(): Promise<void> {
    const { client, taskQueue } = this.#on;
    try {
      const { versionsInfo } = await client.request(
        () =>
          client.client.workflowService.describeTaskQueue({
            namespace: client.cluster.namespace,
            taskQueue: { name: taskQueue },
            apiMode: ENHANCED,
            taskQueueTypes: Object.values(TYPE_NUMBERS),
            reportPollers: true,
          }),
        LOOK_TIMEOUT_MS,
      );
      for (const { typesInfo } of Object.values(versionsInfo ?? {})) {
        for (const type of LABEL_VALUES.task_type)
          this.#notePolls(type, typesInfo?.[TYPE_NUMBERS[type]]?.pollers);
      }
    } catch {
      // The root's word stands.
    }
  }

  /** Only this process's own polls count, and only their progress: the server's clock is not this one's. */
  #notePolls(type: TaskType, pollers: Description['pollers']): void {
    const identity = this.#on.worker.status().identity;
    const times = (pollers ?? [])
      .filter((poller) => poller.identity === identity)
      .map(({ lastAccessTime: at }) => Number(at?.seconds ?? 0) * 1e3 + (at?.nanos ?? 0) / 1e6);
    const time = Math.max(...times, 0);
    if (time > (this.#polls.get(type)?.time ?? 0)) this.#polls.set(type, { time, seenAt: performance.now() });
  }

  async #countCalls(): Promise<void> {
    const { client, metrics } = this.#on;
    const { name, namespace } = client.cluster;
    const { count } = await client.request(
      () =>
        client.client.workflowService.countWorkflowExecutions({
          namespace,
          query: `WorkflowType = '${REMOTE_CALL_WORKFLOW}' AND ExecutionStatus = 'Running'`,
        }),
      LOOK_TIMEOUT_MS,
    );
    metrics.callsInFlight(name, Number(count ?? 0));
  }
}
