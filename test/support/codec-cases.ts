import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { remoteIdsOf } from './anchor.js';
import type { CodedStage } from './coded-stage.js';
import type { EndView, ErrorView } from './workflows/library-callers.js';
import type { EndTold } from './workflows/fidelity-view.js';
import { viewValue } from './workflows/fidelity-view.js';

/** Stands in every payload of the cases, and nowhere else. */
export const CANARY = 'canary-5f0e1c';

/** Something that callers do with payloads. */
export interface CodecCase {
  readonly name: string;
  readonly run: (stage: CodedStage) => Promise<void>;
}

function errorOf(end: EndView | undefined): ErrorView {
  assert.ok(end && 'error' in end, `expected a failure, got ${JSON.stringify(end)}`);
  return end.error;
}

/** The error of a call that a library caller made. */
async function failed(
  stage: CodedStage,
  type: string,
  args: unknown[],
  more: object = {},
): Promise<ErrorView> {
  const { fallback } = stage;
  return errorOf(await stage.call<EndView>('ExecuteAndTell', { type, args, fallback, ...more }));
}

async function told(stage: CodedStage, type: string, ...args: unknown[]): Promise<EndTold> {
  const { fallback } = stage;
  return stage.call<EndTold>('RemoteTells', type, { taskQueue: 'targets', args, fallback });
}

const secret = { secret: CANARY, list: [CANARY] };

