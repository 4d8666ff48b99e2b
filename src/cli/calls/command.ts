/** `temporal-bridge calls list|show|watch`: arguments and help; what they read and print is in the files next to it. */
import { printableJson } from '../../shared/escape.js';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { parseDurationMs } from '../../shared/duration.js';
import type { ResolvedConfig } from '../../bridge/config/resolve.js';
import { EXIT, type CliIo } from '../io.js';
import { overridesOf, withSettingOptions, type SettingOptions } from '../setting-options.js';
import { columnsOf, paletteFor, safe } from '../text.js';
import { viewerConfig } from '../viewer-config.js';
import type { CallList, ListFilter } from './list.js';
import type { Round } from './watch.js';
import type { CallClusters, WrapperMemory } from './read-call.js';

const MAX_LIMIT = 500;
const DEFAULT_LIMIT = 20;
const DEFAULT_WATCH_LIMIT = 10;
const MIN_INTERVAL_MS = 500;
/** Longer than anybody watches, and well below what a timer can hold. */
const MAX_INTERVAL_MS = 3_600_000;

interface CallsOptions extends SettingOptions {
  readonly cluster?: string;
  readonly json?: true;
}

interface ListOptions extends CallsOptions {
  readonly open?: true;
  readonly closed?: true;
  readonly limit: number;
  readonly caller?: string;
}

/** Adds the commands. */
export function registerCalls(program: Command, io: CliIo, done: (exitCode: number) => void): void {
  const calls = program
    .command('calls')
    .description('Look at calls: which there are, how they stand, where they hang')
    .helpCommand(false)
    .addHelpText('after', CALLS_HELP);

  withListOptions(calls.command('list'), DEFAULT_LIMIT)
    .description('Open and recent calls, open ones first, each newest first')
    .addHelpText('after', LIST_HELP)
    .action(async (options: ListOptions) => {
      done(await list(io, options));
    });

  withViewOptions(calls.command('show'))
    .description('One call on both clusters: where it is, or hangs, and what to do')
    .argument('<id>', 'call id or its beginning; or workflow id of the caller, the wrapper or the target')
    .addHelpText('after', SHOW_HELP)
    .action(async (id: string, options: CallsOptions) => {
      done(await show(io, id, options));
    });

  withListOptions(calls.command('watch'), DEFAULT_WATCH_LIMIT)
    .description('The same as a live view; not on a terminal: a line for each change. Ctrl-C ends it')
    .argument('[id]', 'watch this call alone, until it ends')
    .addOption(
      new Option('--interval <duration>', 'time between two looks')
        .argParser(intervalOf)
        .default(2_000, '2s'),
    )
    .addHelpText('after', WATCH_HELP)
    .action(async (id: string | undefined, options: ListOptions & { interval: number }) => {
      done(await watch(io, id, options));
    });
}

function withViewOptions(command: Command): Command {
  return withSettingOptions(command)
    .option('--cluster <name>', 'handler cluster to look at (default: B)')
    .option('--json', 'print JSON');
}

function withListOptions(command: Command, limit: number): Command {
  return withViewOptions(command)
    .addOption(new Option('--open', 'open calls only').conflicts('closed'))
    .addOption(new Option('--closed', 'closed calls only').conflicts('open'))
    .addOption(
      new Option('--limit <number>', `most calls to show, ${String(MAX_LIMIT)} at most`)
        .argParser(limitOf)
        .default(limit),
    )
    .option('--caller <id>', 'calls of this workflow on A only, also those that B knows nothing of');
}

function limitOf(text: string): number {
  const limit = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= MAX_LIMIT) return limit;
  throw new InvalidArgumentError(`Expected a whole number from 1 to ${String(MAX_LIMIT)}.`);
}

function intervalOf(text: string): number {
  let ms = 0;
  try {
    ms = parseDurationMs(text);
  } catch {
    // said below
  }
  if (ms >= MIN_INTERVAL_MS && ms <= MAX_INTERVAL_MS) return ms;
  throw new InvalidArgumentError('Expected a duration from 500ms to 1h, such as 2s.');
}

