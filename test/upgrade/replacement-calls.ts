/** The calls that are in flight while processes are replaced: one of each kind whose history another build has to go on with. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import { remoteIdsOf, whenStarted } from '../support/anchor.js';
import { requestFor, startCrossCluster } from '../support/harness.js';
import {
  EVENT,
  countEvents,
  eventually,
  listExecutions,
  taskTroubles,
  whenClosed,
} from '../support/inspect.js';
import type { Stage } from '../support/stage.js';

interface Kind {
  readonly start: (stage: Stage, value: string) => Promise<WorkflowHandle>;
  /** Until when the call goes before the processes are replaced further. */
  readonly until: 'its target runs' | 'its outcome is there' | 'its caller has closed';
  /** What lets it end. */
  readonly release?: (stage: Stage, caller: WorkflowHandle, value: string) => Promise<void>;
  /** The value of the target in what the caller returns. */
  readonly valueOf: (result: unknown) => unknown;
}

const GATE_TIMEOUT = { timeout: '10m' };
const asIs = (result: unknown): unknown => result;

async function openGate({ clusters }: Stage, caller: WorkflowHandle, value: string): Promise<void> {
  await (await remoteIdsOf(clusters.b, caller)).target.signal('open', value);
}

const goOn = (_stage: Stage, caller: WorkflowHandle): Promise<void> => caller.signal('go-on');

/** Calls by `CrossClusterWorkflow`, whose callers are the bridge's own, and by the library, whose callers are its users'. */
const KINDS: Readonly<Record<string, Kind>> = {
  'CrossClusterWorkflow that waits': {
    start: ({ clusters }, value) => startCrossCluster(clusters, requestFor('Gate', [value], GATE_TIMEOUT)),
    until: 'its target runs',
    release: openGate,
    valueOf: (result) => (result as { readonly result: unknown }).result,
  },
  'CrossClusterWorkflow that ends at once': {
    start: ({ clusters }, value) => startCrossCluster(clusters, requestFor('Echo', [value])),
    until: 'its caller has closed',
    valueOf: (result) => (result as { readonly result: unknown }).result,
  },
  'executeRemoteWorkflow that waits': {
    start: (stage, value) => stage.start('Execute', { type: 'Gate', args: [value], ...GATE_TIMEOUT }),
    until: 'its target runs',
    release: openGate,
    valueOf: asIs,
  },
  'executeRemoteWorkflow that ends at once': {
    start: (stage, value) => stage.start('Execute', { type: 'Echo', args: [value] }),
    until: 'its caller has closed',
    valueOf: asIs,
  },
  'a caller that goes on after its call': {
    start: (stage, value) => stage.start('ExecuteThenWait', { type: 'Echo', args: [value] }),
    until: 'its outcome is there',
    release: goOn,
    valueOf: asIs,
  },
  'startRemoteWorkflow whose start is confirmed': {
    start: (stage, value) => stage.start('StartAndResult', { type: 'Gate', args: [value], ...GATE_TIMEOUT }),
    until: 'its target runs',
    release: openGate,
    valueOf: (result) => (result as { readonly value: unknown }).value,
  },
  'a call that the next run of its caller takes over': {
    start: (stage, value) => stage.start('HandOver', { type: 'Gate', args: [value] }, 1, 'go-on'),
    until: 'its target runs',
    release: async (stage, caller, value) => {
      const { clusters } = stage;
      const { target } = await remoteIdsOf(clusters.b, caller);
      await goOn(stage, caller);
      await target.signal('open', value);
    },
    valueOf: asIs,
  },
};

/** A call, as it was made. */
export interface ReplacementCall {
  readonly name: string;
  /** The caller's first run. */
  readonly caller: WorkflowHandle;
  readonly value: string;
  readonly kind: Kind;
}

/** Makes one call of each kind and waits until each is where it will be while processes are replaced. */
export async function makeCalls(stage: Stage, mixture: string): Promise<ReplacementCall[]> {
  const calls = await Promise.all(
    Object.entries(KINDS).map(async ([name, kind]) => {
      const value = randomUUID();
      const { workflowId, ...rest } = await kind.start(stage, value);
      const { runId } = await rest.describe();
      const caller = stage.clusters.a.client.workflow.getHandle(workflowId, runId);
      return { name: `${mixture}: ${name}`, caller, value, kind };
    }),
  );
  for (const { caller, kind } of calls) {
    await whenStarted((await remoteIdsOf(stage.clusters.b, caller)).target);
    if (kind.until === 'its caller has closed') await whenClosed(caller);
    if (kind.until === 'its outcome is there')
      await eventually('the outcome is there', async () => (await countEvents(caller, EVENT.signaled)) > 0);
  }
  return calls;
}

/** Lets all end that wait. */
export async function release(stage: Stage, calls: readonly ReplacementCall[]): Promise<void> {
  for (const { caller, value, kind } of calls) await kind.release?.(stage, caller, value);
}

/** One right outcome, of a target that ran once, brought by signal, with no workflow task in trouble on either side. */
export async function assertRight(
  { clusters: { a, b } }: Stage,
  { name, caller, value, kind }: ReplacementCall,
): Promise<void> {
  const lastRun = a.client.workflow.getHandle(caller.workflowId);
  const { target, wrapper } = await remoteIdsOf(b, caller);
  try {
    for (const handle of [caller, lastRun, wrapper]) await whenClosed(handle);
  } catch (error) {
    const troubles = (await Promise.all([caller, lastRun, wrapper].map(taskTroubles))).flat();
    throw new Error(`${name}: still open; ${troubles.join('; ') || 'no workflow task in trouble'}`, {
      cause: error,
    });
  }
  assert.equal(kind.valueOf(await lastRun.result()), value, name);
  const runs = await listExecutions(b, `WorkflowId = "${target.workflowId}"`, 1);
  assert.equal(runs.length, 1, `${name}: the target ran once`);
  for (const handle of [caller, lastRun, wrapper, target])
    assert.deepEqual(await taskTroubles(handle), [], name);
  const { delivered } = (await wrapper.result()) as { readonly delivered: string };
  assert.equal(delivered, 'signal', name);
}
