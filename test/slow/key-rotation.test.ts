/** The steps of docs/operations.md by which a signing key is changed. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { it } from 'node:test';
import { remoteIdsOf, whenStarted } from '../support/anchor.js';
import type { BridgeProcess } from '../support/bridge-process.js';
import { requestFor, startCrossCluster } from '../support/harness.js';
import { eventually, whenClosed } from '../support/inspect.js';
import { createSealKeyFiles, type SealKeyFiles } from '../support/seal-keys.js';
import { openStage } from '../support/stage.js';

const LOOKS_OFTEN = { BRIDGE_FALLBACK_FIRST: '2s', BRIDGE_FALLBACK_MAX: '2s' };

const publicKeyOf = ({ handler }: SealKeyFiles): Promise<string> =>
  readFile(handler['BRIDGE_SEAL_VERIFY_KEYS_FILE'] ?? '', 'utf8');

it('a key is changed without a refused call; what outlives the old key is brought by the fallback look', async (t) => {
  const [stage, oldKeys, newKeys] = await Promise.all([
    openStage(t),
    createSealKeyFiles(),
    createSealKeyFiles(),
  ]);
  t.after(() => Promise.all([oldKeys.remove(), newKeys.remove()]));
  const { b } = stage.clusters;
  const both = (await publicKeyOf(oldKeys)) + (await publicKeyOf(newKeys));
  const withBoth = { BRIDGE_DEV: '', BRIDGE_ALLOW_TARGETS: '*@*', BRIDGE_SEAL_VERIFY_KEYS: both };
  const begin = async () => {
    const caller = await startCrossCluster(stage.clusters, requestFor('Gate'));
    const remote = await remoteIdsOf(b, caller);
    await whenStarted(remote.target);
    return { caller, ...remote };
  };
  /** New process first, as a roll-out does. */
  const replace = async (old: BridgeProcess, role: 'caller' | 'handler', env: Record<string, string>) => {
    const next = await stage.bridgeProcess(role, env);
    assert.deepEqual(await old.stop(), { code: 0, signal: null });
    return next;
  };
  let [caller, handler] = await Promise.all([
    stage.bridgeProcess('caller', { ...oldKeys.caller, ...LOOKS_OFTEN }),
    stage.bridgeProcess('handler', oldKeys.handler),
    stage.targets(),
  ]);
  const [endsInTime, outlivesTheKey] = await Promise.all([begin(), begin()]);

  handler = await replace(handler, 'handler', withBoth);
  caller = await replace(caller, 'caller', { ...newKeys.caller, ...LOOKS_OFTEN });
  const made = await begin();
  for (const { target, wrapper } of [endsInTime, made]) {
    await target.signal('open', 'by signal');
    await whenClosed(wrapper);
    assert.equal(((await wrapper.result()) as { readonly delivered: string }).delivered, 'signal');
  }

  handler = await replace(handler, 'handler', newKeys.handler);
  await outlivesTheKey.target.signal('open', 'by the look');
  const { result } = (await outlivesTheKey.caller.result()) as { readonly result: string };
  assert.equal(result, 'by the look');
  await eventually('the wrapper tries on, and says why', async () => {
    const { raw } = await outlivesTheKey.wrapper.describe();
    return raw.pendingActivities?.some(({ lastFailure }) => /key/.test(lastFailure?.message ?? ''));
  });
  // With the key back, the wrapper ends: there is nobody to tell any more.
  await replace(handler, 'handler', withBoth);
  await whenClosed(outlivesTheKey.wrapper);
  assert.equal(
    ((await outlivesTheKey.wrapper.result()) as { readonly delivered: string }).delivered,
    'caller-gone',
  );
  assert.deepEqual(
    caller.logs.filter(({ level }) => level === 'error'),
    [],
  );
});
