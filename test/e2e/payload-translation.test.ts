/** Clusters whose users encrypt with different keys: a bridge that is given both codecs translates between them. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { bundleWorkflows } from '../support/bundle.js';
import { CANARY, CODEC_CASES } from '../support/codec-cases.js';
import type { CodedStage } from '../support/coded-stage.js';
import { auditHistories, mentions, openCodedStage } from '../support/coded-stage.js';
import { strictCodec } from '../support/codecs/strict-codec.js';

const bundles = Promise.all([bundleWorkflows('codec-callers'), bundleWorkflows('codec-targets')]);

for (const way of ['signal', 'fallback'] as const) {
  describe(`with a strict codec of each cluster's own, by ${way}`, () => {
    const [ofA, ofB] = [strictCodec('users-of-a'), strictCodec('users-of-b')];
    let stage: CodedStage;
    before(async () => {
      const [callers, targets] = await bundles;
      stage = await openCodedStage({
        way,
        onA: { payloadCodecs: [ofA] },
        onB: { payloadCodecs: [ofB] },
        callers,
        targets,
        bridge: { codecs: { 'cluster-a': [ofA], 'cluster-b': [ofB] } },
      });
    });
    after(() => stage.close());

    describe('these cross', { concurrency: 6, timeout: 150_000 }, () => {
      for (const { name, run } of CODEC_CASES) test(name, () => run(stage));
    });

    test('no workflow task failed, and no codec met what another had written', async () => {
      const { troubles, leaks, histories } = await auditHistories(stage, CANARY);
      assert.ok(histories > 2 * CODEC_CASES.length);
      assert.deepEqual(troubles, []);
      assert.deepEqual(leaks, [], 'no history shows what was sent');
      assert.deepEqual([...ofA.refused, ...ofB.refused], []);
    });

    test('no log line of the bridge shows what was sent', () => {
      assert.ok(!mentions(stage.bridges[0]?.logs, CANARY));
    });
  });
}
