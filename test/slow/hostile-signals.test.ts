/** Six hundred completion signals of another SDK's client, none of them a bridge's, to one caller that waits. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runCommand } from '../../scripts/stack/run-command.js';
import { requestFor, startCrossCluster } from '../support/harness.js';
import { openHostileStage } from '../support/hostile-stage.js';
import { eventually, remoteOf, whenTaken } from '../support/inspect.js';
import { pythonWithSdk } from '../support/python-sdk.js';

const SIGNALS = 600;
const SCRIPT = fileURLToPath(new URL('../support/python/hostile_signals.py', import.meta.url));

test(
  'a caller that gets 600 signals of no bridge from the Python SDK ends with its own answer',
  { timeout: 9 * 60_000 },
  async (t) => {
    const interpreter = await pythonWithSdk();
    if (!interpreter) {
      t.skip('no python3 with venv on this machine');
      return;
    }
    const hostile = await openHostileStage();
    t.after(() => hostile.closeSound());
    const { a, b } = hostile.stage.clusters;
    const caller = await startCrossCluster(hostile.stage.clusters, requestFor('Gate'));
    const { target } = await eventually('its target runs', () =>
      remoteOf(b, caller.workflowId).catch(() => undefined),
    );
    const linesBefore = hostile.caller.logs.length + hostile.handler.logs.length;
    const run = await runCommand(
      interpreter,
      [SCRIPT, a.address, a.namespace, caller.workflowId, String(SIGNALS)],
      { timeoutMs: 3 * 60_000 },
    );
    assert.ok(run.ok, `${run.problem}\n${run.stderr}`);
    const { unknown = 0, ...unreadable } = JSON.parse(run.stdout) as Record<string, number>;
    const unreadableSent = Object.values(unreadable).reduce((sum, n) => sum + n, 0);
    assert.equal(unknown + unreadableSent, SIGNALS);
    await whenTaken(caller, SIGNALS);

    await target.signal('open', 'its own answer');
    const { result } = (await caller.result()) as { result: unknown };
    assert.equal(result, 'its own answer');

    await eventually('all are logged', () => hostile.lines(/^Completion (?:dropped|kept): /) >= SIGNALS);
    const count = (reason: string) => hostile.count('bridge_inputs_refused', { reason });
    // Above 100 signals in one workflow task the server takes the task back: what it had told is told again.
    const { events = [] } = await caller.fetchHistory();
    const tasks = 1 + (events ?? []).filter((event) => event.workflowTaskFailedEventAttributes).length;
    const between = (n: number, sent: number) => assert.ok(n >= sent && n <= sent * tasks, `${n} of ${sent}`);
    between(await count('signal-unreadable'), unreadableSent);
    between(await count('signal-not-awaited'), unknown);
    const told = hostile.lines(/^Completion (?:dropped|kept): /);
    between(told, SIGNALS);
    const others = hostile.caller.logs.length + hostile.handler.logs.length - linesBefore - told;
    assert.ok(others < 50, `${others} other lines`);
    // Each signal is one event; three more for a workflow task, of which many signals share one.
    const total = (events ?? []).length;
    assert.ok(total <= SIGNALS * 2, `${total} events`);
    t.diagnostic(`${total} events, ${tasks} tries, ${told} lines, ${others} others`);
  },
);
