/** A call as both clusters tell of it: the shape of `calls show --json`, save times, which are in it as texts. */

/** Status of a workflow execution. */
export type ExecutionStatus =
  | 'running'
  | 'completed'
  | 'failed'
  | 'canceled'
  | 'terminated'
  | 'continued_as_new'
  | 'timed_out'
  | 'paused'
  | 'unknown';

/** How a call stands: while its wrapper runs `running`; then its outcome, or how the wrapper itself was ended. */
export type CallStatus = string;

/** What was looked for on a cluster: found, not there, or the cluster could not be asked. */
export type Look<T> =
  | { readonly found: T }
  | { readonly missing: true }
  /** Why not, for people. */
  | { readonly unavailable: string };

/** The value of a look that found something. */
export function foundIn<T>(look: Look<T>): T | undefined {
  return 'found' in look ? look.found : undefined;
}

/** The workflow on A that made a call. */
export interface CallerRef {
  readonly cluster: string;
  readonly namespace: string;
  readonly workflowId: string;
  readonly runId: string;
}

/** What the start of the wrapper has recorded; it never changes. */
export interface CallFacts {
  readonly callId: string;
  readonly caller: CallerRef;
  readonly target: { readonly workflowType: string; readonly taskQueue: string; readonly workflowId: string };
  /** Somebody else's workflow is waited for; nothing is started. */
  readonly attached: boolean;
  readonly traceId?: string;
}

/** What a wrapper that completed has reported. */
export interface CallReport {
  readonly outcome: string;
  readonly delivered: string;
  readonly note: string;
  readonly refusal?: { readonly type: string; readonly message: string };
}

/** An activity that has not ended. */
export interface PendingActivity {
  readonly id: string;
  readonly type: string;
  readonly attempt: number;
  /** An attempt runs at the moment. */
  readonly isStarted: boolean;
  readonly nextAttemptAt?: number;
  readonly lastFailure?: { readonly type: string; readonly message: string };
}

/** A workflow task that waits for a worker, or that one has. */
export interface PendingTask {
  readonly isStarted: boolean;
  readonly attempt: number;
  readonly since: number;
}

/** One workflow execution. */
export interface ExecutionView {
  readonly workflowId: string;
  readonly runId: string;
  readonly workflowType: string;
  readonly taskQueue: string;
  readonly status: ExecutionStatus;
  readonly startedAt: number;
  readonly closedAt?: number;
  readonly events: number;
  readonly task?: PendingTask;
  readonly pendingActivities: readonly PendingActivity[];
  readonly pendingChildren: number;
}

/** A task queue that something waits on. */
export interface QueueLook {
  readonly name: string;
  /** Absent: this host may not ask. */
  readonly pollers?: number;
}

/** What the handler cluster tells of a call. */
export interface HandlerView {
  readonly wrapper: ExecutionView;
  readonly facts?: CallFacts;
  readonly report?: CallReport;
  readonly target?: ExecutionView;
  /** The queue that the wrapper or the target waits on, if one does. */
  readonly queue?: QueueLook;
}

/** What the caller cluster tells of a call. */
export interface CallerView {
  readonly execution: ExecutionView;
  readonly call: {
    readonly recordedAt: number;
    readonly workflowType: string;
    readonly taskQueue: string;
    readonly bridgeQueue: string;
    /** The anchor activity, while it has not ended. */
    readonly anchor?: PendingActivity;
    readonly traceId?: string;
  };
  /** How the outcome came back, if it has. */
  readonly outcome?: { readonly by: 'signal' | 'fallback'; readonly at: number };
  /** The bridge's queue, or the caller's own, if something waits on it. */
  readonly queue?: QueueLook;
}

/** One call. */
export interface CallView {
  readonly callId: string;
  readonly wrapperWorkflowId: string;
  readonly handler: Look<HandlerView>;
  readonly caller: Look<CallerView>;
}