/** What a command looks with; closed when it is done. */
interface Viewer {
  readonly config: ResolvedConfig;
  readonly clusters: CallClusters;
  readonly memory: WrapperMemory;
}

/** Opens the clusters of the settings. The Temporal SDK takes its time: nothing of it is loaded before. */
async function withViewer<R>(
  io: CliIo,
  options: CallsOptions,
  use: (viewer: Viewer) => Promise<R>,
): Promise<R> {
  const config = viewerConfig(io.env, overridesOf(options));
  const { callerClustersOf, handlerClusterNamed } = await import('../named-clusters.js');
  const handlerCluster = handlerClusterNamed(config, options.cluster);
  const { openReader } = await import('../cluster-reader.js');
  const { WrapperMemory: Memory } = await import('./read-call.js');
  const handler = openReader(handlerCluster, config.rpcTimeoutMs);
  const callers = callerClustersOf(config).map((cluster) => openReader(cluster, config.rpcTimeoutMs));
  try {
    const { clockSkewMs } = config;
    return await use({ config, clusters: { handler, callers, clockSkewMs }, memory: new Memory() });
  } finally {
    await Promise.all([handler, ...callers].map((reader) => reader.close()));
  }
}

function filterOf({ open, closed, limit, caller }: ListOptions): ListFilter {
  return {
    state: open === true ? 'open' : closed === true ? 'closed' : 'all',
    limit,
    ...(caller === undefined ? {} : { caller }),
  };
}

async function list(io: CliIo, options: ListOptions): Promise<number> {
  return withViewer(io, options, async ({ config, clusters, memory }) => {
    const { readList } = await import('./list.js');
    const found = await readList(clusters, filterOf(options), config.callerTaskQueue, memory);
    if (options.json) {
      io.stdout.write(`${printableJson(found, 2)}\n`);
      return EXIT.ok;
    }
    const lines = await listLines(io, found, options.limit);
    io.stdout.write(`${lines.join('\n')}\n`);
    return EXIT.ok;
  });
}

async function listLines(
  { stdout }: Pick<CliIo, 'stdout'>,
  found: CallList,
  limit: number,
): Promise<string[]> {
  const { callTable, hangingLines } = await import('./call-row.js');
  const palette = paletteFor(stdout);
  const { calls, openInAll, notes } = found;
  const hanging = hangingLines(calls, palette);
  const inAll = openInAll === undefined ? '' : `; ${openInAll} open in all`;
  const more = calls.length >= limit ? ', --limit shows more' : '';
  return [
    ...callTable(calls, columnsOf(stdout), palette),
    ...(hanging.length > 0 ? ['', ...hanging] : []),
    ...(notes.length > 0 ? ['', ...notes.map((note) => `${palette.yellow('!')} ${safe(note, 500)}`)] : []),
    '',
    palette.dim(`${calls.length} shown${more}${inAll}`),
  ];
}

async function show(io: CliIo, id: string, options: CallsOptions): Promise<number> {
  return withViewer(io, options, async ({ config, clusters, memory }) => {
    const [{ findCall }, { readCall }, { concludeCall, shownAsJson, shownLines }] = await Promise.all([
      import('./find-call.js'),
      import('./read-call.js'),
      import('./show.js'),
    ]);
    const call = await readCall(clusters, await findCall(clusters, id), memory);
    const shown = concludeCall(call, config, clusters.handler.cluster);
    io.stdout.write(
      options.json
        ? `${printableJson(shownAsJson(shown), 2)}\n`
        : `${shownLines(shown, paletteFor(io.stdout)).join('\n')}\n`,
    );
    return shown.status === 'unknown' ? EXIT.failed : EXIT.ok;
  });
}

