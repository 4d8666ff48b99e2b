/** `temporal-bridge call`: arguments, help, output and exit status; making the call is in the files next to it. */
import { printableJson } from '../../shared/escape.js';
import type { Command } from 'commander';
import { listenForInterrupt } from '../interrupt.js';
import { EXIT, type CliIo } from '../io.js';
import { overridesOf, withSettingOptions, type SettingOptions } from '../setting-options.js';
import { safe } from '../text.js';
import { viewerConfig } from '../viewer-config.js';
import type { CallEnd, MadeCaller } from './call.js';
import type { ProgressView } from './progress.js';

interface CallOptions extends SettingOptions {
  readonly taskQueue: string;
  readonly workflowId?: string;
  readonly targetId?: string;
  readonly timeout: string;
  readonly key?: string;
  readonly scope: string;
  readonly cluster?: string;
  readonly json?: true;
  readonly detach?: true;
}

/** Adds the command. */
export function registerCall(program: Command, io: CliIo, done: (exitCode: number) => void): void {
  withSettingOptions(program.command('call'))
    .description('Make a call by hand, show its progress, and print its result')
    .argument('<workflowType>', 'type of the workflow on B')
    .argument('[args...]', 'its arguments, each as JSON')
    .requiredOption('-t, --task-queue <queue>', 'task queue of the workflow on B')
    .option('--workflow-id <id>', 'id of the caller workflow on A (default: call- and a random UUID)')
    .option('--target-id <id>', 'id of the workflow on B (default: made of the call)')
    .option('--timeout <duration>', 'time-out of the call, such as 90s or 2h', '1h')
    .option('--key <key>', 'names the call within its scope (default: what is asked for)')
    .option('--scope <scope>', 'what the key is unique in: run, chain or workflow-id', 'run')
    .option('--cluster <name>', 'handler cluster to call (default: B)')
    .option('--detach', 'do not wait: print the id of the caller workflow on A, and end')
    .option('--json', 'print one JSON document at the end')
    .addHelpText('after', CALL_HELP)
    .action(async (workflowType: string, args: string[], options: CallOptions) => {
      done(await call(io, workflowType, args, options));
    });
}

async function call(
  io: CliIo,
  workflowType: string,
  args: readonly string[],
  options: CallOptions,
): Promise<number> {
  const config = viewerConfig(io.env, overridesOf(options));
  const { taskQueue, timeout, key, scope, targetId, cluster, workflowId } = options;
  const [{ requestOf }, { callerClustersOf, handlerClusterNamed }] = await Promise.all([
    import('./request.js'),
    import('../named-clusters.js'),
  ]);
  const handlerCluster = handlerClusterNamed(config, cluster);
  const request = requestOf({
    workflowType,
    args,
    taskQueue,
    timeout,
    scope,
    ...(key === undefined ? {} : { key }),
    ...(targetId === undefined ? {} : { targetId }),
    ...(cluster === undefined ? {} : { cluster }),
  });
  const [{ openReader }, { startCall, followCall }, { openProgress }] = await Promise.all([
    import('../cluster-reader.js'),
    import('./call.js'),
    import('./progress.js'),
  ]);
  const { clockSkewMs, rpcTimeoutMs, callerTaskQueue: bridgeQueue } = config;
  const a = openReader(callerClustersOf(config)[0], rpcTimeoutMs);
  const handler = openReader(handlerCluster, rpcTimeoutMs);
  const interrupt = listenForInterrupt(io);
  try {
    const caller = await startCall(a, request, {
      bridgeQueue,
      ...(workflowId === undefined ? {} : { workflowId }),
    });
    if (options.detach) return await detached(io, caller, options);
    const progress = openProgress(io);
    let followed: Awaited<ReturnType<typeof followCall>>;
    try {
      followed = await followCall({ handler, callers: [a], clockSkewMs }, caller, progress, interrupt.signal);
    } finally {
      progress.done();
    }
    const { address, namespace } = config.callerCluster;
    return await tell(io, options, { ...followed, caller, progress, address, namespace });
  } finally {
    interrupt.dispose();
    await Promise.all([a.close(), handler.close()]);
  }
}

async function detached(io: CliIo, caller: MadeCaller, { json }: CallOptions): Promise<number> {
  io.stderr.write(`The call was made; see "temporal-bridge calls show ${safe(caller.workflowId)}".\n`);
  io.stdout.write(
    json ? `${printableJson({ status: 'made', caller }, 2)}\n` : `${safe(caller.workflowId)}\n`,
  );
  return EXIT.ok;
}

async function tell(
  io: CliIo,
  { json }: CallOptions,
  told: {
    readonly end: CallEnd;
    readonly callId: string | undefined;
    readonly caller: MadeCaller;
    readonly progress: ProgressView;
    readonly address: string;
    readonly namespace: string;
  },
): Promise<number> {
  const { end, callId, caller, progress, address, namespace } = told;
  const { failureLines } = await import('./failure-lines.js');
  if (json) {
    const steps = progress.made.map(({ step, at }) => ({ step, at: new Date(at).toISOString() }));
    io.stdout.write(`${printableJson({ callId: callId ?? null, caller, ...end, steps }, 2)}\n`);
  }
  switch (end.status) {
    case 'completed':
      if (!json) io.stdout.write(`${printableJson(end.result, 2)}\n`);
      return EXIT.ok;
    case 'running':
      io.stderr.write(`${goesOn(callId, caller, address, namespace)}\n`);
      return EXIT.interrupted;
    case 'failed':
    case 'canceled':
    case 'terminated':
    case 'timed_out':
      io.stderr.write(`${failureLines(end.status, end.failure).join('\n')}\n`);
      return EXIT.failed;
  }
}

function goesOn(
  callId: string | undefined,
  { workflowId }: MadeCaller,
  address: string,
  namespace: string,
): string {
  const id = safe(workflowId);
  return [
    'The call goes on without being watched.',
    `  watch it:   temporal-bridge calls watch ${callId ?? id}`,
    `  cancel it:  temporal workflow cancel --address ${address} --namespace ${safe(namespace)} --workflow-id ${id}`,
  ].join('\n');
}

const CALL_HELP = `
Starts the bridge's own CrossClusterWorkflow on A, which makes the call; any SDK could do the same. The result goes to
the standard output as JSON, progress and failures to the error output: live on a terminal, else a line for each step.

Examples:
  temporal-bridge call EchoWorkflow '"hi"' --task-queue echo-queue
  temporal-bridge call FulfillmentWorkflow '{"orderID":"123"}' -t fulfillment-queue --timeout 10m --json
  temporal-bridge call ReportWorkflow -t report-queue --detach

Whole numbers beyond 2^53 lose digits: give them as texts. No keys are needed: the bridge seals the call.
Exit status: 0 completed (or made, with --detach), 1 it failed, nobody polls or a cluster is away, 2 settings or
arguments refused, 130 Ctrl-C: the call goes on.
`;
