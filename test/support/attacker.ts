/** Somebody who may write to B's namespace, and has none of the bridge's keys: the `temporal` CLI and a worker of his own. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Payload } from '@temporalio/common';
import { runCommand } from '../../scripts/stack/run-command.js';
import { COMPLETION_HEADER, REMOTE_CALL_HEADER } from '../../src/shared/names.js';
import { jsonPayload } from '../../src/shared/payloads.js';
import type { RemoteCallEnvelope } from '../../src/shared/wire/call-envelope.js';
import { encodeCompletion } from '../../src/shared/wire/completion-envelope.js';
import type { TestSide } from './harness.js';
import { eventually } from './inspect.js';
import { readTestEnv } from './test-env.js';
import { decideByHand } from './worker-by-hand.js';

/** A call's envelope as it stands in a history, to be spoilt. */
export type StolenEnvelope = RemoteCallEnvelope;

/** What became of an activity that the attacker has scheduled. */
export interface AttackEnd {
  /** What it returned. */
  readonly result?: { readonly delivered?: string; readonly note?: string; readonly admitted?: boolean };
  /** Type of the failure by which it ended for good. */
  readonly failure?: string;
  /** The attempt that ended it. */
  readonly attempt: number;
}

/** `COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK`. */
const SCHEDULE_ACTIVITY = 1;

/** What an attacker on B can do. */
export class Attacker {
  readonly #side: TestSide;
  readonly #queue = `attackers-${randomUUID()}`;

  constructor(side: TestSide) {
    this.#side = side;
  }

  /** Runs the CLI against B. */
  async cli(...args: string[]): Promise<string> {
    const { address, namespace } = this.#side;
    const where = ['--address', address, '--namespace', namespace];
    const { ok, stdout, problem } = await runCommand(readTestEnv().cli, [...args, ...where]);
    assert.ok(ok, problem);
    return stdout;
  }

  /** Copies the envelope of a call, its seal included, from the wrapper's history. */
  async steal(wrapperWorkflowId: string): Promise<StolenEnvelope> {
    const shown = await this.cli('workflow', 'show', '--workflow-id', wrapperWorkflowId, '--output', 'json');
    const history = JSON.parse(shown) as {
      events: {
        workflowExecutionStartedEventAttributes?: { header?: { fields?: Record<string, { data: string }> } };
      }[];
    };
    const [first] = history.events;
    const field = first?.workflowExecutionStartedEventAttributes?.header?.fields?.[REMOTE_CALL_HEADER];
    assert.ok(field, `${wrapperWorkflowId} was started with an envelope`);
    return JSON.parse(Buffer.from(field.data, 'base64').toString()) as StolenEnvelope;
  }

  /** Has an activity run on the handler side's queue, scheduled by a workflow of the attacker's own. */
  async schedule(
    activityType: string,
    headers: Readonly<Record<string, Payload>>,
    { workflowId = `attack-${randomUUID()}`, payloads = [jsonPayload('forged')] as Payload[] } = {},
  ): Promise<AttackEnd> {
    await this.cli(
      ...['workflow', 'start', '--type', 'Attack', '--task-queue', this.#queue, '--workflow-id', workflowId],
    );
    await decideByHand(this.#side, this.#queue, {
      commandType: SCHEDULE_ACTIVITY,
      scheduleActivityTaskCommandAttributes: {
        activityId: 'attack',
        activityType: { name: activityType },
        taskQueue: { name: 'bridge-handler-queue' },
        header: { fields: { ...headers } },
        input: { payloads: [...payloads] },
        startToCloseTimeout: { seconds: 10 as never },
        scheduleToCloseTimeout: { seconds: 60 as never },
        // The attacker would have it tried as often as it takes.
        retryPolicy: { initialInterval: { nanos: 100_000_000 }, maximumAttempts: 4, backoffCoefficient: 1 },
      },
    });
    const end = await eventually('the activity has ended', () => this.#end(workflowId));
    await this.cli('workflow', 'terminate', '--workflow-id', workflowId);
    return end;
  }

  async #end(workflowId: string): Promise<AttackEnd | undefined> {
    const { events } = await this.#side.client.workflow.getHandle(workflowId).fetchHistory();
    let attempt = 0;
    for (const event of events ?? []) {
      attempt = event.activityTaskStartedEventAttributes?.attempt ?? attempt;
      const completed = event.activityTaskCompletedEventAttributes;
      if (completed) {
        const data = completed.result?.payloads?.[0]?.data;
        const text = Buffer.from(data ?? new Uint8Array()).toString();
        return { attempt, result: text === '' ? {} : (JSON.parse(text) as NonNullable<AttackEnd['result']>) };
      }
      const failure = event.activityTaskFailedEventAttributes?.failure;
      if (failure) return { attempt, failure: failure.applicationFailureInfo?.type ?? '' };
      const timedOut = event.activityTaskTimedOutEventAttributes?.failure;
      if (timedOut) return { attempt, failure: timedOut.cause?.applicationFailureInfo?.type ?? 'timed out' };
    }
    return undefined;
  }

  /** Has the handler side deliver an outcome of the attacker's to the caller of an envelope. */
  deliver(envelope: unknown, workflowId?: string): Promise<AttackEnd> {
    const { callId = '0'.repeat(64), argsDigest = '0'.repeat(64) } = (envelope ??
      {}) as Partial<RemoteCallEnvelope>;
    const { header, payloads } = encodeCompletion({
      callId,
      argsDigest,
      outcome: { status: 'completed', value: jsonPayload('forged') },
      remote: { wrapperWorkflowId: 'w', workflowId: 't', runId: 'r' },
    });
    const headers = { [REMOTE_CALL_HEADER]: jsonPayload(envelope), [COMPLETION_HEADER]: header };
    return this.schedule('SendCompletion', headers, {
      payloads,
      ...(workflowId === undefined ? {} : { workflowId }),
    });
  }

  /** Starts a wrapper on the handler side's queue; an envelope is more than the CLI can send. */
  async startWrapper(envelope: unknown, workflowId = `bridge-call-${randomUUID()}`): Promise<string> {
    await this.#side.client.workflowService.startWorkflowExecution({
      namespace: this.#side.namespace,
      workflowId,
      workflowType: { name: 'RemoteCallWorkflow' },
      taskQueue: { name: 'bridge-handler-queue' },
      header: { fields: { [REMOTE_CALL_HEADER]: jsonPayload(envelope) } },
      input: { payloads: [jsonPayload('forged')] },
      requestId: randomUUID(),
      identity: 'attacker',
    });
    return workflowId;
  }
}
