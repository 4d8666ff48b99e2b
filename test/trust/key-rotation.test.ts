/** The keys of the seal are changed while calls are made, in the documented order; and what happens if a key goes too early. */
import assert from 'node:assert/strict';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { describe, test } from 'node:test';
import { createSealKeyPair } from '../../src/bridge/config/seal-keys.js';
import type { BridgeProcess } from '../support/bridge-process.js';
import { requestFor, startCrossCluster } from '../support/harness.js';
import { countEvents, eventually, EVENT, remoteOf, whenClosed } from '../support/inspect.js';
import { scrape } from '../support/prometheus.js';
import type { Stage } from '../support/stage.js';
import { openStage } from '../support/stage.js';
import { assertEachCallOnce, startSteadyCalls, untilNothingIsOpen } from '../support/steady-calls.js';

const LIMIT = { timeout: 240_000 };
const ALLOW = { BRIDGE_DEV: '', BRIDGE_ALLOW_TARGETS: '*@*' };

/** The two key files of a pair of processes, written anew in one step as a roll-out of a Secret does it. */
interface KeyFiles {
  readonly caller: Readonly<Record<string, string>>;
  readonly handler: Readonly<Record<string, string>>;
  sign(pem: string): Promise<void>;
  verify(...pems: string[]): Promise<void>;
}

async function openKeyFiles(t: TestContext): Promise<KeyFiles> {
  const folder = await mkdtemp(join(tmpdir(), 'rotation-'));
  t.after(() => rm(folder, { recursive: true }));
  const [signing, verify] = [join(folder, 'signing.pem'), join(folder, 'verify.pem')];
  const write = async (path: string, text: string): Promise<void> => {
    await writeFile(`${path}.new`, text, { mode: 0o600 });
    await rename(`${path}.new`, path);
  };
  return {
    caller: { ...ALLOW, BRIDGE_ALLOW_CALLERS: '*@*', BRIDGE_SEAL_SIGNING_KEY_FILE: signing },
    handler: { ...ALLOW, BRIDGE_SEAL_VERIFY_KEYS_FILE: verify },
    sign: (pem) => write(signing, pem),
    verify: (...pems) => write(verify, pems.join('')),
  };
}

/** Waits until a process has read its keys for the n-th time since its start. */
const reloaded = (bridge: BridgeProcess, times: number) =>
  eventually(
    `keys were reloaded ${times} times`,
    () => bridge.logs.filter(({ msg }) => msg === 'seal keys reloaded').length >= times,
  );

async function closedAmong(stage: Stage, callerIds: readonly string[]): Promise<boolean> {
  for (const id of callerIds) {
    const { status } = await stage.clusters.a.client.workflow.getHandle(id).describe();
    if (status.name === 'RUNNING') return false;
  }
  return true;
}

describe('the keys of the seal', () => {
  test('are changed twice, step by step, and no call fails', LIMIT, async (t) => {
    const files = await openKeyFiles(t);
    const pairs = [createSealKeyPair(), createSealKeyPair(), createSealKeyPair()] as const;
    await files.sign(pairs[0].signingKeyPem);
    await files.verify(pairs[0].verifyKeyPem);
    const stage = await openStage(t);
    const [caller, handler] = await Promise.all([
      stage.bridgeProcess('caller', files.caller),
      stage.bridgeProcess('handler', files.handler),
      stage.targets(),
    ]);
    const calls = startSteadyCalls(stage.clusters, 'rotation');
    t.after(() => calls.stop());
    await eventually('calls are made', () => calls.made.length > 5);
    for (const [at, next] of pairs.slice(1).entries()) {
      const last = pairs[at] ?? assert.fail();
      await files.verify(last.verifyKeyPem, next.verifyKeyPem);
      await reloaded(handler, 2 * at + 1);
      await files.sign(next.signingKeyPem);
      caller.signal('SIGHUP'); // or within 5 s by itself
      await reloaded(caller, at + 1);
      const sealedBefore = calls.made.map(({ callerId }) => callerId);
      await eventually('their calls have ended', () => closedAmong(stage, sealedBefore), 150_000);
      await files.verify(next.verifyKeyPem);
      await reloaded(handler, 2 * at + 2);
      const made = calls.made.length;
      await eventually('calls are made', () => calls.made.length > made + 10);
    }
    const made = await calls.stop();
    await untilNothingIsOpen(stage.clusters, 60_000);
    await assertEachCallOnce(stage.clusters, made);
    assert.ok(made.length > 40, `${made.length} calls`);
    const refused = await Promise.all([caller, handler].map(scrape));
    for (const found of refused) assert.deepEqual(found.counts('bridge_calls_refused', 'reason'), {});
    const ended = refused.map((found) => found.sum('bridge_calls_completed') ?? 0);
    assert.deepEqual(ended, [0, made.length], 'each outcome came by signal');
  });

  test('that are taken away too early leave a call that waits to the fallback', LIMIT, async (t) => {
    const files = await openKeyFiles(t);
    const [old, next] = [createSealKeyPair(), createSealKeyPair()];
    await files.sign(old.signingKeyPem);
    await files.verify(old.verifyKeyPem);
    const stage = await openStage(t);
    const fallback = { BRIDGE_FALLBACK_FIRST: '2s', BRIDGE_FALLBACK_MAX: '2s' };
    const [, handler] = await Promise.all([
      stage.bridgeProcess('caller', { ...files.caller, ...fallback }),
      stage.bridgeProcess('handler', files.handler),
      stage.targets(),
    ]);
    const parked = await startCrossCluster(stage.clusters, requestFor('Gate'));
    const { target, wrapper } = await remoteOf(stage.clusters.b, parked.workflowId);
    await files.verify(next.verifyKeyPem);
    await reloaded(handler, 1);
    await target.signal('open', 'late');
    assert.equal(((await parked.result()) as { result: unknown }).result, 'late');
    assert.equal(await countEvents(parked, EVENT.signaled), 0);
    assert.ok(((await scrape(handler)).sum('bridge_calls_refused', { reason: 'seal-key-unknown' }) ?? 0) > 0);
    // The wrapper tries until the key is back; then its caller is gone.
    await files.verify(next.verifyKeyPem, old.verifyKeyPem);
    assert.equal((await whenClosed(wrapper)).status.name, 'COMPLETED');
  });

  test('that are broken or mixed up are not taken, and the old ones hold', LIMIT, async (t) => {
    const files = await openKeyFiles(t);
    const [old, next] = [createSealKeyPair(), createSealKeyPair()];
    await files.sign(old.signingKeyPem);
    await files.verify(old.verifyKeyPem);
    const stage = await openStage(t);
    const [both] = await Promise.all([
      stage.bridgeProcess('both', { ...files.handler, ...files.caller }),
      stage.targets(),
    ]);
    const works = async () =>
      (
        (await (await startCrossCluster(stage.clusters, requestFor('Echo', [1]))).result()) as {
          result: unknown;
        }
      ).result;
    await files.sign(next.signingKeyPem); // its public half is not there yet
    await both.logged(/^Changed files cannot be used/);
    assert.equal(await works(), 1);
    await files.verify(old.verifyKeyPem, next.verifyKeyPem);
    const now = await both.logged(/^seal keys reloaded$/);
    assert.equal((now['accepts'] as string[]).length, 2);
    assert.equal(now['sealsWith'], (now['accepts'] as string[])[1]);
    assert.equal(await works(), 1);
  });
});
