/**
 * Users encrypt all that they send, with a key that the bridge does not have and a codec that throws on what it did not
 * write: payloads cross unread, and nothing of the bridge's own gets in the codec's way (I10).
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { bundleWorkflows } from '../support/bundle.js';
import { CANARY, CODEC_CASES } from '../support/codec-cases.js';
import type { CodedStage } from '../support/coded-stage.js';
import { auditHistories, mentions, openCodedStage } from '../support/coded-stage.js';
import { strictCodec } from '../support/codecs/strict-codec.js';

const bundles = Promise.all([bundleWorkflows('codec-callers'), bundleWorkflows('codec-targets')]);

for (const way of ['signal', 'fallback'] as const) {
  describe(`with a strict codec of the users, by ${way}`, () => {
    const codec = strictCodec('users');
    let stage: CodedStage;
    before(async () => {
      const [callers, targets] = await bundles;
      const dataConverter = { payloadCodecs: [codec] };
      stage = await openCodedStage({ way, onA: dataConverter, onB: dataConverter, callers, targets });
    });
    after(() => stage.close());

    describe('these cross', { concurrency: 6, timeout: 150_000 }, () => {
      for (const { name, run } of CODEC_CASES) test(name, () => run(stage));
    });

    test('no workflow task failed, and the codec met nothing that it had not written', async () => {
      const { troubles, leaks, histories } = await auditHistories(stage, CANARY);
      assert.ok(histories > 2 * CODEC_CASES.length);
      assert.deepEqual(troubles, []);
      assert.deepEqual(leaks, [], 'no history shows what was sent');
      assert.deepEqual(codec.refused, []);
    });

    test('no log line of the bridge shows what was sent', () => {
      const logs = stage.bridges.flatMap((bridge) => bridge.logs);
      assert.ok(logs.length > CODEC_CASES.length);
      assert.ok(!mentions(logs, CANARY));
    });
  });
}
