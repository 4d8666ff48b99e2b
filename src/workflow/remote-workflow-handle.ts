import type {
  QueryDefinition,
  SignalDefinition,
  UpdateDefinition,
  Workflow,
  WorkflowResultType,
} from '@temporalio/common';
import type { RemoteExecution } from '../shared/outcome.js';
import { cancelCall } from './anchor.js';
import type { OperableCall, Operation } from './operations.js';
import { operate, operationHeader, refusalOf, terminateTarget } from './operations.js';
import { MAX_ARGUMENTS, MAX_NAME_CHARS } from '../shared/limits.js';
import { text } from './option-checks.js';
import { callDetailsOf, invalidOption, operationError, readValue } from './outcome-value.js';
import type { RemoteWorkflowReference } from './reference.js';
import { referenceOf } from './reference.js';
import { userConverters } from './sdk-runtime.js';

/** The arguments of an update, in the form of the SDK's client: `{ args }`, which an update without arguments does not need. */
export type UpdateArguments<Args extends unknown[]> = Args extends [unknown, ...unknown[]]
  ? [options: { readonly args: Args }]
  : [options?: { readonly args?: Args }];

/**
 * A workflow on another cluster, in the hands of a workflow on this one. Each operation is recorded as an activity and
 * tried again until the other cluster has taken it; in a cancelled scope it is given up like any activity.
 */
export interface RemoteWorkflowHandle<T extends Workflow = Workflow> {
  /** Workflow id on the handler cluster. */
  readonly workflowId: string;
  /** First run of the target's chain; `''` where it is not known (an attached workflow). */
  readonly firstExecutionRunId: string;
  /** Name of the handler cluster; `undefined`: the bridge's default one. */
  readonly cluster: string | undefined;
  /**
   * The target's result.
   *
   * @throws ApplicationFailure with a type from the failure table; the target's own failure is its cause
   * @throws CancelledFailure if the target was cancelled, or the call in the way of its cancellation type
   */
  result(): Promise<WorkflowResultType<T>>;
  /**
   * Signals the target; resolves when its cluster has taken the signal. One that is sent right after the start waits for
   * the target. Delivered once, save that a retry may deliver it again if the target continued as new meanwhile.
   *
   * @throws ApplicationFailure `REMOTE_WORKFLOW_NOT_FOUND` if the target has closed
   */
  signal<Args extends unknown[] = [], Name extends string = string>(
    definition: SignalDefinition<Args, Name> | string,
    ...args: Args
  ): Promise<void>;
  /**
   * Queries the target; a worker of it has to be up.
   *
   * @throws ApplicationFailure `REMOTE_OPERATION_FAILED` if the target refuses the query
   */
  query<Ret, Args extends unknown[] = [], Name extends string = string>(
    definition: QueryDefinition<Ret, Args, Name> | string,
    ...args: Args
  ): Promise<Ret>;
  /**
   * Sends an update and waits for its result. It may wait long: the caller side looks at it in server-side back-off, from
   * half a second to 1 minute apart. Run once, save that a retry may run it again if the target continued as new meanwhile.
   *
   * @throws ApplicationFailure `REMOTE_OPERATION_FAILED` with the handler's or validator's failure as its cause
   */
  executeUpdate<Ret, Args extends unknown[] = [], Name extends string = string>(
    definition: UpdateDefinition<Ret, Args, Name> | string,
    ...options: UpdateArguments<Args>
  ): Promise<Ret>;
  /** Asks the target to cancel; its own end comes with {@link result}. Nothing happens if it has closed. */
  cancel(): Promise<void>;
  /** Terminates the target. Nothing happens if it has closed. */
  terminate(reason?: string): Promise<void>;
  /**
   * The call as plain JSON, for the arguments of `continueAsNew`: `resumeRemoteWorkflow` in the next run goes on waiting.
   */
  toReference(): RemoteWorkflowReference;
}

/** What a handle is made of. */
export interface HandleParts {
  readonly call: OperableCall;
  readonly remote: RemoteExecution;
  readonly madeAt: number;
  readonly result: () => Promise<unknown>;
}

/** The name of a definition, checked: JavaScript callers are not held by the types. */
function nameOf(what: string, definition: unknown): string {
  const name: unknown =
    typeof definition === 'object' && definition !== null && 'name' in definition
      ? definition.name
      : definition;
  return text(`${what} name`, name, MAX_NAME_CHARS);
}

function listOf(what: string, args: unknown): readonly unknown[] {
  if (!Array.isArray(args) || args.length > MAX_ARGUMENTS)
    throw invalidOption(`${what} arguments`, `a list of at most ${MAX_ARGUMENTS} arguments`, args);
  return Array.from(args);
}

/** Does something to the target; a value is read by the user's converter. */
async function run(call: OperableCall, remote: RemoteExecution, operation: Operation): Promise<unknown> {
  try {
    return readValue((await operate(call, operation))?.payload, callDetailsOf(call, remote));
  } catch (error) {
    throw operationError(call, error, remote);
  }
}

/** Makes the handle of a call. */
export function handleOf<T extends Workflow>(parts: HandleParts): RemoteWorkflowHandle<T> {
  const { remote, madeAt } = parts;
  const call: OperableCall = { ...parts.call, runId: remote.runId };
  const convert = (what: string, args: unknown) =>
    listOf(what, args).map((arg) => userConverters().toPayload(arg));
  return {
    workflowId: remote.workflowId,
    firstExecutionRunId: remote.runId,
    cluster: call.envelope.cluster,
    result: () => parts.result() as Promise<WorkflowResultType<T>>,
    signal: async (definition, ...args) => {
      await run(call, remote, {
        type: 'signal',
        name: nameOf('signal', definition),
        args: convert('signal', args),
      });
    },
    query: async <Ret>(definition: { readonly name: string } | string, ...args: unknown[]) =>
      (await run(call, remote, {
        type: 'query',
        name: nameOf('query', definition),
        args: convert('query', args),
      })) as Ret,
    executeUpdate: async <Ret>(
      definition: { readonly name: string } | string,
      ...[options]: ({ readonly args?: readonly unknown[] } | undefined)[]
    ) =>
      (await run(call, remote, {
        type: 'update',
        name: nameOf('update', definition),
        args: convert('update', options?.args ?? []),
      })) as Ret,
    cancel: async () => {
      try {
        await cancelCall(call, undefined, operationHeader(call, 'cancel'));
      } catch (error) {
        throw operationError(call, refusalOf(error), remote);
      }
    },
    terminate: async (reason = `by ${call.envelope.caller.workflowId}`) => {
      if (typeof reason !== 'string') throw invalidOption('reason', 'a text', reason);
      try {
        await terminateTarget(call, reason);
      } catch (error) {
        throw operationError(call, error, remote);
      }
    },
    toReference: () => referenceOf(call, remote, madeAt),
  };
}
