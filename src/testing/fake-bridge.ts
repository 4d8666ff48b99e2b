import { setTimeout as sleep } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import { defaultFailureConverter, defaultPayloadConverter } from '@temporalio/common';
import type { DataConverter, Duration, Payload, RawValue } from '@temporalio/common';
import { msToNumber } from '@temporalio/common/lib/time.js';
import type { NativeConnection } from '@temporalio/worker';
import { Worker } from '@temporalio/worker';
import type { ActivityCall } from '../bridge/activity-call.js';
import { activityCallInterceptor, noResult } from '../bridge/activity-call.js';
import type { CallerActivities } from '../bridge/caller/activities.js';
import { namedActivities } from '../bridge/caller/activities.js';
import { outcomeFailure, reportFailure, waitingFailure } from '../bridge/waiting-failure.js';
import { requestIdOf } from '../shared/call-id.js';
import { REMOTE_RUNNING } from '../shared/failure-table.js';
import type { FailureType } from '../shared/failure-table.js';
import {
  CALL_HEADER,
  COMPLETION_HEADER,
  COMPLETION_SIGNAL,
  DEFAULT_CALLER_TASK_QUEUE,
  OPERATION_HEADER,
} from '../shared/names.js';
import type { Outcome } from '../shared/outcome.js';
import { refused } from '../shared/outcome.js';
import { raw } from '../shared/payloads.js';
import { encodeAnchorResult, encodeStartedReport, hasValue } from '../shared/wire/anchor-report.js';
import type { CallEnvelope } from '../shared/wire/call-envelope.js';
import { parseCallEnvelope } from '../shared/wire/call-envelope.js';
import { encodeCompletion, encodeStarted } from '../shared/wire/completion-envelope.js';
import { splitPayloads } from '../shared/wire/extra-payloads.js';
import { parseOperationEnvelope } from '../shared/wire/operation-envelope.js';
import type { Converters, FakeCall, FakeRun, FakeTarget } from './fake-target.js';
import { RunningFake } from './fake-target.js';

/** Options of {@link startFakeBridge}. */
export interface FakeBridgeOptions {
  /** Of the test environment: `env.nativeConnection`. */
  readonly connection: NativeConnection;
  /** Of the test environment: `env.client`. */
  readonly client: Client;
  /** Default: the client's. */
  readonly namespace?: string;
  /** Task queue of the calls. Default `bridge-queue`. */
  readonly taskQueue?: string;
  /** The workflows of the other clusters by type: a function, or more. A call of any other type is `TARGET_NOT_ALLOWED`. */
  readonly workflows: Readonly<Record<string, ((...args: never[]) => unknown) | FakeTarget>>;
  /** The data converter of the caller's worker, if it has one of its own. */
  readonly dataConverter?: DataConverter;
  /** The payload converter that `dataConverter.payloadConverterPath` names. */
  readonly converters?: Partial<Converters>;
}

/** A fake bridge that serves the calls of a test. */
export interface FakeBridge {
  /** The calls so far, in the order of their coming. */
  readonly calls: readonly FakeCall[];
  /** Stops polling. */
  stop(): Promise<void>;
}

/** How long a fake target may take to be answered at once; a longer one is answered by signal, as by the bridge. */
const AT_ONCE_MS = 50;
/** Next look at a fake target that runs, on the test server's clock, in milliseconds. */
const LOOK_MS = 3_600_000;

class Fake implements CallerActivities {
  readonly calls: RunningFake[] = [];
  readonly #byId = new Map<string, RunningFake>();
  readonly #options: FakeBridgeOptions;
  readonly #converters: Converters;

