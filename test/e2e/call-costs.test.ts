/** What a call costs, in events, executions and requests: ceilings on exact counts, and no time. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { bundleWorkflowCode } from '@temporalio/worker';
import type { WorkflowHandle } from '@temporalio/client';
import type { RequestCounts } from '../../scripts/stack/server-metrics.js';
import { diffRequests, readServiceRequests, withoutIdle } from '../../scripts/stack/server-metrics.js';
import { BridgePlugin, resolveConfig } from '../../src/index.js';
import { LIBRARY_CALLERS_PATH, bridgeEnv, requestFor, startCrossCluster } from '../support/harness.js';
import {
  eventTypes,
  eventually,
  handlesOf,
  listExecutions,
  targetsOf,
  taskTroubles,
} from '../support/inspect.js';
import type { Stage } from '../support/stage.js';
import { openStage } from '../support/stage.js';
import { SILENT } from '../support/silent-logger.js';

const LIMIT = { timeout: 120_000 };
const CALLS = 5;
/** The target takes so long that the call is at rest before it ends: what is counted depends on no race. */
const CALL = { type: 'Sleep', args: [3_000] };

/** Of a caller that is nothing but its call, the safety net included. */
const CALLER_EVENTS = 10;
const WRAPPER_EVENTS = 17;
const WORKFLOW_TASK_COMPLETED = 7;

/** Requests of one call, by operation, but for the workers' polls. What is not named here is not made at all. */
const ON_A: RequestCounts = {
  StartWorkflowExecution: 1, // the caller itself, by the test
  RespondWorkflowTaskCompleted: 2,
  RecordActivityTaskHeartbeat: 1, // what the anchor's first attempt leaves to the next
  RespondActivityTaskFailed: 1,
  SignalWorkflowExecution: 1,
};
const ON_B: RequestCounts = {
  StartWorkflowExecution: 1,
  RespondWorkflowTaskCompleted: 5, // three of the wrapper, two of the target
  RespondActivityTaskFailed: 1, // the lease, first put into back-off
};

interface Way {
  readonly name: string;
  readonly setUp: (stage: Stage) => Promise<unknown>;
  readonly start: (stage: Stage) => Promise<WorkflowHandle>;
}

const startExecute = (stage: Stage) => stage.start('Execute', CALL);

/** Callers whose own worker starts their calls; a bridge runs only for the sides that the worker does not have. */
async function startHere(stage: Stage, role: 'caller' | 'both'): Promise<void> {
  const config = resolveConfig(bridgeEnv(stage.clusters), { BRIDGE_ROLE: role });
  const plugins = [new BridgePlugin({ startHere: { config, handlerSide: role === 'both' } })];
  const workflowBundle = await bundleWorkflowCode({
    workflowsPath: LIBRARY_CALLERS_PATH,
    plugins,
    logger: SILENT,
  });
  if (role === 'caller') await stage.bridge({ env: { BRIDGE_ROLE: 'handler' } });
  await stage.libraryCallers({ workflowBundle, plugins });
}

const WAYS: readonly Way[] = [
  {
    name: 'executeRemoteWorkflow through the bridge’s queue',
    setUp: (stage) => Promise.all([stage.bridge(), stage.libraryCallers()]),
    start: startExecute,
  },
  {
    name: 'executeRemoteWorkflow that the caller’s own worker starts',
    setUp: (stage) => startHere(stage, 'caller'),
    start: startExecute,
  },
  {
    name: 'executeRemoteWorkflow that the caller’s own worker starts, with the handler side beside it',
    setUp: (stage) => startHere(stage, 'both'),
    start: startExecute,
  },
  {
    name: 'CrossClusterWorkflow',
    setUp: (stage) => stage.bridge(),
    start: ({ clusters }) => startCrossCluster(clusters, requestFor(CALL.type, CALL.args)),
  },
];

