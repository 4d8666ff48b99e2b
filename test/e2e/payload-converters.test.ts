/** Converters of the users: the caller's makes the values, the bridge has none of them (I10). */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { bundleWorkflows } from '../support/bundle.js';
import { CANARY } from '../support/codec-cases.js';
import type { CodedStage } from '../support/coded-stage.js';
import { auditHistories, mentions, openCodedStage } from '../support/coded-stage.js';
import { strictCodec } from '../support/codecs/strict-codec.js';
import type { EndTold } from '../support/workflows/fidelity-view.js';
import { viewValue } from '../support/workflows/fidelity-view.js';
import type { EndView } from '../support/workflows/library-callers.js';

const pathOf = (name: string): string =>
  fileURLToPath(new URL(`../support/codecs/${name}.ts`, import.meta.url));

/** The user's converters on both clusters: values that JSON does not have, and failures with encoded attributes. */
const converters = {
  payloadConverterPath: pathOf('order-payload-converter'),
  failureConverterPath: pathOf('encoding-failure-converter'),
};
const bundles = Promise.all([
  bundleWorkflows('codec-callers', converters),
  bundleWorkflows('codec-targets', converters),
]);

const ORDER = [
  'object',
  'Order',
  [
    ['id', ['text', 'order-7']],
    ['quantity', ['number', 3]],
  ],
];
const BIG = ['bigint', '12345678901234567890'];

for (const way of ['signal', 'fallback'] as const) {
  describe(`with converters and a strict codec of the users, by ${way}`, () => {
    const codec = strictCodec('users');
    let stage: CodedStage;
    before(async () => {
      const [callers, targets] = await bundles;
      const dataConverter = { ...converters, payloadCodecs: [codec] };
      stage = await openCodedStage({ way, onA: dataConverter, onB: dataConverter, callers, targets });
    });
    after(() => stage.close());

    const call = (type: string, ...args: unknown[]) => ({ type, args, fallback: stage.fallback });
    const told = (type: string, ...args: unknown[]) =>
      stage.call<EndTold>('RemoteTells', type, { taskQueue: 'targets', args, fallback: stage.fallback });

    test('arguments and values of the users’ own kinds cross', async () => {
      const ends = await stage.call<EndTold[]>('TypedTells', {
        taskQueue: 'targets',
        fallback: stage.fallback,
      });
      const date = (ms: number) => ['date', new Date(ms).toISOString()];
      const [asked, updated, failed, result, ...echoed] = ends;
      assert.deepEqual(asked, { value: date(7) });
      assert.deepEqual(updated, { value: date(8) });
      assert.ok(failed && 'error' in failed);
      assert.deepEqual(failed.error.cause?.own['details'], ['list', [BIG]]);
      assert.deepEqual(result, { value: ['text', JSON.stringify([['list', [ORDER, BIG]]])] });
      const map = [
        'map',
        [
          [
            ['number', 1],
            ['text', 'one'],
          ],
        ],
      ];
      const bytes = viewValue(new Uint8Array([1, 0]));
      assert.deepEqual(
        echoed,
        [ORDER, BIG, date(9), map, bytes].map((value) => ({ value })),
      );
    });

    test('a value comes back as the class that the target returned', async () => {
      assert.deepEqual(await told('GiveTyped'), { value: ORDER });
    });

    test('details come as the users’ own kinds', async () => {
      const end = await told('BreakTyped');
      assert.ok('error' in end);
      const { own, message } = end.error.cause ?? assert.fail('no cause');
      assert.deepEqual(message, ['text', 'typed details']);
      const order = [
        'object',
        'Order',
        [
          ['id', ['text', 'order-8']],
          ['quantity', ['number', 4]],
        ],
      ];
      assert.deepEqual(own['details'], ['list', [order, BIG, ['date', '1970-01-01T00:00:00.000Z']]]);
    });

    test('a message that the failure converter has encoded is read by the caller, and by nobody else', async () => {
      const end = await stage.call<EndView>('ExecuteAndTell', call('BreakWith', `why: ${CANARY}`, CANARY));
      assert.ok('error' in end);
      const { cause, message } = end.error;
      assert.ok(!message.includes(CANARY), message);
      assert.deepEqual(
        [cause?.type, cause?.message, cause?.details],
        ['With', `why: ${CANARY}`, [{ text: CANARY }]],
      );
      assert.deepEqual([cause?.cause?.type, cause?.cause?.message], ['Cause', `why: ${CANARY}`]);
    });

    test('an encoded stack is the target’s own', async () => {
      const end = await told('BreakWith', 'message', CANARY);
      assert.ok('error' in end);
      assert.match(String(end.error.cause?.stack[1]), /codec-targets\.ts:\d+/);
    });

    test('an encoded message survives details that cannot be read', async () => {
      const end = await told('BreakUnknown');
      assert.ok('error' in end);
      const { message, cause, own } = end.error.cause ?? assert.fail('no cause');
      assert.deepEqual([message, own['type']], [['text', 'outer message'], 'Outer']);
      assert.deepEqual(cause?.message, ['text', 'middle message']);
      assert.deepEqual(cause?.cause?.message, ['text', 'inner message']);
    });

    test('a failure that the caller throws on is encoded again, causes included', async () => {
      const options = { taskQueue: 'targets', args: [CANARY, CANARY], fallback: stage.fallback };
      const thrown = await stage.call('RemoteThrows', 'BreakWith', options).then(
        () => assert.fail('it must throw'),
        (error: Error) => error.cause as Error & { cause: Error & { cause: Error } },
      );
      assert.equal(thrown.cause.message, CANARY);
      assert.equal(thrown.cause.cause.message, CANARY);
    });

    test('no workflow task failed, and nothing shows what was sent', async () => {
      const { troubles, leaks } = await auditHistories(stage, CANARY);
      assert.deepEqual(troubles, []);
      assert.deepEqual(leaks, []);
      assert.deepEqual(codec.refused, []);
      assert.ok(!mentions(stage.bridges[0]?.logs, CANARY));
    });
  });
}
