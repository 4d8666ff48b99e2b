/** Ends that the bridge itself gives a call whose users have a strict codec. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { bundleWorkflows } from '../support/bundle.js';
import { CANARY } from '../support/codec-cases.js';
import type { CodedStage } from '../support/coded-stage.js';
import { auditHistories, mentions, openCodedStage } from '../support/coded-stage.js';
import { strictCodec } from '../support/codecs/strict-codec.js';
import type { EndView } from '../support/workflows/library-callers.js';

describe('with a strict codec of the users, and no handler side', () => {
  const codec = strictCodec('users');
  let stage: CodedStage;
  before(async () => {
    const [callers, targets] = await Promise.all([
      bundleWorkflows('codec-callers'),
      bundleWorkflows('codec-targets'),
    ]);
    const dataConverter = { payloadCodecs: [codec] };
    const bridge = { env: { BRIDGE_ROLE: 'caller' } };
    stage = await openCodedStage({
      way: 'fallback',
      onA: dataConverter,
      onB: dataConverter,
      callers,
      targets,
      bridge,
    });
  });
  after(() => stage.close());

  test('a call expires after some looks, typed', async () => {
    const call = { type: 'Echo', args: [CANARY], timeout: '1s', fallback: stage.fallback };
    const end = await stage.call<EndView>('ExecuteAndTell', call);
    assert.ok('error' in end);
    assert.equal(end.error.type, 'CALL_EXPIRED');
    assert.equal((end.error.details as [{ started: string }])[0].started, 'unknown');
  });

  test('no workflow task failed, and nothing shows what was sent', async () => {
    assert.deepEqual(await auditHistories(stage, CANARY), { troubles: [], leaks: [], histories: 2 });
    assert.deepEqual(codec.refused, []);
    assert.ok(!mentions(stage.bridges[0]?.logs, CANARY));
  });
});
