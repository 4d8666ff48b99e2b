/** `make demo`: two Temporal clusters, the bridge between them, four calls, and what happened in each. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDir } from '../stack/paths.js';
import { findTemporalCli } from '../stack/temporal-cli.js';
import { hintForTakenPorts } from './background.js';
import { DEMO_CALLS, type CallContext, type DemoCall } from './calls.js';
import { viewCluster } from './cluster-view.js';
import { jaegerHere } from './jaeger-here.js';
import { workflowsPage } from './links.js';
import { makeCall, readMeter } from './make-call.js';
import { assertDemoPortsFree, readDemoPorts, type DemoPorts } from './ports.js';
import { runInScope, untilCtrlC, type Scope } from '../stack/scope.js';
import { createScreen, inWords, type Screen } from './screen.js';
import { showCall } from './show-call.js';
import { showSummary, type CallRow } from './show-summary.js';
import { shortPath, showStack, startStack } from './start-stack.js';
import { brokenPart } from './stack.js';
import { startTraceReceiver } from './trace-receiver.js';
import { drawTrace } from './trace-svg.js';
import { showTrace, traceOf } from './trace-tree.js';
import { startUserTracing } from './user-tracing.js';

const LOG_FOLDER = join(cacheDir, 'demo');

async function demo(scope: Scope): Promise<number> {
  const beganAt = Date.now();
  const screen = createScreen();
  const { paint } = screen;
  screen.line(paint.bold('Two Temporal clusters, a bridge between them, four calls'));
  screen.line();
  const ports = readDemoPorts(process.env);
  await assertDemoPortsFree(ports, await hintForTakenPorts());
  const cli = await scope.orInterrupted(
    findTemporalCli({ log: (line) => screen.prose(paint.dim(line), '  ') }),
  );
  const jaeger = await jaegerHere(scope, screen);
  const receiver = await startTraceReceiver(scope, jaeger?.otlpUrl);
  const tracing = startUserTracing(receiver.otlpUrl);
  scope.defer(() => tracing.stop());
  const stack = await startStack(scope, screen, cli, ports, {
    folder: LOG_FOLDER,
    otlpUrl: receiver.otlpUrl,
  });
  showStack(stack, ports, screen);
  screen.prose(
    'The two clusters share nothing: a server, a database and workers each. The bridge is a process between them, ' +
      'a client of both. All that follows is read from their histories and metrics.',
  );

  const broken = brokenPart([stack.a, stack.b], [stack.bridge, stack.workers]);
  const [a, b] = await Promise.all([
    viewCluster(stack.a, [tracing.plugin('customer', 'cluster-a')]),
    viewCluster(stack.b),
  ]);
  scope.defer(() => Promise.all([a.close(), b.close()]));
  const context: CallContext = { a, b, cli, addressA: stack.a.address, portA: ports.a.grpc };
  const rows: CallRow[] = [];
  let meter = await scope.orInterrupted(readMeter(a, b));
  for (const [index, call] of DEMO_CALLS.entries()) {
    announce(index + 1, call, context, screen);
    const made = await Promise.race([
      scope.orInterrupted(makeCall(call, context, meter, screen)),
      broken,
    ]).catch((error: unknown) => {
      throw withLog(`Call ${index + 1} did not end as it should.`, error, stack.bridge.logFile);
    });
    showCall(made, ports, screen);
    if (call.showsTrace) {
      const found = await scope.orInterrupted(traceOf(receiver, made.story));
      showTrace(found, jaeger?.tracePage(found.id), screen);
      const picture = process.env['DEMO_TRACE_SVG'] ?? '';
      if (picture !== '') await writeFile(picture, drawTrace(found, call.title));
    }
    const problem = call.problem(made.story);
    if (problem !== undefined) {
      throw withLog(`Call ${index + 1} did not end as it should.`, problem, stack.bridge.logFile);
    }
    rows.push({ call, made });
    meter = made.meter;
  }
  screen.line();
  showSummary(rows, screen);
  screen.prose(
    `All of it took ${inWords(Date.now() - beganAt)}. The bridge's log: ${shortPath(stack.bridge.logFile)}`,
  );
  if (screen.isTty && process.stdin.isTTY) await keepUp(scope, ports, screen, broken);
  return 0;
}

function announce(
  number: number,
  { title, intro, source }: DemoCall,
  context: CallContext,
  screen: Screen,
): void {
  screen.line();
  screen.line(screen.paint.bold(`${number}. ${title}`));
  screen.prose(intro, '   ');
  screen.line();
  for (const line of source(context)) screen.line(`   ${screen.paint.yellow(line)}`);
  screen.line();
}

function withLog(what: string, cause: unknown, logFile: string): Error {
  return new Error(`${what} The bridge's log: ${shortPath(logFile)}`, { cause });
}

/** Keeps the clusters for the printed links until Enter or Ctrl-C. */
async function keepUp(scope: Scope, ports: DemoPorts, screen: Screen, broken: Promise<never>): Promise<void> {
  screen.line();
  screen.line('Both clusters stay up, for a look at the workflows:');
  screen.line(`  A  ${screen.paint.underline(workflowsPage(ports.a.ui))}`);
  screen.line(`  B  ${screen.paint.underline(workflowsPage(ports.b.ui))}`);
  screen.line(screen.paint.bold('Press Enter to stop them.'));
  const enter = new Promise<void>((resolve) => {
    for (const event of ['data', 'end', 'error']) process.stdin.once(event, () => resolve());
  });
  process.stdin.resume();
  await untilCtrlC(scope, Promise.race([enter, broken]));
}

await runInScope(demo);
