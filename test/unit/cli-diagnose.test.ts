/** Where a call hangs, by what both clusters tell. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type {
  CallView,
  CallerView,
  ExecutionView,
  HandlerView,
  PendingActivity,
} from '../../src/cli/calls/call-view.js';
import { diagnose } from '../../src/cli/calls/diagnose.js';
import { linksOf, traceOf } from '../../src/cli/calls/links.js';
import { resolveConfig } from '../../src/bridge/config/resolve.js';

const NOW = 1_000_000;

function execution(more: Partial<ExecutionView> = {}): ExecutionView {
  return {
    workflowId: 'w',
    runId: 'r',
    workflowType: 'T',
    taskQueue: 'q',
    status: 'running',
    startedAt: NOW - 60_000,
    events: 5,
    pendingActivities: [],
    pendingChildren: 0,
    ...more,
  };
}

function activity(type: string, more: Partial<PendingActivity> = {}): PendingActivity {
  return { id: '1', type, attempt: 1, isStarted: false, ...more };
}

const FACTS = {
  callId: 'ab'.repeat(32),
  caller: { cluster: 'cluster-a', namespace: 'n', workflowId: 'c', runId: 'cr' },
  target: { workflowType: 'T', taskQueue: 'q', workflowId: 't' },
  attached: false,
};

const WRAPPER = execution({ taskQueue: 'bridge-handler-queue' });
const failed = (message: string, type = 'X') => ({
  attempt: 4,
  nextAttemptAt: NOW + 8_000,
  lastFailure: { type, message },
});

function onB(more: Partial<HandlerView> = {}): CallView['handler'] {
  return { found: { wrapper: WRAPPER, facts: FACTS, ...more } };
}

function onA(more: Partial<CallerView> = {}, anchor?: PendingActivity): CallView['caller'] {
  const call = { recordedAt: NOW - 61_000, workflowType: 'T', taskQueue: 'q', bridgeQueue: 'bridge-queue' };
  return {
    found: {
      execution: execution({ workflowId: 'c' }),
      call: { ...call, ...(anchor ? { anchor } : {}) },
      ...more,
    },
  };
}

const MISSING = { missing: true } as const;
const waitingTask = { isStarted: false, attempt: 1, since: NOW - 30_000 };
const ended = execution({ status: 'completed', closedAt: NOW - 1_000 });
const report = { outcome: 'completed', delivered: 'signal', note: '' };

interface Case {
  readonly handler: CallView['handler'];
  readonly caller?: CallView['caller'];
  readonly step: string;
  readonly hangs: boolean;
  readonly where: RegExp;
  readonly todo?: RegExp;
}

const cases: Readonly<Record<string, Case>> = {
  'neither side knows it': {
    handler: MISSING,
    step: 'unknown',
    hangs: false,
    where: /^neither cluster knows/,
    todo: /retention/,
  },
  'nobody polls for it on A': {
    handler: MISSING,
    caller: onA({ queue: { name: 'bridge-queue', pollers: 0 } }, activity('StartWorkflowInRemote')),
    step: 'recorded on A',
    hangs: true,
    where: /^no bridge polls bridge-queue on A; the call has waited there for 1m1s$/,
    todo: /run --role caller/,
  },
  'the caller side takes it up': {
    handler: MISSING,
    caller: onA({}, activity('StartWorkflowInRemote', { isStarted: true })),
    step: 'recorded on A',
    hangs: false,
    where: /^the caller side is starting it/,
  },
  'B cannot be reached': {
    handler: MISSING,
    caller: onA(
      {},
      activity('StartWorkflowInRemote', failed('cluster-b cannot be reached', 'REMOTE_UNREACHABLE')),
    ),
    step: 'recorded on A',
    hangs: true,
    where: /could not start it on B in 3 attempts: cluster-b cannot be reached$/,
    todo: /tried again in 8s/,
  },
  'B has lost it': {
    handler: MISSING,
    caller: onA({}, activity('StartWorkflowInRemote', failed('running', 'REMOTE_RUNNING'))),
    step: 'unknown',
    hangs: true,
    where: /knows neither wrapper nor target/,
    todo: /OUTCOME_LOST/,
  },
  'B has forgotten it': {
    handler: MISSING,
    caller: onA({ outcome: { by: 'fallback', at: NOW } }),
    step: 'ended',
    hangs: false,
    where: /took its outcome by fallback/,
  },
  'B cannot be asked': {
    handler: { unavailable: 'cluster-b is away; do something' },
    caller: onA(),
    step: 'unknown',
    hangs: false,
    where: /^A recorded it 1m1s ago; B cannot be asked/,
    todo: /cluster-b is away/,
  },
  'no handler side polls': {
    handler: onB({
      wrapper: { ...WRAPPER, task: waitingTask },
      queue: { name: WRAPPER.taskQueue, pollers: 0 },
    }),
    step: 'wrapper waits',
    hangs: true,
    where: /^no worker polls bridge-handler-queue on B; the wrapper has waited for one for 30s$/,
    todo: /run --role handler/,
  },
  'the handler side fails the wrapper’s tasks': {
    handler: onB({ wrapper: { ...WRAPPER, task: { ...waitingTask, isStarted: true, attempt: 3 } } }),
    step: 'wrapper waits',
    hangs: true,
    where: /the wrapper fails its workflow task again and again \(attempt 3\)/,
    todo: /bridge-handler-queue/,
  },
  'the handler side does not admit it': {
    handler: onB({
      wrapper: {
        ...WRAPPER,
        pendingActivities: [activity('AdmitRemoteCall', failed('[SEAL_KEY_UNKNOWN] no key'))],
      },
    }),
    step: 'admission',
    hangs: true,
    where: /does not admit the call, in 3 attempts: \[SEAL_KEY_UNKNOWN\]/,
    todo: /BRIDGE_SEAL_VERIFY_KEYS/,
  },
  'the target is about to start': {
    handler: onB(),
    step: 'target starts',
    hangs: false,
    where: /has not started its target yet/,
  },
  'a stranger has the wrapper’s type': {
    handler: { found: { wrapper: WRAPPER } },
    step: 'target starts',
    hangs: false,
    where: /not started by a bridge/,
    todo: /who starts workflows of this type/,
  },
  'no worker takes the target': {
    handler: onB({ target: execution({ task: waitingTask }), queue: { name: 'q', pollers: 0 } }),
    step: 'target waits',
    hangs: true,
    where: /^no worker polls q on B; the target has waited for one for 30s$/,
    todo: /^start a worker of q on B that knows T/,
  },
  'the target’s workers are busy': {
    handler: onB({ target: execution({ task: waitingTask }), queue: { name: 'q', pollers: 2 } }),
    step: 'target waits',
    hangs: false,
    where: /for 30s; 2 poll it$/,
  },
  'the target fails its tasks': {
    handler: onB({ target: execution({ task: { ...waitingTask, isStarted: true, attempt: 7 } }) }),
    step: 'target runs',
    hangs: true,
    where: /the target fails its workflow task .*attempt 7/,
  },
  'the target retries an activity': {
    handler: onB({
      target: execution({
        pendingActivities: [activity('Charge'), activity('Ship', failed('no truck\u001b[2J'))],
      }),
    }),
    step: 'target runs',
    hangs: true,
    where: /^the target retries its activity Ship, 3 attempts: no truck\\u\{1b\}\[2J$/,
    todo: /the bridge has done its part/,
  },
  'the target works': {
    handler: onB({ target: execution({ pendingActivities: [activity('Charge')], pendingChildren: 2 }) }),
    step: 'target runs',
    hangs: false,
    where:
      /^the target has run for 1m and has 1 pending activity and 2 children; its outcome comes by signal$/,
  },
  'A cannot be signalled': {
    handler: onB({
      wrapper: {
        ...WRAPPER,
        pendingActivities: [activity('SendCompletion', failed('cluster-a cannot be reached'))],
      },
      target: ended,
    }),
    step: 'delivery',
    hangs: true,
    where: /outcome could not be sent to A in 3 attempts: cluster-a cannot be reached$/,
    todo: /doctor --role handler/,
  },
  'the outcome is being sent': {
    handler: onB({ target: ended }),
    step: 'delivery',
    hangs: false,
    where: /about to be sent/,
  },
  'A had the outcome before B was asked again': {
    handler: onB({ target: ended }),
    caller: onA({ outcome: { by: 'signal', at: NOW } }),
    step: 'ended',
    hangs: false,
    where: /got its outcome by signal/,
  },
  'it was delivered': {
    handler: onB({ wrapper: ended, report }),
    caller: onA({ outcome: { by: 'signal', at: NOW } }),
    step: 'ended',
    hangs: false,
    where: /^the caller got its outcome by signal$/,
  },
  'A cannot be asked whether it was delivered': {
    handler: onB({ wrapper: ended, report }),
    caller: { unavailable: 'no' },
    step: 'ended',
    hangs: false,
    where: /delivered by signal/,
  },
  'the caller’s own worker is gone': {
    handler: onB({ wrapper: ended, report }),
    caller: onA({ outcome: { by: 'signal', at: NOW }, queue: { name: 'orders', pollers: 0 } }),
    step: 'caller waits',
    hangs: true,
    where: /^A has the outcome, and no worker polls orders/,
    todo: /^start a worker of orders on A$/,
  },
  'the caller is gone': {
    handler: onB({
      wrapper: ended,
      report: { ...report, delivered: 'caller-gone', note: 'run x has closed' },
    }),
    step: 'ended',
    hangs: false,
    where: /^the caller is gone: run x has closed$/,
  },
  'the outcome is left to the fallback': {
    handler: onB({ wrapper: ended, report: { ...report, delivered: 'too-large', note: '3 MiB' } }),
    caller: onA({}, activity('StartWorkflowInRemote', failed('running', 'REMOTE_RUNNING'))),
    step: 'delivery',
    hangs: true,
    where: /^the outcome was not signalled \(too-large\): 3 MiB$/,
    todo: /^the fallback brings it in 8s$/,
  },
  'somebody terminated the wrapper': {
    handler: onB({ wrapper: execution({ status: 'terminated', closedAt: NOW }), target: execution() }),
    caller: onA(),
    step: 'target runs',
    hangs: true,
    where: /somebody ended the wrapper \(terminated\); the target still runs; no signal comes/,
    todo: /fallback brings it/,
  },
};

describe('diagnose', () => {
  for (const [what, { handler, caller = MISSING, step, hangs, where, todo }] of Object.entries(cases)) {
    it(`knows that ${what}`, () => {
      const found = diagnose({ handler, caller }, NOW);
      assert.deepEqual([found.step, found.hangs], [step, hangs], found.where);
      assert.match(found.where, where);
      if (todo) assert.match(found.todo, todo);
      if (hangs) assert.notEqual(found.todo, '', 'what hangs has a remedy');
    });
  }
});

describe('links of a call', () => {
  const call: CallView = {
    callId: FACTS.callId,
    wrapperWorkflowId: 'bridge-call-x',
    handler: onB(),
    caller: MISSING,
  };

  it('are there for the UIs that the settings name, with ids as one part of a path', () => {
    const config = resolveConfig({ BRIDGE_DEV: 'true', CLUSTER_A_UI: 'http://a', CLUSTER_B_UI: 'http://b' });
    const odd = { ...FACTS, caller: { ...FACTS.caller, workflowId: 'a/../b?c#d' } };
    const links = linksOf({ ...call, handler: onB({ facts: odd }) }, config, 'cluster-b');
    assert.equal(links.caller, 'http://a/namespaces/n/workflows/a%2F..%2Fb%3Fc%23d/cr/history');
    assert.equal(links.wrapper, 'http://b/namespaces/default/workflows/w/r/history');
    assert.equal(links.target, 'http://b/namespaces/default/workflows/t');
    assert.equal(links.trace, null);
  });

  it('are not there for clusters that the settings have no UI of', () => {
    const config = resolveConfig({ BRIDGE_DEV: 'true', CLUSTER_B_UI: 'http://b' });
    assert.equal(linksOf(call, config, 'another').wrapper, null);
  });

  it('name the trace that was recorded, else the one made of the call id', () => {
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    assert.deepEqual(traceOf({ ...call, handler: onB({ facts: { ...FACTS, traceId } }) }), {
      traceId,
      isRecorded: true,
    });
    assert.deepEqual(traceOf(call), { traceId: 'ab'.repeat(16), isRecorded: false });
  });
});
