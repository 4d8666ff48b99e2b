/** A caller sees the same of a target on another cluster as of a child on its own, by signal and by fallback (I3). */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { whenStarted } from '../support/anchor.js';
import { bundleWorkflows } from '../support/bundle.js';
import type { EndClass, FidelityEnding } from '../support/fidelity-endings.js';
import { FIDELITY_ENDINGS } from '../support/fidelity-endings.js';
import { startTargets } from '../support/harness.js';
import type { TestSide, TestWorker } from '../support/harness.js';
import { taskTroubles } from '../support/inspect.js';
import type { Stage } from '../support/stage.js';
import { openStage } from '../support/stage.js';
import type { EndTold, FailureView } from '../support/workflows/fidelity-view.js';

type Way = 'child' | 'signal' | 'fallback';

/** What a signal or a look must not bring in the other's place. */
const FALLBACK: Readonly<Record<Exclude<Way, 'child'>, unknown>> = {
  signal: { first: '1h' },
  fallback: { first: '300ms', max: '300ms' },
};

/** Runs an ending in one of the ways, and tells what its caller saw. */
async function endIn(way: Way, stage: Stage, ending: FidelityEnding): Promise<EndTold> {
  const side: TestSide = way === 'child' ? stage.clusters.a : stage.clusters.b;
  const targetId = `target-${randomUUID()}`;
  const caller = await stage.start(way === 'child' ? 'ChildTells' : 'RemoteTells', ending.type, {
    taskQueue: 'targets',
    args: ending.args ?? [],
    ...ending.options,
    ...(ending.end ? { workflowId: targetId } : {}),
    ...(way === 'child' ? {} : { fallback: FALLBACK[way] }),
  });
  if (ending.end) await ending.end(side, await whenStarted(side.client.workflow.getHandle(targetId)));
  const end = (await caller.result()) as EndTold;
  const { events } = await caller.fetchHistory();
  const signals = (events ?? []).filter((event) => event.workflowExecutionSignaledEventAttributes).length;
  assert.equal(signals, way === 'signal' ? 1 : 0, 'it came the way that the test is about');
  assert.deepEqual(await taskTroubles(caller), []);
  return end;
}

/** The types by which a caller of the library tells ends apart. */
const REMOTE_TYPE: Partial<Record<EndClass, string>> = {
  failed: 'REMOTE_WORKFLOW_FAILED',
  'timed out': 'REMOTE_WORKFLOW_TIMED_OUT',
  terminated: 'REMOTE_WORKFLOW_TERMINATED',
};
const CAUSE_KIND: Partial<Record<EndClass, string>> = {
  'timed out': 'TimeoutFailure',
  terminated: 'TerminatedFailure',
};

function errorOf(end: EndTold): FailureView {
  assert.ok('error' in end, `expected a failure, got ${JSON.stringify(end)}`);
  return end.error;
}

/** Ids of the call differ from way to way. */
function withoutIds(end: EndTold): unknown {
  if ('value' in end) return end;
  const { details, ...own } = end.error.own;
  return { ...end.error, own: end.error.kind === 'CancelledFailure' ? { details, ...own } : own };
}

function assertSameAsChild(ending: FidelityEnding, child: EndTold, remote: EndTold): void {
  if (ending.is === 'value') {
    assert.ok('value' in child, `the child has a value: ${JSON.stringify(child)}`);
    assert.deepEqual(remote, child);
    return;
  }
  const ofChild = errorOf(child);
  const ofRemote = errorOf(remote);
  assert.equal(ofChild.kind, 'ChildWorkflowFailure');
  assert.ok(ofChild.cause);
  assert.equal(ofRemote.isCancellation, ending.is === 'canceled');
  if (ending.is === 'canceled') {
    assert.equal(ofRemote.kind, 'CancelledFailure');
    assert.equal(ofChild.isCancellation, true);
    assert.deepEqual(ofRemote.own, ofChild.cause.own);
    return;
  }
  assert.equal(ofRemote.kind, 'ApplicationFailure');
  assert.equal(ofRemote.own['type'], REMOTE_TYPE[ending.is]);
  assert.equal(ofRemote.cause?.kind, CAUSE_KIND[ending.is] ?? ofRemote.cause?.kind);
  assert.deepEqual(ofRemote.cause, ofChild.cause);
  if (ending.is === 'failed')
    assert.equal(ofRemote.own['nonRetryable'], ofChild.cause.own['nonRetryable'] ?? false);
}

describe(
  'a caller sees the same of a remote workflow as of a child',
  { concurrency: 8, timeout: 180_000 },
  () => {
    let bySignal: Stage;
    let byFallback: Stage;
    let targetsOnA: TestWorker;

    before(async () => {
      [bySignal, byFallback] = await Promise.all([openStage(), openStage()]);
      const callers = await bundleWorkflows('fidelity-callers');
      const targets = await bundleWorkflows('fidelity-targets');
      await Promise.all([
        bySignal.bridge(),
        byFallback.bridge({ env: { BRIDGE_COMPLETION_SIGNALS: 'false' } }),
        ...[bySignal, byFallback].flatMap((stage) => [
          stage.libraryCallers({ workflowBundle: callers }),
          stage.targets({ workflowBundle: targets }),
        ]),
      ]);
      targetsOnA = await startTargets(bySignal.clusters.a, { workflowBundle: targets });
    });
    after(async () => {
      await targetsOnA.stop();
      await Promise.all([bySignal, byFallback].map((stage) => stage.close()));
    });

    for (const ending of FIDELITY_ENDINGS) {
      test(ending.name, async () => {
        const [child, signalled, polled] = await Promise.all([
          endIn('child', bySignal, ending),
          endIn('signal', bySignal, ending),
          endIn('fallback', byFallback, ending),
        ]);
        assertSameAsChild(ending, child, signalled);
        assertSameAsChild(ending, child, polled);
        assert.deepEqual(withoutIds(polled), withoutIds(signalled));
      });
    }
  },
);
