/** What a hostile signal, a copied envelope, a retry, or a stranger with the right id cannot do to a call. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ApplicationFailure } from '@temporalio/common';
import { WorkflowFailedError } from '@temporalio/client';
import type { WorkflowHandle } from '@temporalio/client';
import { COMPLETION_HEADER, COMPLETION_SIGNAL } from '../../src/shared/names.js';
import { encodeCompletion } from '../../src/shared/wire/completion-envelope.js';
import { parseCallEnvelope } from '../../src/shared/wire/call-envelope.js';
import type { CallEnvelope } from '../../src/shared/wire/call-envelope.js';
import type { Stage } from '../support/stage.js';
import { openStage } from '../support/stage.js';
import { openGate } from '../support/workflows/targets.js';
import type { EndView } from '../support/workflows/library-callers.js';

const LIMIT = { timeout: 60_000 };
const CALLERS = fileURLToPath(new URL('../support/workflows/hardening-callers.ts', import.meta.url));

describe('a call', () => {
  let stage: Stage;
  before(async () => {
    stage = await openStage();
    await Promise.all([stage.bridge(), stage.targets(), stage.libraryCallers({ workflowsPath: CALLERS })]);
  });
  after(() => stage.close());

  /** The envelope of the call that a caller has open. */
  async function envelopeOf(caller: WorkflowHandle): Promise<CallEnvelope> {
    for (;;) {
      const { events } = await caller.fetchHistory();
      for (const { activityTaskScheduledEventAttributes: activity } of events ?? []) {
        const header = activity?.header?.fields?.['temporal-bridge-call'];
        if (header) return parseCallEnvelope(header);
      }
      await sleep(50);
    }
  }

  async function targetOf(wrapperWorkflowId: string): Promise<WorkflowHandle> {
    const { client } = stage.clusters.b;
    for (;;) {
      const { raw } = await client.workflow
        .getHandle(wrapperWorkflowId)
        .describe()
        .catch(() => ({ raw: undefined }));
      const memoed = raw && (await client.workflow.getHandle(wrapperWorkflowId).fetchHistory());
      for (const event of memoed?.events ?? []) {
        const id = event.childWorkflowExecutionStartedEventAttributes?.workflowExecution?.workflowId;
        if (id) return client.workflow.getHandle(id);
      }
      await sleep(50);
    }
  }

  for (const odd of ['activityFailureInfo', 'childWorkflowExecutionFailureInfo'] as const) {
    test(`ends with a typed failure if a signal brings one that lacks all of its ${odd}`, LIMIT, async () => {
      const caller = await stage.start('ExecuteAndTell', { type: 'Gate' });
      const { callId, argsDigest, wrapperWorkflowId } = await envelopeOf(caller);
      const { header, payloads } = encodeCompletion({
        callId,
        argsDigest,
        remote: { wrapperWorkflowId, workflowId: 'x', runId: 'y' },
        outcome: {
          status: 'failed',
          failure: { message: 'odd', [odd]: {}, cause: { message: 'c', [odd]: {} } },
        },
      });
      const { a } = stage.clusters;
      await a.client.workflowService.signalWorkflowExecution({
        namespace: a.namespace,
        workflowExecution: { workflowId: caller.workflowId },
        signalName: COMPLETION_SIGNAL,
        input: { payloads },
        header: { fields: { [COMPLETION_HEADER]: header } },
        requestId: randomUUID(),
      });
      const end = (await caller.result()) as EndView;
      assert.ok('error' in end && end.error.type === 'REMOTE_WORKFLOW_FAILED', JSON.stringify(end));
      assert.equal(end.error.cause?.type, 'UnreadableFailure');
    });
  }

  test('cannot be made in the name of another workflow', LIMIT, async () => {
    const victim = await stage.start('ExecuteAndTell', { type: 'Gate' });
    const envelope = await envelopeOf(victim);
    const forger = await stage.start('ScheduleStart', envelope);
    await assert.rejects(forger.result(), (error: unknown) => {
      assert.ok(error instanceof WorkflowFailedError);
      const failure = error.cause?.cause;
      assert.ok(failure instanceof ApplicationFailure && failure.type === 'INVALID_REQUEST');
      assert.match(failure.message, /names another workflow/);
      return true;
    });
    await (await targetOf(envelope.wrapperWorkflowId)).signal(openGate, 'its own');
    assert.deepEqual(await victim.result(), { value: 'its own', isUndefined: false });
  });

  test('that a failing run resumed goes on in its retry', LIMIT, async () => {
    const caller = await stage.clusters.a.client.workflow.start('HandOverAndFail', {
      taskQueue: 'callers',
      workflowId: `fails-${randomUUID()}`,
      args: [{ type: 'Gate' }],
      retry: { maximumAttempts: 2, initialInterval: '100ms' },
    });
    const { wrapperWorkflowId } = await envelopeOf(
      stage.clusters.a.client.workflow.getHandle(caller.workflowId, caller.firstExecutionRunId),
    );
    const target = await targetOf(wrapperWorkflowId);
    await sleep(1500); // the failing run and its retry
    assert.equal((await target.describe()).status.name, 'RUNNING');
    await target.signal(openGate, 'answer');
    assert.equal(await caller.result(), 'answer');
  });

  test('that attached to a workflow is not answered by the next one of its id', LIMIT, async () => {
    const { client } = stage.clusters.b;
    const workflowId = `taken-over-${randomUUID()}`;
    const start = () => client.workflow.start('Gate', { workflowId, taskQueue: 'targets' });
    const first = await start();
    const caller = await stage.start('UseHandle', { attachTo: workflowId }, [{ do: 'result' }]);
    const { wrapperWorkflowId } = await envelopeOf(caller);
    for (;;) {
      // It has been seen once: the follower waits in back-off.
      const wrapper = await client.workflow
        .getHandle(wrapperWorkflowId)
        .describe()
        .catch(() => undefined);
      if (
        wrapper?.raw.pendingActivities?.some(
          ({ activityType, attempt }) => activityType?.name === 'FollowTarget' && (attempt ?? 0) > 1,
        )
      )
        break;
      await sleep(50);
    }
    await first.signal(openGate, 'first');
    await first.result();
    const second = await start();
    assert.deepEqual(await caller.result(), [{ value: 'first' }]);
    await second.terminate();
  });
});
