/** Replaces the processes of one build by those of another, one role after the other, with calls in flight. */
import assert from 'node:assert/strict';
import { CLI, spawnBridge, type BridgeProcess, type Role } from '../support/bridge-process.js';
import { bridgeEnv, type TestWorker } from '../support/harness.js';
import type { SealKeyFiles } from '../support/seal-keys.js';
import type { Stage } from '../support/stage.js';
import type { EarlierBuild } from './earlier-build.js';
import { assertRight, makeCalls, release, type ReplacementCall } from './replacement-calls.js';

/** `undefined`: today's. */
export type Build = EarlierBuild | undefined;

type Side = Exclude<Role, 'both'>;

/** No look within the test: a signal that another build does not understand leaves its call open. */
const SIGNALS_ALONE = {
  BRIDGE_FALLBACK_FIRST: '1h',
  BRIDGE_FALLBACK_MAX: '1h',
  BRIDGE_SHUTDOWN_GRACE: '20s',
};

/** What a replacement needs. */
export interface ReplacementOptions {
  readonly stage: Stage;
  readonly keys: SealKeyFiles;
  readonly from: Build;
  readonly to: Build;
  /** The role that is replaced first. */
  readonly first: Side;
}

/**
 * Plays the replacement: new processes beside the old ones, SIGTERM to the old ones, one role after the other, and the
 * worker of the library's callers between. In each mixture calls are made, of which most wait until only the new build
 * is left. Then every call is looked at.
 */
export async function playReplacement({ stage, keys, from, to, first }: ReplacementOptions): Promise<void> {
  const calls: ReplacementCall[] = [];
  const running = new Set<BridgeProcess>();
  const second: Side = first === 'caller' ? 'handler' : 'caller';

  const start = async (role: Side, build: Build): Promise<BridgeProcess> => {
    const env = bridgeEnv(stage.clusters, { env: { ...keys[role], ...SIGNALS_ALONE } });
    const known = build ? build.knownSettings(env) : env;
    const bridge = await spawnBridge(role, known, undefined, build?.cli ?? CLI);
    running.add(bridge);
    await bridge.ready();
    return bridge;
  };
  const stop = async (bridge: BridgeProcess): Promise<void> => {
    assert.deepEqual(await bridge.stop(), { code: 0, signal: null });
    running.delete(bridge);
  };
  const callersOf = (build: Build): Promise<TestWorker> =>
    stage.libraryCallers(build ? { workflowBundle: { codePath: build.callersBundle } } : {});
  const callIn = async (mixture: string): Promise<void> => {
    calls.push(...(await makeCalls(stage, mixture)));
  };

  try {
    const [old, oldCallers] = await Promise.all([
      Promise.all([start(first, from), start(second, from)]),
      callersOf(from),
      stage.targets(),
    ]);
    await callIn('before');
    const next = [await start(first, to)];
    await callIn(`two processes of the ${first} side`);
    await stop(old[0]);
    await callIn(`the ${first} side replaced`);
    const nextCallers = await callersOf(to);
    await oldCallers.stop();
    next.push(await start(second, to));
    await callIn(`two processes of the ${second} side`);
    await stop(old[1]);
    await callIn('after');
    await release(stage, calls);
    for (const call of calls) await assertRight(stage, call);
    await Promise.all(next.map(stop));
    await nextCallers.stop();
  } finally {
    await Promise.all([...running].map((bridge) => bridge.stop()));
  }
}