/** What callers do: each kind of payload, in each direction. */
export const CODEC_CASES: readonly CodecCase[] = [
  {
    name: 'a value',
    run: async (stage) => {
      const { fallback } = stage;
      assert.deepEqual(await stage.call('Execute', { type: 'Echo', args: [secret], fallback }), secret);
    },
  },
  {
    name: 'no value',
    run: async (stage) => assert.deepEqual(await told(stage, 'Nothing'), { value: ['undefined'] }),
  },
  {
    name: 'null',
    run: async (stage) => assert.deepEqual(await told(stage, 'Echo', null), { value: ['null'] }),
  },
  {
    name: 'bytes',
    run: async (stage) => {
      const bytes = Uint8Array.from({ length: 256 }, (_, at) => at);
      assert.deepEqual(await told(stage, 'Give', 'bytes'), { value: viewValue(bytes) });
    },
  },
  {
    name: 'bytes of length 0',
    run: async (stage) =>
      assert.deepEqual(await told(stage, 'Give', 'no bytes'), { value: viewValue(new Uint8Array()) }),
  },
  {
    name: 'a value near the limit',
    run: async (stage) => {
      assert.deepEqual(await told(stage, 'Large', 1_900_000), { value: viewValue('x'.repeat(1_900_000)) });
    },
  },
  {
    name: 'an argument near the limit',
    run: async (stage) => {
      const length = 1_900_000;
      assert.deepEqual(await told(stage, 'Echo', CANARY.padEnd(length)), {
        value: viewValue(CANARY.padEnd(length)),
      });
    },
  },
  {
    name: 'a failure with details and a cause',
    run: async (stage) => {
      const { type, cause } = await failed(stage, 'BreakWith', ['no stock', CANARY]);
      assert.equal(type, 'REMOTE_WORKFLOW_FAILED');
      assert.deepEqual(
        [cause?.type, cause?.message, cause?.nonRetryable, cause?.details],
        ['With', 'no stock', true, [{ text: CANARY }]],
      );
      const inner = cause?.cause;
      assert.deepEqual([inner?.type, inner?.message, inner?.details], ['Cause', 'no stock', [CANARY]]);
    },
  },
  {
    name: 'a cancellation with details',
    run: async (stage) => {
      const error = await failed(stage, 'Break', ['its own cancellation']);
      assert.deepEqual([error.isCancellation, error.details], [true, [{ why: 'enough' }]]);
    },
  },
  {
    name: 'a failure that is thrown on by the caller',
    run: async (stage) => {
      const { fallback } = stage;
      const options = { taskQueue: 'targets', args: ['no stock', CANARY], fallback };
      const thrown = await stage.call('RemoteThrows', 'BreakWith', options).then(
        () => assert.fail('it must throw'),
        (error: Error) => error.cause as Error & { cause: Error & { details: unknown[] } },
      );
      assert.equal(thrown.cause.message, 'no stock');
      assert.deepEqual(thrown.cause.details, [{ text: CANARY }]);
    },
  },
  {
    name: 'signals, queries and updates',
    run: async (stage) => {
      const { fallback } = stage;
      const ends = await stage.call<EndView[]>('UseHandle', { type: 'Told', fallback }, [
        { do: 'signal', name: 'tell', args: [CANARY, secret] },
        { do: 'query', name: 'ask', args: [CANARY] },
        { do: 'update', name: 'update', args: ['value', CANARY] },
        { do: 'update', name: 'update', args: ['fail', CANARY] },
        { do: 'query', name: 'no such query', args: [CANARY] },
        { do: 'update', name: 'update', args: ['void', CANARY] },
        { do: 'signal', name: 'done' },
        { do: 'result' },
      ]);
      const [, asked, updated, refused, unknown, , , result] = ends;
      assert.deepEqual(asked, { value: { asked: CANARY, told: [[CANARY, secret]] } });
      assert.deepEqual(updated, { value: { updated: CANARY } });
      assert.equal(errorOf(refused).type, 'REMOTE_OPERATION_FAILED');
      const { cause } = errorOf(refused);
      assert.deepEqual([cause?.type, cause?.details], ['UpdateFailed', [CANARY]]);
      assert.equal(errorOf(unknown).type, 'REMOTE_OPERATION_FAILED');
      assert.deepEqual(result, { value: [[CANARY, secret], CANARY, CANARY, CANARY] });
    },
  },
  {
    name: 'memo, summary and details of the target',
    run: async (stage) => {
      const { fallback } = stage;
      const memo = { first: secret, second: CANARY };
      const call = { type: 'TellMemo', memo, staticSummary: CANARY, staticDetails: `${CANARY}!`, fallback };
      const caller = await stage.start('Execute', call);
      assert.deepEqual(await caller.result(), memo);
      const { target } = await remoteIdsOf(stage.clusters.b, caller);
      const described = await stage.clientOfB.workflow.getHandle(target.workflowId).describe();
      assert.equal(await described.staticSummary(), CANARY);
      assert.equal(await described.staticDetails(), `${CANARY}!`);
    },
  },
  {
    name: 'the confirmation of a start',
    run: async (stage) => {
      const { fallback } = stage;
      const { value } = await stage.call<{ value: unknown }>('StartAndResult', {
        type: 'Sleep',
        args: [1000],
        fallback,
      });
      assert.match(String(value), /^[-0-9a-f]{36}$/);
    },
  },
  {
    name: "a handle's cancel",
    run: async (stage) => {
      const { fallback } = stage;
      const ends = await stage.call<EndView[]>('UseHandle', { type: 'UntilCancelled', fallback }, [
        { do: 'cancel' },
        { do: 'result' },
      ]);
      assert.ok(!('error' in (ends[0] ?? {})), JSON.stringify(ends[0]));
      assert.ok(errorOf(ends[1]).isCancellation);
    },
  },
  {
    name: "a handle's terminate",
    run: async (stage) => {
      const { fallback } = stage;
      const ends = await stage.call<EndView[]>('UseHandle', { type: 'Gate', fallback }, [
        { do: 'terminate', reason: 'by the test' },
        { do: 'result' },
      ]);
      assert.ok(!('error' in (ends[0] ?? {})), JSON.stringify(ends[0]));
      assert.equal(errorOf(ends[1]).type, 'REMOTE_WORKFLOW_TERMINATED');
    },
  },
  {
    name: 'a cancellation of the scope of a call',
    run: async (stage) => {
      const { fallback } = stage;
      const call = { type: 'UntilCancelled', fallback };
      assert.ok(errorOf(await stage.call<EndView>('CancelledCall', call, 500)).isCancellation);
    },
  },
  {
    name: "a target's time-out",
    run: async (stage) => {
      const { type, cause } = await failed(stage, 'Gate', [], { workflowExecutionTimeout: '500ms' });
      assert.deepEqual([type, cause?.name], ['REMOTE_WORKFLOW_TIMED_OUT', 'TimeoutFailure']);
    },
  },
  {
    name: "the call's own time-out",
    run: async (stage) => {
      const { type } = await failed(stage, 'Gate', [CANARY], { timeout: '1s' });
      assert.equal(type, 'REMOTE_WORKFLOW_TIMED_OUT');
    },
  },
  {
    name: 'a call that is refused before its target starts',
    run: async (stage) => {
      const typedSearchAttributes = [{ key: { name: 'NotOfB', type: 'KEYWORD' }, value: 'x' }];
      const { type, message } = await failed(stage, 'Echo', [CANARY], { typedSearchAttributes });
      assert.equal(type, 'INVALID_REQUEST', message);
    },
  },
  {
    name: 'a call that crosses into the next run',
    run: async (stage) => {
      const { fallback } = stage;
      const call = { type: 'EchoLater', args: [5000, CANARY], fallback };
      assert.equal(await stage.call('HandOver', call, 1), CANARY);
    },
  },
  {
    name: 'a workflow that somebody else started',
    run: async (stage) => {
      const { fallback } = stage;
      const workflowId = `attached-${randomUUID()}`;
      await stage.clientOfB.workflow.start('EchoLater', {
        taskQueue: 'targets',
        workflowId,
        args: [500, CANARY],
      });
      const ends = await stage.call<EndView[]>('UseHandle', { attachTo: workflowId, options: { fallback } }, [
        { do: 'result' },
      ]);
      assert.deepEqual(ends, [{ value: CANARY }]);
    },
  },
  {
    name: 'a value of an encoding that the caller does not know',
    run: async (stage) => {
      const { type, message } = await failed(stage, 'GiveUnknown', []);
      assert.equal(type, 'RESULT_UNREADABLE');
      assert.match(message, /binary\/of-another/);
    },
  },
  {
    name: 'a value that is not what its encoding says',
    run: async (stage) => {
      const { type, message } = await failed(stage, 'GiveMalformed', ['json/plain']);
      assert.equal(type, 'RESULT_UNREADABLE', message);
      assert.equal((await failed(stage, 'GiveMalformed', ['json/protobuf'])).type, 'RESULT_UNREADABLE');
    },
  },
  {
    name: 'details of an encoding that the caller does not know',
    run: async (stage) => {
      const { type, cause } = await failed(stage, 'BreakUnknown', []);
      assert.equal(type, 'REMOTE_WORKFLOW_FAILED');
      assert.deepEqual([cause?.type, cause?.nonRetryable, cause?.details], ['Outer', true, []]);
      assert.match(cause?.message ?? '', /^outer message \[details .* were left out\]$/);
      const middle = cause?.cause;
      assert.deepEqual(
        [middle?.type, middle?.message, middle?.details],
        ['Middle', 'middle message', ['readable']],
      );
      assert.match(middle?.cause?.message ?? '', /^inner message \[details/);
    },
  },
];
