import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { PayloadCodec } from '@temporalio/common';
import { utf8 } from '../../src/shared/bytes.js';
import { remoteIdsOf, whenStarted } from '../support/anchor.js';
import type { CallerEnd } from '../support/caller-end.js';
import { callerEnd } from '../support/caller-end.js';
import type { Ending } from '../support/endings.js';
import { ENDINGS } from '../support/endings.js';
import { requestFor, startCrossCluster } from '../support/harness.js';
import type { Stage } from '../support/stage.js';
import { openStage } from '../support/stage.js';

/** A codec of the target's own, which the bridge does not know: what crosses is not JSON any more. */
const codec: PayloadCodec = {
  encode: (payloads) =>
    Promise.resolve(
      payloads.map(({ metadata, data }) => ({
        metadata: { encoding: utf8('binary/coded'), 'coded-by': metadata?.['encoding'] ?? utf8('?') },
        data: Buffer.from(data ?? []).reverse(),
      })),
    ),
  decode: (payloads) =>
    Promise.resolve(
      payloads.map((payload) => {
        const encoding = payload.metadata?.['coded-by'];
        return encoding
          ? { metadata: { encoding }, data: Buffer.from(payload.data ?? []).reverse() }
          : payload;
      }),
    ),
};

const CODED: readonly Ending[] = [
  {
    name: 'a value that a codec has changed',
    request: requestFor('Echo', [{ coded: 'ja' }], { taskQueue: 'coded' }),
  },
  {
    name: 'a failure whose details a codec has changed',
    request: requestFor('Fail', ['coded'], { taskQueue: 'coded' }),
  },
];

async function run({ clusters }: Stage, { name, request, end }: Ending): Promise<CallerEnd> {
  // The same id on both ways, so that only run ids and what is made of them differ.
  const caller = await startCrossCluster(clusters, request, { workflowId: name.replaceAll(' ', '-') });
  if (end) {
    const { target } = await remoteIdsOf(clusters.b, caller);
    await end(await whenStarted(target));
  }
  return callerEnd(clusters, caller);
}

describe(
  'what a caller gets is the same to the byte by signal and by fallback poll',
  { concurrency: true },
  () => {
    let bySignal: Stage;
    let byFallback: Stage;

    before(async () => {
      [bySignal, byFallback] = await Promise.all([openStage(), openStage()]);
      const proxy = await bySignal.proxy('b');
      // No look gets through, so that nothing but the signal can bring an outcome.
      proxy.hold('DescribeWorkflowExecution', new Promise(() => undefined));
      const env = {
        BRIDGE_COMPLETION_SIGNALS: 'false',
        BRIDGE_FALLBACK_FIRST: '1s',
        BRIDGE_FALLBACK_MAX: '1s',
      };
      await Promise.all([
        bySignal.bridge({ env: { BRIDGE_ROLE: 'caller' }, addressOfB: proxy.address }),
        bySignal.bridge({ env: { BRIDGE_ROLE: 'handler' } }),
        byFallback.bridge({ env }),
        ...[bySignal, byFallback].flatMap((stage) => [
          stage.targets(),
          stage.targets({ taskQueue: 'coded', dataConverter: { payloadCodecs: [codec] } }),
        ]),
      ]);
    });
    after(() => Promise.all([bySignal, byFallback].map((stage) => stage.close())));

    for (const ending of [...ENDINGS, ...CODED]) {
      test(ending.name, async () => {
        const [signalled, polled] = await Promise.all([run(bySignal, ending), run(byFallback, ending)]);
        assert.equal(signalled.signals, 1, 'a completion signal came');
        assert.equal(polled.signals, 0, 'no completion signal came');
        assert.equal(polled.status, signalled.status);
        assert.equal(polled.end, signalled.end);
      });
    }
  },
);
