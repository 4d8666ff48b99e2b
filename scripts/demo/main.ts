/** `make demo`: two Temporal clusters, the bridge between them, four calls, and what happened in each. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDir } from '../stack/paths.js';
import { findTemporalCli } from '../stack/temporal-cli.js';
import { hintForTakenPorts } from './background.js';
import { viewCluster } from './cluster-view.js';
import { jaegerHere } from './jaeger-here.js';
import { workflowsPage } from './links.js';
import { assertDemoPortsFree, readDemoPorts, type DemoPorts } from './ports.js';
import { runInScope, untilCtrlC, type Scope } from '../stack/scope.js';
import { createScreen, inWords, type Screen } from './screen.js';
import { runCalls } from './run-calls.js';
import { showSummary } from './show-summary.js';
import { shortPath, showStack, startStack } from './start-stack.js';
import { brokenPart } from './stack.js';
import { startTraceReceiver } from './trace-receiver.js';
import { drawTrace } from './trace-svg.js';
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
  const picture = process.env['DEMO_TRACE_SVG'] ?? '';
  const calls = runCalls(scope, screen, {
    context: { a, b, cli, addressA: stack.a.address, portA: ports.a.grpc },
    ports,
    traces: receiver,
    tracePage: jaeger?.tracePage,
    onTrace: async (trace, title) => {
      if (picture !== '') await writeFile(picture, drawTrace(trace, title));
    },
  });
  const rows = await Promise.race([calls, broken]).catch((error: unknown) => {
    throw new Error(`The bridge's log: ${shortPath(stack.bridge.logFile)}`, { cause: error });
  });
  screen.line();
  showSummary(rows, screen);
  screen.prose(
    `All of it took ${inWords(Date.now() - beganAt)}. The bridge's log: ${shortPath(stack.bridge.logFile)}`,
  );
  if (screen.isTty && process.stdin.isTTY) await keepUp(scope, ports, screen, broken);
  return 0;
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
