import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ANCHOR_GRACE_MS } from '../../src/shared/limits.js';
import { anchorBackedOff } from '../support/anchor.js';
import { bundleWorkflows } from '../support/bundle.js';
import { CANARY } from '../support/codec-cases.js';
import { auditHistories, openCodedStage } from '../support/coded-stage.js';
import { strictCodec } from '../support/codecs/strict-codec.js';
import { EVENT, countEvents, eventually } from '../support/inspect.js';
import type { EndView } from '../support/workflows/library-callers.js';

test('a call of users with a strict codec expires by itself if no caller-side bridge comes back', async (t) => {
  const codec = strictCodec('users');
  const dataConverter = { payloadCodecs: [codec] };
  const [callers, targets] = await Promise.all([
    bundleWorkflows('codec-callers'),
    bundleWorkflows('codec-targets'),
  ]);
  const stage = await openCodedStage({
    way: 'fallback',
    onA: dataConverter,
    onB: dataConverter,
    callers,
    targets,
    bridge: { env: { BRIDGE_ROLE: 'caller' } },
  });
  t.after(() => stage.close());
  const call = { type: 'Echo', args: [CANARY], timeout: '5s', fallback: { first: '1s' } };
  const takenUp = await stage.start('ExecuteAndTell', call);
  await anchorBackedOff(takenUp);
  await stage.bridges[0]?.stop();
  // What the last attempt left for the next one is shown to the caller now, and its codec reads it.
  await eventually(
    'the call has expired',
    async () => (await countEvents(takenUp, EVENT.activityTimedOut)) === 1,
    2 * ANCHOR_GRACE_MS,
  );
  const end = (await takenUp.result()) as EndView;
  assert.ok('error' in end);
  assert.equal(end.error.type, 'CALL_EXPIRED');
  assert.equal((end.error.details as [{ started: string }])[0].started, 'yes');
  assert.deepEqual(await auditHistories(stage, CANARY), { troubles: [], leaks: [], histories: 2 });
  assert.deepEqual(codec.refused, []);
});
