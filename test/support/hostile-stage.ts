/** A bridge of two processes that is handed hostile input, and what must be true of it afterwards. */
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import type { BridgeProcess } from './bridge-process.js';
import type { TestSide } from './harness.js';
import { eventually, listExecutions, taskTroubles } from './inspect.js';
import { scrape } from './prometheus.js';
import type { Stage } from './stage.js';
import { openStage } from './stage.js';
import type { ForgedCall, ForgedEnd } from './workflows/hostile-callers.js';

/** Bytes of one log line, its end included. */
export const MAX_LINE_BYTES = 1024;

/** Controls, and what turns or hides text. */
const UNPRINTABLE = /[\p{Cc}\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/u;

/** Path of the callers that write their envelopes by hand. */
export const HOSTILE_CALLERS = fileURLToPath(new URL('./workflows/hostile-callers.ts', import.meta.url));

/** A stage with a process for each role. */
export interface HostileStage {
  readonly stage: Stage;
  readonly caller: BridgeProcess;
  readonly handler: BridgeProcess;
  /** Makes a forged call and says how its activity ended. */
  forge(call: ForgedCall): Promise<ForgedEnd>;
  /** Sum of a counter over both processes. */
  count(name: string, labels: Readonly<Record<string, string>>): Promise<number>;
  /** Log lines of both processes with such a message. */
  lines(message: RegExp): number;
  /**
   * Closes the stage. Before, neither cluster has a workflow task that went wrong, both processes live, and each log line
   * is short enough and has nothing that a terminal would not show.
   */
  closeSound(): Promise<void>;
}

/** Opens a stage for hostile input, with these settings beside the clusters' own. */
export async function openHostileStage(env: Readonly<Record<string, string>> = {}): Promise<HostileStage> {
  const stage = await openStage();
  const { a, b } = stage.clusters;
  const [caller, handler] = await Promise.all([
    stage.bridgeProcess('caller', env),
    stage.bridgeProcess('handler', env),
    stage.targets(),
    stage.libraryCallers({ workflowsPath: HOSTILE_CALLERS }),
  ]);
  const processes = [caller, handler];
  const assertSound = async (): Promise<void> => {
    for (const side of [a, b]) assert.deepEqual(await troublesOf(side), []);
    for (const { pid, logs } of processes) {
      assert.doesNotThrow(() => process.kill(pid, 0), 'the process lives');
      for (const line of logs) {
        assert.notEqual(line.level, 'raw', `no JSON: ${line.msg}`);
        assert.ok(Buffer.byteLength(JSON.stringify(line)) < MAX_LINE_BYTES, JSON.stringify(line));
        assert.doesNotMatch(Object.values(line).join(' '), UNPRINTABLE, JSON.stringify(line));
      }
    }
  };
  return {
    stage,
    caller,
    handler,
    forge: async (call) => (await (await stage.start('ForgeCall', call)).result()) as ForgedEnd,
    count: async (name, labels) => {
      const found = await Promise.all(processes.map(scrape));
      return found.reduce((sum, one) => sum + (one.sum(name, labels) ?? 0), 0);
    },
    lines: (message) =>
      processes.reduce((sum, { logs }) => sum + logs.filter(({ msg }) => message.test(msg)).length, 0),
    closeSound: async () => {
      try {
        await assertSound();
      } finally {
        await stage.close();
      }
    },
  };
}

/** What the SDK's worker finds on each object in a target's place: what it makes of that is its own. */
export const ON_EACH_OBJECT: readonly string[] = Object.getOwnPropertyNames(Object.prototype);

/** Each workflow task of a cluster that failed or timed out, in words; those of executions that still run count, too. */
async function troublesOf(side: TestSide): Promise<string[]> {
  const found = await eventually('the executions are listed', () => listExecutions(side, ''));
  const troubles = await Promise.all(
    found
      .filter(({ type }) => !ON_EACH_OBJECT.includes(type))
      .map(async ({ type, workflowId, runId }) => {
        const handle = side.client.workflow.getHandle(workflowId, runId);
        return (await taskTroubles(handle)).map((trouble) => `${type} ${workflowId}: ${trouble}`);
      }),
  );
  return troubles.flat();
}
