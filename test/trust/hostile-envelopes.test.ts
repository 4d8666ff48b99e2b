/**
 * Envelopes that no bridge wrote, in activities on A and in wrappers on B, and payloads that were made to wedge a worker:
 * refused in words, logged and counted once each, and no workflow task fails.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { Payload } from '@temporalio/common';
import { MAX_ENVELOPE_BYTES } from '../../src/shared/limits.js';
import { REMOTE_CALL_HEADER } from '../../src/shared/names.js';
import { jsonPayload, payloadOf } from '../../src/shared/payloads.js';
import { Attacker } from '../support/attacker.js';
import { bundleWorkflows } from '../support/bundle.js';
import { startCrossCluster } from '../support/harness.js';
import type { HostileStage } from '../support/hostile-stage.js';
import { openHostileStage } from '../support/hostile-stage.js';
import { applicationFailureOf, eventually } from '../support/inspect.js';
import { CALL, REMOTE_CALL } from '../support/wire-samples.js';

const LIMIT = { timeout: 180_000 };
const bytes = (text: string) => Buffer.from(text);
const nested = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;

/** What a header field can hold in the place of this envelope. */
function spoilt(envelope: object): Readonly<Record<string, Uint8Array>> {
  const text = JSON.stringify(envelope);
  const { kind } = envelope as { kind: string };
  return {
    nothing: bytes(''),
    'no JSON': bytes('{'),
    'a JSON text': bytes('"call"'),
    'a JSON list': bytes(`[${text}]`),
    'JSON null': bytes('null'),
    'a future version': bytes(text.replace('"v":1', '"v":2')),
    'a version that is no number': bytes(text.replace('"v":1', '"v":"1"')),
    'another kind': bytes(text.replace(`"kind":"${kind}"`, '"kind":"completion"')),
    'a duplicate key, the last one bad': bytes(`${text.slice(0, -1)},"callId":"x"}`),
    'a prototype in place of fields': bytes(`{"__proto__":${text}}`),
    'a depth of 10,000': bytes(nested(10_000)),
    'a depth of 10,000 in a field': bytes(`{"v":1,"kind":"${kind}","callId":${nested(10_000)}}`),
    'lists of a depth of 100,000': bytes('['.repeat(100_000) + ']'.repeat(100_000)),
    UTF16: Buffer.from(text, 'utf16le'),
    'Latin-1': Buffer.from(text.replace('order-123', 'ördér'), 'latin1'),
    'a byte-order mark': bytes(`\ufeff${text}`),
    'bytes of no encoding': Uint8Array.of(0xff, 0xfe, 0xfd, 0),
    'compressed bytes': Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0),
    'ANSI escapes': bytes('\u001b[31m{"v":1}\u202e\n'),
    'more than 1 MiB': Buffer.alloc(MAX_ENVELOPE_BYTES + 1, ' '),
  };
}
const hex = (data: Uint8Array) => Buffer.from(data).toString('hex');

