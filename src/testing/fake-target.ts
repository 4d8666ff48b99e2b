import { ApplicationFailure, CancelledFailure, TemporalFailure } from '@temporalio/common';
import type { FailureConverter, Payload, PayloadConverter } from '@temporalio/common';
import type { CallDuration } from '../workflow/remote-workflow-options.js';
import type { FailureType } from '../shared/failure-table.js';
import type { Outcome, RemoteExecution } from '../shared/outcome.js';
import { outcomeOfFailure, refused } from '../shared/outcome.js';

/** A signal that a fake target was sent. */
export interface FakeSignal {
  readonly name: string;
  readonly args: readonly unknown[];
}

/** One call, as its fake target sees it. */
export interface FakeCall {
  readonly workflowType: string;
  readonly taskQueue: string;
  /** The target's workflow id: the one that was asked for, or one made of the call. */
  readonly workflowId: string;
  /** Name of the handler cluster, if the caller named one. */
  readonly cluster: string | undefined;
  /** Signals so far, in the order of their coming. */
  readonly signals: readonly FakeSignal[];
  /** The arguments of the next signal of this name that is not taken yet. */
  nextSignal(name: string): Promise<readonly unknown[]>;
  /** Resolves when the caller asks the target to cancel. */
  readonly cancelRequested: Promise<void>;
}

/** What a fake target does: its value is the result; what it throws, the failure. */
export type FakeRun = (call: FakeCall, ...args: never[]) => unknown;

/** A fake target with more than a result. */
export interface FakeTarget {
  /** Default: completes without a value. */
  readonly run?: FakeRun;
  /** Time before it runs, on the test server's clock: a time-skipping server skips it. Default 0. */
  readonly delay?: CallDuration;
  /** Answers queries. */
  readonly queries?: Readonly<Record<string, (call: FakeCall, ...args: never[]) => unknown>>;
  /** Answers updates. */
  readonly updates?: Readonly<Record<string, (call: FakeCall, ...args: never[]) => unknown>>;
  /** `true`: `run` sees to {@link FakeCall.cancelRequested}. Default: a cancelled target ends as cancelled at once. */
  readonly handlesCancellation?: boolean;
}

/** An end that no value or failure of the target's own stands for. */
class FakeEnd extends Error {
  readonly outcome: Outcome;
  constructor(outcome: Outcome) {
    super(`a fake target ends as ${outcome.status}`);
    this.outcome = outcome;
  }
}

/** To be thrown by a fake target: it ran into its time-out. */
export function fakeTimeout(): Error {
  return new FakeEnd({ status: 'timed_out' });
}

/** To be thrown by a fake target: it was terminated. */
export function fakeTermination(): Error {
  return new FakeEnd({ status: 'terminated' });
}

/** To be thrown by a fake target: the bridge ends the call with a type of the failure table, for example `CALL_EXPIRED`. */
export function fakeRefusal(type: FailureType, message: string, details: Record<string, string> = {}): Error {
  return new FakeEnd(refused(type, message, details));
}

/** The converters of the caller's worker. */
export interface Converters {
  readonly payloadConverter: PayloadConverter;
  readonly failureConverter: FailureConverter;
}

/** A fake target that is running, or has run. */
export class RunningFake implements FakeCall {
  readonly workflowType: string;
  readonly taskQueue: string;
  readonly workflowId: string;
  readonly cluster: string | undefined;
  readonly remote: RemoteExecution;
  readonly target: FakeTarget;
  readonly signals: FakeSignal[] = [];
  readonly cancelRequested: Promise<void>;
  readonly ended: Promise<Outcome>;
  outcome: Outcome | undefined;
  /** Whether the target's function was called. */
  started = false;
  readonly #taken = new Map<string, number>();
  readonly #converters: Converters;
  #wakeUp: (() => void)[] = [];
  #cancel = (): void => undefined;
  #end = (_outcome: Outcome): void => undefined;

  constructor(
    call: Pick<FakeCall, 'workflowType' | 'taskQueue' | 'cluster'> & { readonly remote: RemoteExecution },
    target: FakeTarget,
    converters: Converters,
  ) {
    this.workflowType = call.workflowType;
    this.taskQueue = call.taskQueue;
    this.cluster = call.cluster;
    this.remote = call.remote;
    this.workflowId = call.remote.workflowId;
    this.target = target;
    this.#converters = converters;
    this.cancelRequested = new Promise((resolve) => (this.#cancel = resolve));
    this.ended = new Promise((resolve) => {
      this.#end = (outcome) => {
        this.outcome ??= outcome;
        resolve(this.outcome);
      };
    });
  }

  async nextSignal(name: string): Promise<readonly unknown[]> {
    for (;;) {
      const at = this.#taken.get(name) ?? 0;
      const found = this.signals.filter((signal) => signal.name === name)[at];
      if (found) {
        this.#taken.set(name, at + 1);
        return found.args;
      }
      await new Promise<void>((resolve) => this.#wakeUp.push(resolve));
    }
  }

  /** Runs the target's function; the first end counts. */
  start(args: readonly Payload[]): void {
    this.started = true;
    const { run = () => undefined } = this.target;
    void (async () => {
      try {
        const value = await run(this, ...(this.read(args) as never[]));
        this.#end({ status: 'completed', value: this.#converters.payloadConverter.toPayload(value) });
      } catch (error) {
        this.#end(this.#outcomeOf(error));
      }
    })();
  }

  signal(name: string, args: readonly Payload[]): void {
    this.signals.push({ name, args: this.read(args) });
    const waiting = this.#wakeUp;
    this.#wakeUp = [];
    for (const wake of waiting) wake();
  }

  requestCancel(): void {
    this.#cancel();
    if (!this.target.handlesCancellation) this.#end({ status: 'canceled', details: [] });
  }

  terminate(): void {
    this.#end({ status: 'terminated' });
  }

  read(payloads: readonly Payload[]): unknown[] {
    return payloads.map((payload) => this.#converters.payloadConverter.fromPayload<unknown>(payload));
  }

  #outcomeOf(error: unknown): Outcome {
    if (error instanceof FakeEnd) return error.outcome;
    if (error instanceof CancelledFailure) return { status: 'canceled', details: [] };
    const failure =
      error instanceof TemporalFailure
        ? error
        : ApplicationFailure.create({
            type: error instanceof Error ? error.name : 'Error',
            message: error instanceof Error ? error.message : String(error),
            nonRetryable: true,
          });
    const { failureConverter, payloadConverter } = this.#converters;
    return outcomeOfFailure(failureConverter.errorToFailure(failure, payloadConverter));
  }
}
