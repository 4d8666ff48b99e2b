import type {
  RetryPolicy,
  SearchAttributePair,
  TypedSearchAttributes,
  WithWorkflowArgs,
  Workflow,
  WorkflowIdReusePolicy,
} from '@temporalio/common';
import type { ChildWorkflowCancellationType, ParentClosePolicy } from '@temporalio/workflow';
import type { CallScope } from '../shared/call-id.js';

/** A duration: a number of milliseconds, or a text as the SDK takes it: `90s`, `5 minutes`, `1.5h`. */
export type CallDuration = number | `${number}${string}`;

/** When a call without a completion signal is looked at. */
export interface FallbackSchedule {
  /** First look, 100 ms – 1 h. Default: the bridge's `BRIDGE_FALLBACK_FIRST`, 1 minute; never later than the call's time-out. */
  readonly first: CallDuration;
  /** Longest wait between two looks, 100 ms – 1 h; the wait doubles from the first. Default 1 h. */
  readonly max?: CallDuration;
}

/** What concerns the call itself, whether it starts a workflow or attaches to one. */
export interface RemoteCallOptions {
  /** Name of the handler cluster, as the bridge is configured. Default: the bridge's default handler cluster. */
  readonly cluster?: string;
  /**
   * Names the call within its scope, up to 1,000 characters: two calls with one key are one call. Default: made of what is
   * asked for and how often this run has asked for it.
   */
  readonly key?: string;
  /**
   * What the key is unique within. Default `run`.
   * - `run`: this run; a retry, a cron run or a continued run makes new calls.
   * - `chain`: all runs of this chain; needs a key.
   * - `workflow-id`: everybody who ever has this workflow id; needs a key and `sourceCluster`.
   */
  readonly scope?: CallScope;
  /** Name of this cluster as the bridge knows it (`CLUSTER_A_NAME`). Needed in scope `workflow-id` only. */
  readonly sourceCluster?: string;
  /**
   * Time for the whole call, 1 ms – 365 days; the target is started with what is left of it as its execution time-out.
   * Default: none, the call waits.
   */
  readonly timeout?: CallDuration;
  /**
   * Whether a cancellation of the surrounding scope is passed on, and what is waited for. Default
   * `WAIT_CANCELLATION_COMPLETED`; for an attached workflow `ABANDON`.
   */
  readonly cancellationType?: ChildWorkflowCancellationType;
  /** When the safety net looks. */
  readonly fallback?: FallbackSchedule;
  /** Task queue of the bridge's caller side. Default `bridge-queue`; with a plugin that starts calls itself, this workflow's own. */
  readonly bridgeTaskQueue?: string;
}

/** Options of a remote workflow: those of a child workflow where they have a meaning across clusters, and the call's own. */
export interface RemoteWorkflowOptions extends RemoteCallOptions {
  /** Task queue on the handler cluster; there is no default, since the caller's own queue is on another cluster. */
  readonly taskQueue: string;
  /** The target's workflow id, up to 255 characters. Default: readable, with a hash of the call. */
  readonly workflowId?: string;
  /**
   * Only with a `workflowId`: whether the id may have been used before. Default `REJECT_DUPLICATE`, since the call starts
   * its target at most once; an execution that another caller started is never taken for the call's own.
   */
  readonly workflowIdReusePolicy?: WorkflowIdReusePolicy;
  /** From the target's own start; `timeout` counts from the call. */
  readonly workflowExecutionTimeout?: CallDuration;
  /** Of each run of the target. */
  readonly workflowRunTimeout?: CallDuration;
  /** Of each workflow task of the target, up to 2 minutes. */
  readonly workflowTaskTimeout?: CallDuration;
  /** Retries of the target on its own cluster. Default: none. */
  readonly retry?: RetryPolicy;
  /** The target's memo; each value crosses as a payload of its own, through your converter and codec. At most 100 keys. */
  readonly memo?: Readonly<Record<string, unknown>>;
  /** The target's search attributes; they must exist on the handler cluster. Not encoded by any codec. */
  readonly typedSearchAttributes?: readonly SearchAttributePair[] | TypedSearchAttributes;
  /** The target's summary in its UI. */
  readonly staticSummary?: string;
  /** The target's details in its UI. */
  readonly staticDetails?: string;
  /** The target's priority on its own cluster: `priorityKey` only. */
  readonly priority?: { readonly priorityKey?: number };
  /**
   * What becomes of the target when this workflow closes before it. Default `REQUEST_CANCEL`; in scope `workflow-id`
   * `ABANDON`, since whoever starts this workflow's id again takes the call up.
   */
  readonly parentClosePolicy?: ParentClosePolicy;
}

/** {@link RemoteWorkflowOptions} with the arguments of a workflow type. */
export type RemoteWorkflowOptionsWithArgs<T extends Workflow> = WithWorkflowArgs<T, RemoteWorkflowOptions>;

/** A workflow on the handler cluster that somebody else has started. */
export interface AttachOptions extends RemoteCallOptions {
  /** Only this run; default: the chain of runs that has the id when the handler side looks. */
  readonly runId?: string;
}