describe('an envelope that no bridge wrote', () => {
  let hostile: HostileStage;
  before(async () => {
    hostile = await openHostileStage();
  });
  after(() => hostile.closeSound());

  /** Runs attacks, and checks that each is logged and counted once. */
  async function toldOnce(
    attacks: number,
    line: RegExp,
    counter: readonly [string, Readonly<Record<string, string>>],
    attack: () => Promise<unknown>,
  ): Promise<void> {
    const count = () => hostile.count(...counter);
    const [lines, counted] = [hostile.lines(line), await count()];
    await attack();
    // A worker writes and counts what a workflow said once its task is done.
    await eventually('all are logged', () => hostile.lines(line) - lines >= attacks);
    await eventually('all are counted', async () => (await count()) - counted >= attacks);
    assert.equal(hostile.lines(line) - lines, attacks, 'logged once each');
    assert.equal((await count()) - counted, attacks, 'counted once each');
  }

  describe('in an activity on A', () => {
    const LINE = /^Activity refused: its call cannot be made$/;
    const COUNTER = ['bridge_calls_refused', { reason: 'request-invalid' }] as const;
    const refused = async (headers: readonly string[]) => {
      const ends = await hostile.stage.call<string[]>('ForgeMany', headers);
      assert.deepEqual(
        ends,
        headers.map(() => 'INVALID_REQUEST'),
      );
    };

    test('is refused, whatever it holds', LIMIT, async () => {
      const { 'more than 1 MiB': large, ...small } = spoilt(CALL);
      const headers = Object.values(small).map(hex);
      await toldOnce(headers.length, LINE, COUNTER, () => refused(headers));
      // As digits it is more than a workflow's input can have: so it is made there.
      assert.ok(large);
    });

    test('is refused cut at every length', LIMIT, async () => {
      const text = JSON.stringify(CALL);
      const headers = Array.from({ length: text.length }, (_, length) => hex(bytes(text.slice(0, length))));
      await toldOnce(headers.length, LINE, COUNTER, () => refused(headers));
    });

    test('is refused without a header field, and in one of another name', LIMIT, async () => {
      await toldOnce(3, LINE, COUNTER, async () => {
        for (const headerName of ['', 'temporal-bridge-remote-call', '__proto__']) {
          const { type, message } = await hostile.forge({ headerName });
          assert.equal(type, 'INVALID_REQUEST');
          assert.match(message, /no call envelope/);
        }
      });
    });

    for (const activity of [
      ...['CancelWorkflowInRemote', 'ConfirmStartInRemote', 'SignalWorkflowInRemote'],
      ...['QueryWorkflowInRemote', 'UpdateWorkflowInRemote', 'TerminateWorkflowInRemote'],
    ])
      test(`${activity} is refused`, LIMIT, () =>
        toldOnce(3, LINE, COUNTER, async () => {
          for (const header of ['', '{"v":9,"kind":"call"}', nested(10_000)]) {
            const { type } = await hostile.forge({ activityType: activity, header });
            assert.equal(type, 'INVALID_REQUEST');
          }
        }),
      );

    for (const args of [0, 100])
      test(`with ${args} payloads is a call like others`, LIMIT, async () => {
        assert.equal((await hostile.forge({ args })).type, 'completed');
      });
  });

  describe('in a wrapper on B', () => {
    const LINE = /^Start refused: not a call of a bridge$/;
    const COUNTER = ['bridge_inputs_refused', { reason: 'not-a-call' }] as const;

    async function refuseWrapper(header: Payload | undefined, payloads: readonly Payload[]): Promise<void> {
      const { client, namespace } = hostile.stage.clusters.b;
      const workflowId = `bridge-call-${randomUUID()}`;
      await client.workflowService.startWorkflowExecution({
        namespace,
        workflowId,
        workflowType: { name: 'RemoteCallWorkflow' },
        taskQueue: { name: 'bridge-handler-queue' },
        requestId: randomUUID(),
        header: { fields: header ? { [REMOTE_CALL_HEADER]: header } : {} },
        input: { payloads: [...payloads] },
      });
      const failure = await applicationFailureOf(client.workflow.getHandle(workflowId));
      assert.equal(failure.type, 'INVALID_REQUEST');
      assert.match(failure.message, /^not a call of a bridge: /);
    }

    test('is refused, whatever it holds', LIMIT, async () => {
      const fields = Object.values(spoilt(REMOTE_CALL)).map((data) => payloadOf('json/plain', data));
      await toldOnce(fields.length, LINE, COUNTER, () =>
        Promise.all(fields.map((field) => refuseWrapper(field, [jsonPayload('x')]))),
      );
    });

    test('is refused cut at any length', LIMIT, async () => {
      const text = JSON.stringify(REMOTE_CALL);
      const lengths = Array.from({ length: 60 }, (_, n) => Math.floor((n * text.length) / 60));
      await toldOnce(lengths.length, LINE, COUNTER, () =>
        Promise.all(
          lengths.map((length) => refuseWrapper(payloadOf('json/plain', bytes(text.slice(0, length))), [])),
        ),
      );
    });

    test('is refused with 0 and 100 payloads, of encodings that nobody knows', LIMIT, async () => {
      const odd = Array.from({ length: 100 }, (_, n) => payloadOf(`nobody/knows-${n}`, Uint8Array.of(n)));
      await toldOnce(3, LINE, COUNTER, async () => {
        await refuseWrapper(undefined, []);
        await refuseWrapper(undefined, odd);
        await refuseWrapper(payloadOf('binary/encrypted', bytes('x')), [{}, { metadata: {}, data: null }]);
      });
    });
  });

  describe('in an activity on B', { concurrency: 5 }, () => {
    for (const activity of ['AdmitRemoteCall', 'SendCompletion', 'FollowTarget', 'WatchCaller', 'EndTarget'])
      test(`${activity} is refused at its first try`, LIMIT, async () => {
        const attacker = new Attacker(hostile.stage.clusters.b);
        for (const data of [bytes('{"v":1'), bytes(nested(10_000)), Uint8Array.of(0xff, 0xfe)]) {
          const field = payloadOf('json/plain', data);
          const end = await attacker.schedule(activity, { [REMOTE_CALL_HEADER]: field });
          assert.deepEqual(end, { attempt: 1, failure: 'INVALID_REQUEST' });
        }
      });
  });
});

