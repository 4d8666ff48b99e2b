import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { RawValue } from '@temporalio/common';
import type { Payload } from '@temporalio/common';
import fc from 'fast-check';
import type { RequestProblem } from '../../src/shared/cross-cluster-request.js';
import { payloadOf } from '../../src/shared/payloads.js';
import type { TestBridge, TestWorker, TwoClusters } from '../support/harness.js';
import {
  createTwoClusters,
  requestFor,
  startBridge,
  startCrossCluster,
  startTargets,
} from '../support/harness.js';
import { applicationFailureOf, listExecutions, taskTroubles } from '../support/inspect.js';
import { readServiceRequests } from '../../scripts/stack/server-metrics.js';

const LIMIT = { timeout: 60_000 };

const ARTICLE = { WorkflowType: 'Echo', TaskQueue: 'targets', Input: 'eyJhIjoxfQ==' };
const asIs = (payload: Payload) => RawValue.fromPayload(payload);

/** A malformed request: its arguments, the field that the failure names, and what its message has to say. */
interface BadRequest {
  readonly args: unknown[];
  readonly field: string;
  readonly says: RegExp;
}

const BAD: Readonly<Record<string, BadRequest>> = {
  'no argument': { args: [], field: 'input', says: /expected exactly one argument, got 0/ },
  'two arguments': { args: [ARTICLE, ARTICLE], field: 'input', says: /exactly one argument, got 2/ },
  'malformed JSON': {
    args: [asIs(payloadOf('json/plain', Buffer.from('{"WorkflowType":"Echo",\n')))],
    field: 'input',
    says: /expected JSON, got "\{.*Echo.*\\n"/,
  },
  'a binary payload': {
    args: [asIs(payloadOf('binary/plain', Uint8Array.of(1, 2, 3)))],
    field: 'input',
    says: /encoding json\/plain, got "binary\/plain"/,
  },
  'an encrypted payload': {
    args: [asIs(payloadOf('binary/encrypted', Uint8Array.of(1, 2, 3)))],
    field: 'input',
    says: /got "binary\/encrypted"/,
  },
  'JSON that is no object': { args: [['Echo']], field: 'input', says: /expected a JSON object/ },
  'an unknown key': {
    args: [{ ...ARTICLE, TimeOut: '5s' }],
    field: 'input',
    says: /keys WorkflowType, .* got "TimeOut"/,
  },
  'keys of both forms': {
    args: [{ ...ARTICLE, workflowType: 'Echo' }],
    field: 'input',
    says: /got "WorkflowType"/,
  },
  'a missing key': { args: [{ WorkflowType: 'Echo' }], field: 'TaskQueue', says: /got nothing/ },
  'bad base64': { args: [{ ...ARTICLE, Input: 'eyJh!' }], field: 'Input', says: /standard base64/ },
  'a negative time-out': { args: [{ ...ARTICLE, Timeout: -1 }], field: 'Timeout', says: /got -1/ },
  'an absurd time-out': {
    args: [requestFor('Echo', [], { timeout: '9000d' })],
    field: 'timeout',
    says: /at most 365d/,
  },
  'a time-out that is none': {
    args: [requestFor('Echo', [], { timeout: 'soon' })],
    field: 'timeout',
    says: /a duration such as .* got "soon"/,
  },
  'an empty type': { args: [{ ...ARTICLE, WorkflowType: '' }], field: 'WorkflowType', says: /got ""/ },
  'an over-long id': {
    args: [requestFor('Echo', [], { workflowId: 'x'.repeat(256) })],
    field: 'workflowId',
    says: /at most 255 characters, got "x{70,80}.*\(\+/,
  },
  'a reserved queue': {
    args: [requestFor('Echo', [], { taskQueue: '/_sys/targets/1' })],
    field: 'taskQueue',
    says: /not reserved by Temporal/,
  },
  'a type of the wrong type': {
    args: [{ ...ARTICLE, WorkflowType: 7 }],
    field: 'WorkflowType',
    says: /got 7/,
  },
  'args of the wrong type': {
    args: [requestFor('Echo', [], { args: { 0: 'a' } })],
    field: 'args',
    says: /a list of arguments/,
  },
  'control characters': {
    args: [requestFor('Echo', [], { scope: 'run\u001b[31m\u202e' })],
    field: 'scope',
    says: /run \| chain \| workflow-id, got "run\\u001b\[31m\\u\{202e\}"; nothing/,
  },
};

