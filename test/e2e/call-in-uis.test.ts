/** What an operator reads in the web UIs of both clusters about a call: what the UIs show is read here by the client. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { defaultPayloadConverter } from '@temporalio/common';
import { WorkflowNotFoundError } from '@temporalio/client';
import type { WorkflowExecutionDescription, WorkflowHandle } from '@temporalio/client';
import type { Stage } from '../support/stage.js';
import { openStage } from '../support/stage.js';
import { openGate } from '../support/workflows/targets.js';

type Pending = NonNullable<WorkflowExecutionDescription['raw']['pendingActivities']>[number];

describe('an open call', () => {
  let stage: Stage;
  let call: WorkflowHandle;
  let pending: Pending;
  let remoteWorkflowId: string;
  let wrapper: WorkflowExecutionDescription;

  async function waiting(): Promise<Pending> {
    for (;;) {
      const { raw } = await call.describe();
      const found = raw.pendingActivities?.find(({ lastFailure }) => lastFailure);
      if (found) return found;
      await sleep(50);
    }
  }

  async function targetRuns(): Promise<void> {
    for (;;) {
      try {
        await stage.clusters.b.client.workflow.getHandle(remoteWorkflowId).describe();
        return;
      } catch (error) {
        if (!(error instanceof WorkflowNotFoundError)) throw error;
        await sleep(50);
      }
    }
  }

  before(async () => {
    stage = await openStage();
    await Promise.all([stage.bridge(), stage.targets(), stage.libraryCallers()]);
    call = await stage.start('Execute', { type: 'Gate' });
    pending = await waiting();
    const text = pending.lastFailure?.message ?? '';
    remoteWorkflowId = /as (\S+)/.exec(text)?.[1] ?? '';
    const wrapperId = /wrapper (bridge-call-\w+)/.exec(text)?.[1] ?? '';
    await targetRuns();
    wrapper = await stage.clusters.b.client.workflow.getHandle(wrapperId).describe();
  });
  after(() => stage.close());

  test('is a pending activity of the caller that says where it runs, how the answer comes and when it is looked at', async () => {
    assert.match(
      pending.lastFailure?.message ?? '',
      /^running on cluster-b as bridge-cluster-a-Execute-\S+-Gate-[0-9a-f]{32} \(wrapper bridge-call-[0-9a-f]{64}\); the answer comes by signal, this is only the safety net; next look at \d{4}-\S+Z, in \S+$/,
    );
    assert.equal(pending.lastFailure?.stackTrace ?? '', '');
    const target = await stage.clusters.b.client.workflow.getHandle(remoteWorkflowId).describe();
    assert.equal(target.type, 'Gate');
  });

  test('has a summary in the caller’s history', async () => {
    const { events } = await call.fetchHistory();
    const summaries = (events ?? []).flatMap(({ activityTaskScheduledEventAttributes, userMetadata }) =>
      activityTaskScheduledEventAttributes && userMetadata?.summary
        ? [defaultPayloadConverter.fromPayload<string>(userMetadata.summary)]
        : [],
    );
    assert.deepEqual(summaries, ['call Gate on targets']);
  });

  test('is a wrapper on the handler cluster that says who called what', async () => {
    assert.equal(await wrapper.staticSummary(), `Gate on targets for ${call.workflowId} of cluster-a`);
    const details = (await wrapper.staticDetails()) ?? '';
    for (const text of [call.workflowId, stage.clusters.a.namespace, remoteWorkflowId, 'cluster-a'])
      assert.ok(details.includes(`\`${text}\``), `${text} in ${details}`);
  });

  test('has its target as the wrapper’s child, and tells in the wrapper’s result what became of it', async () => {
    const target = await stage.clusters.b.client.workflow.getHandle(remoteWorkflowId).describe();
    assert.equal(target.parentExecution?.workflowId, wrapper.workflowId);
    await stage.clusters.b.client.workflow.getHandle(remoteWorkflowId).signal(openGate, 'x');
    assert.equal(await call.result(), 'x');
    const report = (await stage.clusters.b.client.workflow.getHandle(wrapper.workflowId).result()) as Record<
      string,
      unknown
    >;
    assert.deepEqual(
      [report['outcome'], report['target'], report['delivered']],
      ['completed', remoteWorkflowId, 'signal'],
    );
  });
});
