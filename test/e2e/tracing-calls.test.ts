/** One trace a call, in a real Jaeger: complete while the target still sleeps, and after. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { Worker } from '@temporalio/worker';
import { remoteOf, whenTaken } from '../support/inspect.js';
import { requestFor } from '../support/harness.js';
import { CANARY, openTracedStage, startTelemetry, userOptions } from '../support/traced-stage.js';
import type { Telemetry, TracedStage } from '../support/traced-stage.js';

describe('the trace of a call between traced users', () => {
  let stage: TracedStage;
  let telemetry: Telemetry;
  before(async () => {
    telemetry = await startTelemetry();
    stage = await openTracedStage();
    await Promise.all([stage.bridge({ tracing: telemetry.tracing }), stage.users({ traced: true })]);
  });
  after(async () => {
    await stage.close();
    await telemetry.stop();
  });

  const start = (workflow: string, taskQueue: string, ...args: unknown[]) =>
    stage.client.workflow.start(workflow, { taskQueue, workflowId: `${workflow}-${randomUUID()}`, args });
  /** Once the target runs: a signal that comes along with its start is handled in the span of its run. */
  const openTarget = async (callerWorkflowId: string) => {
    const { target } = await remoteOf(stage.clusters.b, callerWorkflowId);
    await whenTaken(target, 0);
    await target.signal('open', 1);
  };

  test('through CrossClusterWorkflow', async () => {
    const caller = await start('CrossClusterWorkflow', 'bridge-queue', requestFor('GatedWork', [CANARY]));
    await telemetry.expectTree(
      caller.workflowId,
      `
      orders StartWorkflow:CrossClusterWorkflow
        temporal-bridge-caller StartedWorkflow:CrossClusterWorkflow
          temporal-bridge-caller RemoteCall:GatedWork = started
            temporal-bridge-handler StartedWorkflow:RemoteCallWorkflow
              temporal-bridge-handler RunActivity:AdmitRemoteCall = admitted
              temporal-bridge-handler StartChildWorkflow:GatedWork
    `,
    );
    await openTarget(caller.workflowId);
    await caller.result();
    await telemetry.expectTree(
      caller.workflowId,
      `
      orders StartWorkflow:CrossClusterWorkflow
        temporal-bridge-caller StartedWorkflow:CrossClusterWorkflow
          temporal-bridge-caller RemoteCall:GatedWork = started
            temporal-bridge-handler StartedWorkflow:RemoteCallWorkflow
              temporal-bridge-handler RunActivity:AdmitRemoteCall = admitted
              temporal-bridge-handler RunActivity:SendCompletion = completed
                temporal-bridge-caller HandleSignal:temporal-bridge.completion
              temporal-bridge-handler RunWorkflow:RemoteCallWorkflow
              temporal-bridge-handler StartChildWorkflow:GatedWork
                fulfillment RunWorkflow:GatedWork
                  fulfillment StartActivity:work
                    fulfillment RunActivity:work
          temporal-bridge-caller RunWorkflow:CrossClusterWorkflow
    `,
    );
  });

  test('through the library', async () => {
    const caller = await start('Execute', 'callers', { type: 'GatedWork', args: [CANARY] });
    await telemetry.expectTree(
      caller.workflowId,
      `
      orders StartWorkflow:Execute
        temporal-bridge-caller RemoteCall:GatedWork = started
          temporal-bridge-handler StartedWorkflow:RemoteCallWorkflow
            temporal-bridge-handler RunActivity:AdmitRemoteCall = admitted
            temporal-bridge-handler StartChildWorkflow:GatedWork
    `,
    );
    await openTarget(caller.workflowId);
    await caller.result();
    const { spans } = await telemetry.expectTree(
      caller.workflowId,
      `
      orders StartWorkflow:Execute
        orders RunWorkflow:Execute
          orders StartActivity:StartWorkflowInRemote
        temporal-bridge-caller RemoteCall:GatedWork = started
          temporal-bridge-handler StartedWorkflow:RemoteCallWorkflow
            temporal-bridge-handler RunActivity:AdmitRemoteCall = admitted
            temporal-bridge-handler RunActivity:SendCompletion = completed
              orders HandleSignal:temporal-bridge.completion
            temporal-bridge-handler RunWorkflow:RemoteCallWorkflow
            temporal-bridge-handler StartChildWorkflow:GatedWork
              fulfillment RunWorkflow:GatedWork
                fulfillment StartActivity:work
                  fulfillment RunActivity:work
    `,
    );
    // The call's activity is cancelled once the signal has brought the outcome: no error.
    assert.deepEqual(
      spans.filter(({ tags }) => tags['error'] !== undefined),
      [],
    );
  });

  test('can be switched on and off while its caller waits: the history replays in both', async () => {
    const caller = await start('Execute', 'callers', { type: 'Gate' });
    await openTarget(caller.workflowId);
    await caller.result();
    const quiet = await stage.start('Execute', { type: 'Gate' });
    await openTarget(quiet.workflowId);
    await quiet.result();
    for (const call of [caller, quiet])
      for (const service of ['orders', undefined])
        await Worker.runReplayHistory(await userOptions(service), await call.fetchHistory(), call.workflowId);
  });

  test('of a caller that somebody started who is not traced begins with the caller’s run', async () => {
    const caller = await stage.start('Execute', { type: 'Gate' });
    await openTarget(caller.workflowId);
    await caller.result();
    await telemetry.expectTree(
      caller.workflowId,
      `
      orders RunWorkflow:Execute
        orders StartActivity:StartWorkflowInRemote
          temporal-bridge-caller RemoteCall:Gate = started
            temporal-bridge-handler StartedWorkflow:RemoteCallWorkflow
              temporal-bridge-handler RunActivity:AdmitRemoteCall = admitted
              temporal-bridge-handler RunActivity:SendCompletion = completed
                orders HandleSignal:temporal-bridge.completion
              temporal-bridge-handler RunWorkflow:RemoteCallWorkflow
              temporal-bridge-handler StartChildWorkflow:Gate
                fulfillment RunWorkflow:Gate
    `,
    );
  });

  test('to a target that fails', async () => {
    const caller = await start('Execute', 'callers', { type: 'GatedWork', args: [CANARY, 'fail'] });
    await openTarget(caller.workflowId);
    await assert.rejects(caller.result());
    await telemetry.expectTree(
      caller.workflowId,
      `
      orders StartWorkflow:Execute
        orders RunWorkflow:Execute
          orders StartActivity:StartWorkflowInRemote
        temporal-bridge-caller RemoteCall:GatedWork = started
          temporal-bridge-handler StartedWorkflow:RemoteCallWorkflow
            temporal-bridge-handler RunActivity:AdmitRemoteCall = admitted
            temporal-bridge-handler RunActivity:SendCompletion = failed
              orders HandleSignal:temporal-bridge.completion
            temporal-bridge-handler RunWorkflow:RemoteCallWorkflow
            temporal-bridge-handler StartChildWorkflow:GatedWork
              fulfillment RunWorkflow:GatedWork
                fulfillment StartActivity:work
                  fulfillment RunActivity:work
    `,
    );
  });

  test('with a handle', async () => {
    const steps = [{ do: 'signal', name: 'open', args: [CANARY] }, { do: 'result' }];
    const caller = await start('UseHandle', 'callers', { type: 'GatedWork', args: [CANARY] }, steps);
    await caller.result();
    await telemetry.expectTree(
      caller.workflowId,
      `
      orders StartWorkflow:UseHandle
        orders RunWorkflow:UseHandle
          orders StartActivity:SignalWorkflowInRemote
          orders StartActivity:StartWorkflowInRemote
        temporal-bridge-caller RemoteCall:GatedWork = started
          temporal-bridge-caller RunActivity:SignalWorkflowInRemote = done
            fulfillment HandleSignal:open
          temporal-bridge-handler StartedWorkflow:RemoteCallWorkflow
            temporal-bridge-handler RunActivity:AdmitRemoteCall = admitted
            temporal-bridge-handler RunActivity:SendCompletion = completed
              orders HandleSignal:temporal-bridge.completion
            temporal-bridge-handler RunActivity:SendCompletion = started
              orders HandleSignal:temporal-bridge.completion
            temporal-bridge-handler RunWorkflow:RemoteCallWorkflow
            temporal-bridge-handler StartChildWorkflow:GatedWork
              fulfillment RunWorkflow:GatedWork
                fulfillment StartActivity:work
                  fulfillment RunActivity:work
    `,
    );
  });

  test('that the next run of its caller takes over', async () => {
    const caller = await start('HandOver', 'callers', { type: 'GatedWork', args: [CANARY] }, 1);
    await telemetry.expectTree(
      caller.workflowId,
      `
      orders StartWorkflow:HandOver
        orders RunWorkflow:HandOver
          orders ContinueAsNew:HandOver
        temporal-bridge-caller RemoteCall:GatedWork = started
          temporal-bridge-handler StartedWorkflow:RemoteCallWorkflow
            temporal-bridge-handler RunActivity:AdmitRemoteCall = admitted
            temporal-bridge-handler RunActivity:SendCompletion = started
              orders HandleSignal:temporal-bridge.completion
            temporal-bridge-handler StartChildWorkflow:GatedWork
    `,
    );
    await openTarget(caller.workflowId);
    await caller.result();
    await telemetry.expectTree(
      caller.workflowId,
      `
      orders StartWorkflow:HandOver
        orders RunWorkflow:HandOver
          orders ContinueAsNew:HandOver
            orders RunWorkflow:HandOver
              orders StartActivity:StartWorkflowInRemote
        temporal-bridge-caller RemoteCall:GatedWork = started
          temporal-bridge-handler StartedWorkflow:RemoteCallWorkflow
            temporal-bridge-handler RunActivity:AdmitRemoteCall = admitted
            temporal-bridge-handler RunActivity:SendCompletion = completed
              orders HandleSignal:temporal-bridge.completion
            temporal-bridge-handler RunActivity:SendCompletion = started
              orders HandleSignal:temporal-bridge.completion
            temporal-bridge-handler RunWorkflow:RemoteCallWorkflow
            temporal-bridge-handler StartChildWorkflow:GatedWork
              fulfillment RunWorkflow:GatedWork
                fulfillment StartActivity:work
                  fulfillment RunActivity:work
    `,
    );
  });
});