describe('a malformed request', () => {
  let clusters: TwoClusters;
  let bridge: TestBridge;
  let targets: TestWorker;

  before(async () => {
    clusters = await createTwoClusters();
    [bridge, targets] = await Promise.all([startBridge(clusters), startTargets(clusters.b)]);
  });
  after(async () => {
    await bridge.stop();
    await targets.stop();
    await clusters.close();
  });

  /** Sends a request and returns the problem that it fails with; its workflow tasks must all be sound. */
  async function problemOf(args: unknown[]): Promise<RequestProblem & { readonly message: string }> {
    const call = await startCrossCluster(clusters, undefined, { args });
    const failure = await applicationFailureOf(call);
    assert.equal(failure.type, 'INVALID_REQUEST');
    assert.equal(failure.nonRetryable, true);
    assert.deepEqual(await taskTroubles(call), []);
    return { ...(failure.details?.[0] as RequestProblem), message: failure.message };
  }

  /** How many starts B has had. */
  async function startsOnB(): Promise<number> {
    const { metricsUrl, namespace } = clusters.b;
    return (
      (await readServiceRequests(metricsUrl, { namespaces: [namespace] }))['StartWorkflowExecution'] ?? 0
    );
  }

  for (const [what, { args, field, says }] of Object.entries(BAD)) {
    test(`with ${what} is INVALID_REQUEST and names ${field}`, LIMIT, async () => {
      const problem = await problemOf(args);
      assert.equal(problem.field, field);
      assert.match(problem.message, says);
      assert.ok(problem.message.startsWith(`${field}: expected `), problem.message);
      assert.match(problem.message, /; nothing was started$/);
      // eslint-disable-next-line no-control-regex -- none of these may reach a log or a terminal
      assert.doesNotMatch(problem.message, /[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/);
    });
  }

  test('of any JSON is INVALID_REQUEST', LIMIT, async () => {
    const notText = fc.jsonValue().filter((value) => typeof value !== 'string');
    const keys = ['Input', 'Timeout', 'Scope', 'Key', 'workflowType', 'timeout', 'constructor', '__proto__'];
    const anyJson = fc.oneof(
      fc.jsonValue(),
      // Known keys with any values: without a text as its type it is never a good request.
      fc.record({ WorkflowType: notText, TaskQueue: fc.string(), Timeout: fc.jsonValue() }),
      fc.record({ workflowType: notText, taskQueue: fc.string(), args: fc.jsonValue() }),
      fc.dictionary(fc.constantFrom(...keys), notText),
    );
    const seed = randomInt(2 ** 31);
    for (const value of fc.sample(anyJson, { numRuns: 30, seed })) {
      await problemOf([value ?? null]).catch((error: unknown) => {
        throw new Error(`seed ${seed}, request ${JSON.stringify(value)}`, { cause: error });
      });
    }
  });

  // The last test: it counts what all the others have caused.
  test('starts nothing on the other cluster, where a good one starts one', LIMIT, async () => {
    assert.equal(await startsOnB(), 0);
    assert.equal((await listExecutions(clusters.b, 'WorkflowType != "none"')).length, 0);
    await (await startCrossCluster(clusters, requestFor('Echo', ['sound']))).result();
    assert.equal(await startsOnB(), 1);
    await listExecutions(clusters.b, 'WorkflowType != "none"', 2);
  });
});