/** A payload that the SDK takes for a reference to its external storage, well-formed or not. */
function reference(text: string): Payload {
  const payload = payloadOf('json/protobuf', bytes(text));
  const messageType = bytes('temporal.api.sdk.v1.ExternalStorageReference');
  return { ...payload, metadata: { ...payload.metadata, messageType } };
}
const REFERENCES = ['{"driverName":"nowhere","claimData":{"k":"v"}}', '{"driverName":7', '{}'];

describe('a payload that says it is stored elsewhere, which a worker without that storage cannot take', () => {
  let hostile: HostileStage;
  before(async () => {
    hostile = await openHostileStage();
    const workflowBundle = await bundleWorkflows('hostile-targets');
    await hostile.stage.targets({ taskQueue: 'any', workflowBundle });
  });
  after(() => hostile.closeSound());
  const request = (answer: string) => ({
    workflowType: 'Any',
    taskQueue: 'any',
    args: [answer],
    timeout: '1m',
  });

  for (const answer of ['reference', 'malformed-reference'])
    test(`as a result (${answer}) is refused in words, by signal and by the fallback`, LIMIT, async () => {
      const call = await startCrossCluster(hostile.stage.clusters, request(answer));
      const failure = await applicationFailureOf(call);
      assert.equal(failure.type, 'RESULT_UNREADABLE');
      assert.match(failure.message, /a reference to external storage/);
      // The forged call has no completion signal that it would take: the fallback brings this one.
      const forged = { target: { workflowType: 'Any', taskQueue: 'any' }, argJson: answer };
      assert.equal((await hostile.forge(forged)).type, 'RESULT_UNREADABLE');
    });

  test('in a failure is left out, and the failure stays', LIMIT, async () => {
    const failure = await applicationFailureOf(
      await startCrossCluster(hostile.stage.clusters, request('failure')),
    );
    assert.equal(failure.type, 'REMOTE_WORKFLOW_FAILED');
    assert.match(String((failure.cause as Error).message), /^its own words \[details were left out/);
  });

  test('of an unknown encoding is handed over as it is', LIMIT, async () => {
    const call = await startCrossCluster(hostile.stage.clusters, request('nothing-known'));
    const { result } = (await call.result()) as { result: { data: string } };
    assert.equal(result.data, '//4=');
  });

  for (const text of REFERENCES)
    test(`as a request (${text}) is refused in words`, LIMIT, async () => {
      const { client, namespace } = hostile.stage.clusters.a;
      const workflowId = `reference-${randomUUID()}`;
      await client.workflowService.startWorkflowExecution({
        namespace,
        workflowId,
        workflowType: { name: 'CrossClusterWorkflow' },
        taskQueue: { name: 'bridge-queue' },
        requestId: randomUUID(),
        input: { payloads: [reference(text)] },
      });
      const failure = await applicationFailureOf(client.workflow.getHandle(workflowId));
      assert.equal(failure.type, 'INVALID_REQUEST');
    });

  test('as the answer of a query or an update is refused in words', LIMIT, async () => {
    const call = { type: 'Any', taskQueue: 'any', args: ['wait'] };
    const steps = [
      { do: 'query', name: 'reference' },
      { do: 'update', name: 'reference' },
      { do: 'terminate' },
    ];
    const views = await hostile.stage.call<{ error?: { type?: string } }[]>('UseHandle', call, steps);
    assert.equal(views[0]?.error?.type, 'RESULT_UNREADABLE', JSON.stringify(views));
    assert.equal(views[1]?.error?.type, 'RESULT_UNREADABLE', JSON.stringify(views));
  });
});