  constructor(options: FakeBridgeOptions) {
    this.#options = options;
    this.#converters = {
      payloadConverter: options.converters?.payloadConverter ?? defaultPayloadConverter,
      failureConverter: options.converters?.failureConverter ?? defaultFailureConverter,
    };
  }

  #targetOf(workflowType: string): FakeTarget | undefined {
    const { workflows } = this.#options;
    if (!Object.hasOwn(workflows, workflowType)) return undefined;
    const found = workflows[workflowType];
    if (typeof found !== 'function') return found;
    const run: FakeRun = (_call, ...args) => found(...args);
    return { run };
  }

  /** The fake of a call, made by its first attempt. */
  #open(call: CallEnvelope): RunningFake | undefined {
    const known = this.#byId.get(call.callId);
    if (known) return known;
    const { workflowType, taskQueue, idMode, name } = call.target;
    const attaches = idMode === 'attach';
    const target = this.#targetOf(attaches ? name : workflowType);
    if (!target) return undefined;
    const workflowId = attaches || idMode === 'given' ? name : `${workflowType}-${call.callId.slice(0, 12)}`;
    const remote = {
      wrapperWorkflowId: call.wrapperWorkflowId,
      workflowId,
      runId: `fake-${call.callId.slice(0, 12)}`,
    };
    const fake = new RunningFake(
      { workflowType, taskQueue, cluster: call.cluster, remote },
      target,
      this.#converters,
    );
    this.#byId.set(call.callId, fake);
    this.calls.push(fake);
    return fake;
  }

  async #signal(
    call: CallEnvelope,
    header: Payload,
    payloads: readonly Payload[],
    kind: string,
  ): Promise<void> {
    const { client } = this.#options;
    const codecs = this.#options.dataConverter?.payloadCodecs ?? [];
    let encoded = [...payloads];
    for (const codec of codecs) encoded = await codec.encode(encoded);
    await client.workflowService.signalWorkflowExecution({
      namespace: this.#options.namespace ?? client.options.namespace,
      workflowExecution: { workflowId: call.caller.workflowId },
      signalName: COMPLETION_SIGNAL,
      input: { payloads: encoded },
      header: { fields: { [COMPLETION_HEADER]: header } },
      requestId: requestIdOf(kind, call.callId),
      identity: 'temporal-bridge/testing',
    });
  }

  readonly start = async (input: ActivityCall): Promise<RawValue> => {
    const call = parseCallEnvelope(input.header(CALL_HEADER));
    const fake = this.#open(call);
    const { callId, argsDigest, target } = call;
    if (!fake) {
      const known = Object.keys(this.#options.workflows).join(', ') || 'none';
      const what = target.idMode === 'attach' ? target.name : target.workflowType;
      throw this.#failed(call, 'TARGET_NOT_ALLOWED', `no fake for ${what}; the test has: ${known}`);
    }
    const { remote } = fake;
    const isFirst = Context.current().info.attempt === 1 && call.resume === undefined;
    if (isFirst && call.confirmStart)
      await this.#signal(call, encodeStarted({ callId, argsDigest, remote }), [], 'started');
    const delayMs = fake.target.delay === undefined ? 0 : msToNumber(fake.target.delay as Duration);
    if (isFirst && delayMs > 0)
      throw waitingFailure(REMOTE_RUNNING, 'the fake target is delayed', delayMs, 'yes');
    if (!fake.started) fake.start(splitPayloads(input.payloads, call.extras).args);
    const outcome = fake.outcome ?? (await Promise.race([fake.ended, sleep(AT_ONCE_MS, undefined)]));
    if (outcome) return this.#report(outcome, fake);
    void fake.ended.then((end) => {
      const { header, payloads } = encodeCompletion({ callId, argsDigest, outcome: end, remote });
      return this.#signal(call, header, payloads, 'completion').catch(() => undefined); // the caller has closed
    });
    throw waitingFailure(REMOTE_RUNNING, 'the fake target runs', LOOK_MS, 'yes');
  };

  #report(outcome: Outcome, { remote }: RunningFake): RawValue {
    if (!hasValue(outcome)) throw outcomeFailure(outcome, remote);
    return raw(encodeAnchorResult(outcome.value, remote));
  }

  #failed(call: CallEnvelope, type: FailureType, message: string) {
    const remote = { wrapperWorkflowId: call.wrapperWorkflowId, workflowId: '', runId: '' };
    return outcomeFailure(refused(type, message), remote);
  }

  /** The fake of a call that was started; one that was not is waited for, as by the bridge. */
  #opened(input: ActivityCall): { call: CallEnvelope; fake: RunningFake; args: Payload[]; done: RawValue } {
    const call = parseCallEnvelope(input.header(CALL_HEADER));
    const fake = call.target.idMode === 'attach' ? this.#open(call) : this.#byId.get(call.callId);
    if (!fake) {
      if (call.target.idMode === 'attach')
        throw this.#failed(call, 'REMOTE_WORKFLOW_NOT_FOUND', `no fake for ${call.target.name}`);
      throw waitingFailure(REMOTE_RUNNING, 'the fake target has not started', AT_ONCE_MS, 'unknown');
    }
    const args = [...input.payloads];
    const token = call.extras?.token ? args.pop() : undefined;
    const hasCodec = (this.#options.dataConverter?.payloadCodecs ?? []).length > 0;
    return { call, fake, args, done: noResult(hasCodec, token) };
  }

  readonly confirmStart = async (input: ActivityCall): Promise<RawValue> => {
    throw reportFailure(encodeStartedReport(this.#opened(input).fake.remote));
  };

  readonly signal = async (input: ActivityCall): Promise<RawValue> => {
    const { call, fake, args, done } = this.#opened(input);
    if (fake.outcome) throw this.#failed(call, 'REMOTE_WORKFLOW_NOT_FOUND', `${fake.workflowId} has closed`);
    fake.signal(parseOperationEnvelope(input.header(OPERATION_HEADER)).name, args);
    return done;
  };

  readonly query = (input: ActivityCall): Promise<RawValue> => this.#answer(input, 'queries');
  readonly update = (input: ActivityCall): Promise<RawValue> => this.#answer(input, 'updates');

  async #answer(input: ActivityCall, kind: 'queries' | 'updates'): Promise<RawValue> {
    const { call, fake, args } = this.#opened(input);
    const { name } = parseOperationEnvelope(input.header(OPERATION_HEADER));
    const answers = fake.target[kind] ?? {};
    const answer = Object.hasOwn(answers, name) ? answers[name] : undefined;
    if (!answer)
      throw this.#failed(
        call,
        'REMOTE_OPERATION_FAILED',
        `the fake of ${fake.workflowType} has no ${kind} ${name}`,
      );
    try {
      const value: unknown = await answer(fake, ...(fake.read(args) as never[]));
      return raw(this.#converters.payloadConverter.toPayload(value));
    } catch (error) {
      const { failureConverter, payloadConverter } = this.#converters;
      const message = `${name} failed: ${error instanceof Error ? error.message : String(error)}`;
      throw outcomeFailure(
        refused('REMOTE_OPERATION_FAILED', message),
        fake.remote,
        failureConverter.errorToFailure(error, payloadConverter),
      );
    }
  }

  readonly cancel = async (input: ActivityCall): Promise<RawValue> => {
    const { fake, done } = this.#opened(input);
    fake.requestCancel();
    return done;
  };

  readonly terminate = async (input: ActivityCall): Promise<RawValue> => {
    const { fake, done } = this.#opened(input);
    fake.terminate();
    return done;
  };
}

/**
 * Serves calls to other clusters out of functions of the test: no second cluster, no bridge. It polls the bridge's task
 * queue of a test environment of the SDK, local or time-skipping; the caller's own worker is the test's.
 *
 * What it does not show: anything about the other cluster, its payload codecs, or the bridge's behaviour in outages.
 */
export async function startFakeBridge(options: FakeBridgeOptions): Promise<FakeBridge> {
  const fake = new Fake(options);
  const worker = await Worker.create({
    connection: options.connection,
    namespace: options.namespace ?? options.client.options.namespace,
    taskQueue: options.taskQueue ?? DEFAULT_CALLER_TASK_QUEUE,
    interceptors: { activity: [activityCallInterceptor] },
    ...(options.dataConverter ? { dataConverter: options.dataConverter } : {}),
    activities: namedActivities(fake),
  });
  const running = worker.run();
  return {
    calls: fake.calls,
    stop: async () => {
      if (worker.getState() === 'RUNNING') worker.shutdown();
      await running;
    },
  };
}
