/** Replaces the processes of one build by those of another, one role after the other, with calls in flight. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import { remoteIdsOf, whenStarted } from '../support/anchor.js';
import { CLI, spawnBridge, type BridgeProcess, type Role } from '../support/bridge-process.js';
import { bridgeEnv, requestFor, startCrossCluster, type TestWorker } from '../support/harness.js';
import { EVENT, countEvents, listExecutions, taskTroubles, whenClosed } from '../support/inspect.js';
import type { SealKeyFiles } from '../support/seal-keys.js';
import type { Stage } from '../support/stage.js';
import type { EarlierBuild } from './earlier-build.js';

/** `undefined`: today's. */
export type Build = EarlierBuild | undefined;

type Side = Exclude<Role, 'both'>;

/** A call of a replacement. */
interface Call {
  /** In which mixture it was made, and by what. */
  readonly name: string;
  readonly caller: WorkflowHandle;
  /** What it has to bring. */
  readonly value: string;
  readonly isGate: boolean;
}

/** What a replacement needs. */
export interface ReplacementOptions {
  readonly stage: Stage;
  readonly keys: SealKeyFiles;
  readonly from: Build;
  readonly to: Build;
  /** The role that is replaced first. */
  readonly first: Side;
}

/** What callers of one build do: `CrossClusterWorkflow` of the bridge, and workflow code with the library. */
const STARTS: Readonly<
  Record<string, (stage: Stage, type: string, value: string) => Promise<WorkflowHandle>>
> = {
  library: (stage, type, value) => stage.start('Execute', { type, args: [value], timeout: '10m' }),
  CrossClusterWorkflow: ({ clusters }, type, value) =>
    startCrossCluster(clusters, requestFor(type, [value], { timeout: '10m' })),
};

/**
 * Plays the replacement: new processes beside the old ones, SIGTERM to the old ones, one role after the other, and the
 * worker of the library's callers between. In each mixture calls are made that end at once and calls that wait for a
 * gate, which are opened when only the new build is left. Then every call is looked at.
 */
export async function playReplacement({ stage, keys, from, to, first }: ReplacementOptions): Promise<void> {
  const calls: Call[] = [];
  const running = new Set<BridgeProcess>();
  const second: Side = first === 'caller' ? 'handler' : 'caller';

  const start = async (role: Side, build: Build): Promise<BridgeProcess> => {
    const env = bridgeEnv(stage.clusters, { env: { ...keys[role], BRIDGE_SHUTDOWN_GRACE: '20s' } });
    const bridge = await spawnBridge(
      role,
      build ? build.knownSettings(env) : env,
      undefined,
      build?.cli ?? CLI,
    );
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
  const makeCalls = async (mixture: string): Promise<void> => {
    for (const [by, begin] of Object.entries(STARTS)) {
      for (const isGate of [true, false]) {
        const value = randomUUID();
        const caller = await begin(stage, isGate ? 'Gate' : 'Echo', value);
        calls.push({ name: `${mixture}: ${by}, ${isGate ? 'Gate' : 'Echo'}`, caller, value, isGate });
      }
    }
    for (const { caller } of calls) await whenStarted((await remoteIdsOf(stage.clusters.b, caller)).target);
    // Calls that wait for no gate end in their own mixture.
    for (const { caller, isGate } of calls) if (!isGate) await whenClosed(caller);
  };

  try {
    const [old, oldCallers] = await Promise.all([
      Promise.all([start(first, from), start(second, from)]),
      callersOf(from),
      stage.targets(),
    ]);
    await makeCalls('before');
    const next = [await start(first, to)];
    await makeCalls(`two processes of the ${first} side`);
    await stop(old[0]);
    await makeCalls(`the ${first} side replaced`);
    const nextCallers = await callersOf(to);
    await oldCallers.stop();
    next.push(await start(second, to));
    await makeCalls(`two processes of the ${second} side`);
    await stop(old[1]);
    await makeCalls('after');
    for (const { caller, isGate, value } of calls) {
      if (isGate) await (await remoteIdsOf(stage.clusters.b, caller)).target.signal('open', value);
    }
    for (const call of calls) await assertRight(stage, call);
    await Promise.all(next.map(stop));
    await nextCallers.stop();
  } finally {
    await Promise.all([...running].map((bridge) => bridge.stop()));
  }
}

/** One right outcome, of a target that ran once, brought by signal, with no workflow task in trouble on either side. */
async function assertRight({ clusters }: Stage, { name, caller, value }: Call): Promise<void> {
  const result = (await caller.result()) as string | { readonly result: string };
  assert.equal(typeof result === 'string' ? result : result.result, value, name);
  const { target, wrapper } = await remoteIdsOf(clusters.b, caller);
  await whenClosed(wrapper);
  const runs = await listExecutions(clusters.b, `WorkflowId = "${target.workflowId}"`, 1);
  assert.equal(runs.length, 1, `${name}: the target ran once`);
  for (const handle of [caller, wrapper, target]) assert.deepEqual(await taskTroubles(handle), [], name);
  const { delivered } = (await wrapper.result()) as { readonly delivered: string };
  assert.equal(delivered, 'signal', name);
  assert.equal(await countEvents(caller, EVENT.signaled), 1, `${name}: the signal brought it`);
}