for (const { name, setUp, start } of WAYS) {
  describe(name, () => {
    let stage: Stage;
    let callers: WorkflowHandle[];
    let onA: RequestCounts;
    let onB: RequestCounts;

    before(async () => {
      stage = await openStage();
      await Promise.all([setUp(stage), stage.targets()]);
      // One call first, so that what a process asks once (its namespace's retention) is not counted.
      await (await start(stage)).result();
      await atRest(stage);
      const [a, b] = await read(stage);
      callers = await Promise.all(Array.from({ length: CALLS }, () => start(stage)));
      // Nothing is asked about the calls before they have ended and their requests are counted.
      await eventually('two workflow tasks of each caller have ended', async () => {
        const [now] = await read(stage);
        return (diffRequests(a, now)['RespondWorkflowTaskCompleted'] ?? 0) >= 2 * CALLS;
      });
      const [aAfter, bAfter] = await atRest(stage);
      [onA, onB] = [withoutIdle(diffRequests(a, aAfter)), withoutIdle(diffRequests(b, bAfter))];
    }, LIMIT);
    after(() => stage.close());

    test('asks A for no more than this, and reads nothing there', LIMIT, () => {
      assert.deepEqual(beyond(onA, ON_A), {}, JSON.stringify(onA));
      assert.equal(onA['SignalWorkflowExecution'], CALLS, 'one signal a call');
      assert.equal(onA['RespondWorkflowTaskCompleted'], 2 * CALLS, 'two workflow tasks a call');
    });

    test('asks B for no more than this, and reads nothing there', LIMIT, () => {
      assert.deepEqual(beyond(onB, ON_B), {}, JSON.stringify(onB));
      assert.equal(onB['StartWorkflowExecution'], CALLS, 'one start a call');
    });

    test(`has ${CALLER_EVENTS} events and two workflow tasks on A`, LIMIT, async () => {
      for (const caller of callers) {
        const types = await eventTypes(caller);
        assert.ok(types.length <= CALLER_EVENTS, types.join());
        assert.equal(types.filter((type) => type === WORKFLOW_TASK_COMPLETED).length, 2);
        assert.deepEqual(await taskTroubles(caller), []);
      }
    });

    test('has a wrapper and a target on B, and nothing else', LIMIT, async () => {
      for (const caller of callers) {
        const [target, ...others] = await targetsOf(stage.clusters.b, caller.workflowId);
        assert.ok(target);
        assert.deepEqual(others, []);
        const { wrapper } = await handlesOf(stage.clusters.b, target.workflowId, target.runId);
        const types = await eventTypes(wrapper);
        assert.ok(types.length <= WRAPPER_EVENTS, types.join());
        assert.deepEqual(await taskTroubles(wrapper), []);
      }
      // The first call's, too.
      assert.equal((await listExecutions(stage.clusters.b, '')).length, 2 * (CALLS + 1));
      assert.equal((await listExecutions(stage.clusters.a, '')).length, CALLS + 1);
    });
  });
}

/** Requests to both servers in the test's own namespaces. */
async function read({ clusters }: Stage): Promise<[RequestCounts, RequestCounts]> {
  const [a = {}, b = {}] = await Promise.all(
    [clusters.a, clusters.b].map((side) =>
      readServiceRequests(side.metricsUrl, { namespaces: [side.namespace] }),
    ),
  );
  return [a, b];
}

/** Waits until two readings in a row, which are more than a second apart, differ in polls alone. */
async function atRest(stage: Stage): Promise<[RequestCounts, RequestCounts]> {
  let last = '';
  return eventually('both servers are at rest', async () => {
    const now = await read(stage);
    const text = JSON.stringify(now.map(withoutIdle));
    if (text === last) return now;
    last = text;
    return false;
  });
}

/** What is above the ceilings, or not among them. */
function beyond(counts: RequestCounts, ceilings: RequestCounts): RequestCounts {
  return Object.fromEntries(
    Object.entries(counts).filter(([operation, count]) => count > (ceilings[operation] ?? 0) * CALLS),
  );
}
