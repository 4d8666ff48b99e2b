import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ApplicationFailure } from '@temporalio/common';
import type { TestBridge, TestWorker, TwoClusters } from '../support/harness.js';
import {
  createTwoClusters,
  requestFor,
  startBridge,
  startCrossCluster,
  startTargets,
} from '../support/harness.js';
import { EVENT, applicationFailureOf, countEvents } from '../support/inspect.js';

const KIB = 1024;

/** What a caller sees of a large failure, small enough to be compared and printed. */
interface Seen {
  readonly type: string | null | undefined;
  readonly messageChars: number;
  readonly own: {
    type: string | null | undefined;
    flag: boolean | null | undefined;
    chars: number;
    note: string;
    details: number;
  };
  readonly inner: string | null | undefined;
}

function seenOf(failure: ApplicationFailure): Seen {
  const own = failure.cause;
  assert.ok(own instanceof ApplicationFailure, `the cause is the target's own failure, not ${String(own)}`);
  const inner = own.cause instanceof ApplicationFailure ? own.cause.type : undefined;
  const { message } = own;
  return {
    type: failure.type,
    messageChars: failure.message.length,
    own: {
      type: own.type,
      flag: own.nonRetryable,
      chars: message.length,
      note: message.slice(message.indexOf(' ')),
      details: own.details?.length ?? 0,
    },
    inner,
  };
}

for (const way of ['signal', 'fallback'] as const) {
  describe(`a large outcome, by ${way}`, () => {
    let clusters: TwoClusters;
    let bridge: TestBridge;
    let targets: TestWorker;
    const env = {
      BRIDGE_COMPLETION_SIGNALS: String(way === 'signal'),
      ...(way === 'fallback' ? { BRIDGE_FALLBACK_FIRST: '300ms', BRIDGE_FALLBACK_MAX: '1s' } : {}),
    };

    before(async () => {
      clusters = await createTwoClusters();
      [bridge, targets] = await Promise.all([startBridge(clusters, { env }), startTargets(clusters.b)]);
    });
    after(async () => {
      await bridge.stop();
      await targets.stop();
      await clusters.close();
    });

    for (const [messageKib, detailKib] of [
      [100, 0],
      [530, 0],
      [900, 0],
      [0, 200],
      [10, 700],
    ] as const) {
      test(`a failure with ${messageKib} KiB of message and ${detailKib} KiB of details keeps type, flag and causes`, async () => {
        const request = requestFor('FailLarge', [messageKib * KIB, detailKib * KIB]);
        const call = await startCrossCluster(clusters, request);
        const seen = seenOf(await applicationFailureOf(call));
        const isCut = 2 * messageKib + detailKib > 384;
        assert.equal(seen.type, 'REMOTE_WORKFLOW_FAILED');
        assert.ok(
          seen.messageChars < 2 * KIB,
          `the bridge's own message repeats ${seen.messageChars} characters`,
        );
        assert.equal(seen.own.type, 'Large');
        assert.equal(seen.own.flag, true);
        assert.equal(seen.inner, 'Inner');
        assert.equal(seen.own.details, detailKib > 0 && !isCut ? 1 : 0);
        if (isCut)
          assert.match(
            seen.own.note,
            messageKib > 100 ? /more were cut/ : /details of \d+ bytes were left out/,
          );
        else assert.equal(seen.own.chars, messageKib * KIB);
        assert.equal(await countEvents(call, EVENT.signaled), way === 'signal' ? 1 : 0);
      });
    }

    test('a result that makes too large an answer is a typed failure, not a terminated caller', async () => {
      const call = await startCrossCluster(clusters, {
        WorkflowType: 'Large',
        TaskQueue: 'targets',
        Input: Buffer.from(String(1600 * KIB)).toString('base64'),
      });
      const failure = await applicationFailureOf(call);
      assert.equal(failure.type, 'PAYLOAD_TOO_LARGE');
      assert.match(failure.message, /\d+ bytes/);
      assert.equal((await call.describe()).status.name, 'FAILED');
    });

    test('a result below the limit comes back whole', async () => {
      const call = await startCrossCluster(clusters, requestFor('Large', [1500 * KIB]));
      const { result } = (await call.result()) as { result: string };
      assert.equal(result.length, 1500 * KIB);
    });
  });
}
