import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { runCommand } from '../stack/run-command.js';

/** The call, as it is typed. */
export const ARTICLE_ARGS: readonly string[] = [
  'workflow',
  'start',
  '--task-queue',
  'bridge-queue',
  '--type',
  'CrossClusterWorkflow',
  '--input',
  '{"WorkflowType":"FulfillmentWorkflow","TaskQueue":"fulfillment-queue","Input":"eyJvcmRlcklEIjoiMTIzIn0="}',
];

/** The command as one types it into a shell. */
export function articleCommandLines(port: number): string[] {
  const input = ARTICLE_ARGS.at(-1) ?? '';
  return [
    `$ export TEMPORAL_ADDRESS=localhost:${port}`,
    `$ temporal ${ARTICLE_ARGS.slice(0, -2).join(' ')} \\`,
    `    --input '${input}'`,
  ];
}

/** The execution that a command has started. */
export interface StartedExecution {
  readonly workflowId: string;
  readonly runId: string;
}

/**
 * Types the command: runs the Temporal CLI with exactly these arguments.
 *
 * @throws {Error} with what the CLI said, if it started nothing
 */
export async function typeArticleCommand(cli: string, address: string): Promise<StartedExecution> {
  const home = await mkdtemp(join(tmpdir(), 'temporal-bridge-'));
  try {
    const env = { PATH: process.env['PATH'], HOME: home, TEMPORAL_ADDRESS: address, NO_COLOR: '1' };
    const run = await runCommand(cli, ARTICLE_ARGS, { env, timeoutMs: 15_000 });
    const workflowId = /^\s*WorkflowId\s+(\S+)\s*$/m.exec(run.stdout)?.[1];
    const runId = /^\s*RunId\s+(\S+)\s*$/m.exec(run.stdout)?.[1];
    if (!run.ok || workflowId === undefined || runId === undefined) {
      throw new Error(`the Temporal CLI started nothing: ${run.problem || run.stdout}`);
    }
    return { workflowId, runId };
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

/** Sends what the Temporal CLI sends for this command, without it. */
export async function sendArticleRequest(client: Client): Promise<StartedExecution> {
  const option = (name: string): string => ARTICLE_ARGS[ARTICLE_ARGS.indexOf(name) + 1] ?? '';
  const handle = await client.workflow.start(option('--type'), {
    taskQueue: option('--task-queue'),
    workflowId: randomUUID(),
    args: [JSON.parse(option('--input'))],
  });
  return { workflowId: handle.workflowId, runId: handle.firstExecutionRunId };
}