async function watch(
  io: CliIo,
  id: string | undefined,
  options: ListOptions & { readonly interval: number },
): Promise<number> {
  return withViewer(io, options, async (viewer) => {
    const { watchCalls } = await import('./watch.js');
    const seconds = options.interval / 1000;
    const what = id === undefined ? `the ${options.limit} newest calls` : `call ${safe(id, 80)}`;
    const look = id === undefined ? lookAtList(io, viewer, options) : await lookAtOne(viewer, id);
    return watchCalls(io, look, {
      intervalMs: options.interval,
      json: options.json === true,
      title: `${what}, every ${seconds} s by reads of both clusters; Ctrl-C ends it`,
    });
  });
}

function lookAtList(
  io: CliIo,
  { config, clusters, memory }: Viewer,
  options: ListOptions,
): () => Promise<Round> {
  return async () => {
    const { readList } = await import('./list.js');
    const found = await readList(clusters, filterOf(options), config.callerTaskQueue, memory);
    return {
      lines: await listLines(io, found, options.limit),
      calls: found.calls.map((row) => ({
        callId: row.callId,
        state: `${row.status} ${row.step} ${String(row.hangs)}`,
        line: [
          row.closedAt === null ? row.step : safe(row.status, 40),
          safe(row.target?.workflowType ?? '-', 80),
          ...(row.hangs ? [row.where] : []),
        ].join('  '),
        json: { ...row },
      })),
      isOver: false,
    };
  };
}

async function lookAtOne(
  { config, clusters, memory }: Viewer,
  id: string,
): Promise<(palette: ReturnType<typeof paletteFor>) => Promise<Round>> {
  const [{ findCall }, { readCall }, { concludeCall, shownAsJson, shownLines }] = await Promise.all([
    import('./find-call.js'),
    import('./read-call.js'),
    import('./show.js'),
  ]);
  const ref = await findCall(clusters, id);
  return async (palette) => {
    const call = await readCall(clusters, ref, memory);
    const shown = concludeCall(call, config, clusters.handler.cluster);
    const { status, diagnosis } = shown;
    const step = diagnosis.step === 'ended' ? safe(status, 40) : diagnosis.step;
    return {
      lines: shownLines(shown, palette),
      calls: [
        {
          callId: call.callId,
          state: `${status} ${diagnosis.step} ${String(diagnosis.hangs)}`,
          line: `${step}  ${diagnosis.where}`,
          json: shownAsJson(shown),
        },
      ],
      isOver: diagnosis.step === 'ended',
    };
  };
}

const CALLS_HELP = `
Examples:
  temporal-bridge calls list --open            open calls, and which of them hang
  temporal-bridge calls list --caller order-1  the calls of one workflow on A, also those that have not reached B
  temporal-bridge calls show 021b8f114a86      where one call is: by the beginning of its call id
  temporal-bridge calls show order-1           by the workflow that made it; by wrapper or target, too
  temporal-bridge calls watch                  a live view

No keys are needed or read, and no payload is ever printed. What this host may not see is said in its place.
Set CLUSTER_A_UI, CLUSTER_B_UI and BRIDGE_JAEGER_UI to have links to the web UIs and the trace.
`;

const LIST_HELP = `
Reads visibility of the handler cluster, which may lag some seconds behind, and then only the calls that are shown.
A call that has not reached B is not in visibility there: ask for it by --caller, or by "calls show".
Exit status: 0 listed, 1 a cluster could not be asked, 2 settings or arguments refused.
`;

const SHOW_HELP = `
Several calls may be meant by one id (a workflow can make many): then they are listed, to be named by their call ids.
Exit status: 0 shown, 1 no such call, several, or a cluster could not be asked, 2 settings or arguments refused.
`;

const WATCH_HELP = `
Each look reads visibility once, and of both clusters only the calls that are shown. A cluster that is away is told,
and asked again. With --json a line for each change: a JSON object with "at" and what list or show print.
Exit status: 0 after Ctrl-C or the end of the call, 1 no such call, 2 settings or arguments refused.
`;
