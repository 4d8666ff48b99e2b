import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { NativeConnection, Worker, bundleWorkflowCode } from '@temporalio/worker';
import { runCommand } from '../../scripts/stack/run-command.js';
import { modulePath } from '../../src/bridge/module-path.js';
import * as warehouse from '../../workflows-b/activities.js';
import type { TestBridge, TestWorker, TwoClusters } from '../support/harness.js';
import {
  createTwoClusters,
  requestFor,
  startBridge,
  startCrossCluster,
  startTargets,
} from '../support/harness.js';
import { readTestEnv } from '../support/test-env.js';

/** The published request, as it is typed. */
const AS_TYPED =
  '{"WorkflowType":"FulfillmentWorkflow","TaskQueue":"fulfillment-queue","Input":"eyJvcmRlcklEIjoiMTIzIn0="}';

interface ArticleAnswer {
  readonly WorkflowID: string;
  readonly RunID: string;
  readonly Status: string;
  readonly Output: string;
  readonly OutputMetadata?: Record<string, string>;
}

function base64(value: string): string {
  return Buffer.from(value).toString('base64');
}

describe('the published command', () => {
  let clusters: TwoClusters;
  let bridge: TestBridge;
  let targets: TestWorker;
  let fulfillment: { worker: Worker; running: Promise<void>; connection: NativeConnection };

  before(async () => {
    clusters = await createTwoClusters();
    [bridge, targets] = await Promise.all([startBridge(clusters), startTargets(clusters.b)]);
    const connection = await NativeConnection.connect({ address: clusters.b.address });
    const worker = await Worker.create({
      connection,
      namespace: clusters.b.namespace,
      taskQueue: 'fulfillment-queue',
      activities: warehouse,
      workflowBundle: await bundleWorkflowCode({
        workflowsPath: modulePath('workflows-b/fulfillment-workflow'),
      }),
    });
    fulfillment = { worker, running: worker.run(), connection };
  });
  after(async () => {
    fulfillment.worker.shutdown();
    await fulfillment.running;
    await fulfillment.connection.close();
    await bridge.stop();
    await targets.stop();
    await clusters.close();
  });

  /** Types a command of the Temporal CLI at cluster A. */
  async function type(...args: string[]): Promise<string> {
    const { a } = clusters;
    const env = { ...process.env, TEMPORAL_ADDRESS: a.address, TEMPORAL_NAMESPACE: a.namespace };
    const run = await runCommand(readTestEnv().cli, args, { env });
    assert.ok(run.ok, `${run.problem}\n${run.stderr}`);
    return run.stdout;
  }

  async function answerOf(request: Record<string, unknown>): Promise<ArticleAnswer> {
    const call = await startCrossCluster(clusters, {
      WorkflowType: 'EchoAll',
      TaskQueue: 'targets',
      ...request,
    });
    return (await call.result()) as ArticleAnswer;
  }

  /** What `EchoAll` got, out of base64 `Output`. */
  async function argumentsFor(request: Record<string, unknown>): Promise<unknown> {
    const { Output } = await answerOf(request);
    return JSON.parse(Buffer.from(Output, 'base64').toString()) as unknown;
  }

  test('works as typed, and answers in the published form', async () => {
    const start = ['workflow', 'start', '--task-queue', 'bridge-queue', '--type', 'CrossClusterWorkflow'];
    await type(...start, '--workflow-id', 'order-123', '--input', AS_TYPED);
    const shown = JSON.parse(
      await type('workflow', 'result', '--workflow-id', 'order-123', '--output', 'json'),
    ) as {
      status: string;
      result: ArticleAnswer;
    };
    assert.equal(shown.status, 'COMPLETED');
    const { WorkflowID, RunID, Status, Output, ...rest } = shown.result;
    assert.deepEqual(rest, {});
    assert.match(WorkflowID, /^bridge-cluster-a-order-123-FulfillmentWorkflow-[0-9a-f]{32}$/);
    assert.equal(Status, 'completed');
    assert.deepEqual(JSON.parse(Buffer.from(Output, 'base64').toString()), {
      orderID: '123',
      status: 'fulfilled',
      tracking: 'TRACK-PARCEL-RESERVATION-123',
    });
    const remote = await clusters.b.client.workflow.getHandle(WorkflowID).describe();
    assert.equal(remote.runId, RunID);
    assert.equal(remote.type, 'FulfillmentWorkflow');
  });

  test('JSON input reaches the target as an ordinary argument, whatever JSON it is', async () => {
    assert.deepEqual(await argumentsFor({ Input: base64('{"orderID":"123"}') }), [{ orderID: '123' }]);
    assert.deepEqual(await argumentsFor({ Input: base64('null') }), [null]);
    assert.deepEqual(await argumentsFor({ Input: base64('42') }), [42]);
    assert.deepEqual(await argumentsFor({ Input: base64(' "text" ') }), ['text']);
  });

  test('empty, null and absent input reach the target as no argument', async () => {
    assert.deepEqual(await argumentsFor({ Input: '' }), []);
    assert.deepEqual(await argumentsFor({ Input: null }), []);
    assert.deepEqual(await argumentsFor({}), []);
  });

  test('other bytes reach the target as a binary argument, and come back as they were', async () => {
    const bytes = Buffer.from([0x00, 0xff, 0x7b, 0x22, 0xfe]);
    const { Output } = await answerOf({ WorkflowType: 'Echo', Input: bytes.toString('base64') });
    assert.deepEqual(Buffer.from(Output, 'base64'), bytes);
  });

  test('the time-out is whole nanoseconds or a text, and 1 hour without one', async () => {
    for (const [Timeout, seconds] of [
      [90_000_000_000, 90],
      ['90s', 90],
      ['1m30s', 90],
      [0, 3600],
      [undefined, 3600],
    ] as const) {
      const { WorkflowID } = await answerOf({
        WorkflowType: 'Echo',
        ...(Timeout === undefined ? {} : { Timeout }),
      });
      const { raw } = await clusters.b.client.workflow.getHandle(WorkflowID).describe();
      const left = Number(raw.executionConfig?.workflowExecutionTimeout?.seconds);
      // The target gets what is left of the call's time-out.
      assert.ok(left <= seconds && left > seconds - 60, `${String(Timeout)} gave ${left} s`);
    }
  });

  test('a result that the bridge cannot read is handed over as sent, with its metadata', async () => {
    const input = base64('"not for the bridge"');
    const { Output, OutputMetadata } = await answerOf({ WorkflowType: 'Sealed', Input: input });
    assert.equal(Buffer.from(Output, 'base64').toString(), 'not for the bridge');
    assert.deepEqual(OutputMetadata, { encoding: base64('binary/encrypted') });
  });

  test('no result is an empty Output, and null in the plain form', async () => {
    assert.equal((await answerOf({ WorkflowType: 'Nothing' })).Output, '');
    const plain = await startCrossCluster(clusters, requestFor('Nothing'));
    assert.equal(((await plain.result()) as { result: unknown }).result, null);
  });
});
