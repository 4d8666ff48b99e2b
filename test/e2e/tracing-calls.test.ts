/** One trace a call, in a real Jaeger: complete while the target still sleeps, and after. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { remoteOf } from '../support/inspect.js';
import { requestFor } from '../support/harness.js';
import { CANARY, openTracedStage, type TracedStage } from '../support/traced-stage.js';

describe('the trace of a call between traced users', () => {
  let stage: TracedStage;
  before(async () => {
    stage = await openTracedStage();
    await Promise.all([stage.bridge({ tracing: stage.tracing }), stage.users({ traced: true })]);
  });
  after(() => stage.close());

  const open = async (callerWorkflowId: string) =>
    (await remoteOf(stage.clusters.b, callerWorkflowId)).target.signal('open', 1);

  test('through CrossClusterWorkflow', async () => {
    const workflowId = `call-${randomUUID()}`;
    const caller = await stage.client.workflow.start('CrossClusterWorkflow', {
      taskQueue: 'bridge-queue',
      workflowId,
      args: [requestFor('GatedWork', [CANARY])],
    });
    await stage.expectTree(workflowId, []);
    await open(workflowId);
    await caller.result();
    await stage.expectTree(workflowId, []);
  });
  void assert;
});
