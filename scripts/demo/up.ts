/** `make up`: two clusters, the bridge and the demo's workers, for typing commands by hand, until Ctrl-C. */
import { readFile } from 'node:fs/promises';
import { findTemporalCli } from '../stack/temporal-cli.js';
import { articleCommandLines } from './article-call.js';
import { announcePart, hintForTakenPorts, STACK_FOLDER } from './background.js';
import { jaegerHere, type JaegerHere } from './jaeger-here.js';
import { webAddress, workflowsPage } from './links.js';
import { FULFILLMENT_QUEUE, ORDER_QUEUE } from './names.js';
import { assertDemoPortsFree, readDemoPorts, type DemoPorts } from './ports.js';
import { runInScope, untilCtrlC } from '../stack/scope.js';
import { createScreen, type Screen } from './screen.js';
import { brokenPart } from './stack.js';
import { shortPath, showStack, startStack } from './start-stack.js';

await runInScope(async (scope) => {
  const screen = createScreen();
  const ports = readDemoPorts(process.env);
  await assertDemoPortsFree(ports, await hintForTakenPorts());
  const cli = await scope.orInterrupted(findTemporalCli({ log: (line) => screen.prose(line, '  ') }));
  const jaeger = await jaegerHere(scope, screen);
  const stack = await startStack(scope, screen, cli, ports, {
    folder: STACK_FOLDER,
    otlpUrl: jaeger?.otlpUrl,
  });
  for (const part of ['clusters', 'bridge'] as const) {
    await announcePart(scope, part, { ports, log: stack.bridge.logFile });
  }
  showStack(stack, ports, screen);
  const log = stack.bridge.logFile;
  showCommands(ports, cli, { log, health: await healthAddress(log) }, screen);
  showTraces(jaeger, screen);
  screen.line(screen.paint.bold('Everything is in memory and runs until Ctrl-C.'));
  await untilCtrlC(scope, brokenPart([stack.a, stack.b], [stack.bridge, stack.workers]));
  return 0;
});

function showCommands(
  ports: DemoPorts,
  cli: string,
  { log, health }: { readonly log: string; readonly health: string | undefined },
  screen: Screen,
): void {
  const { paint } = screen;
  const example = (title: string, lines: readonly string[]): void => {
    screen.line(title);
    for (const line of lines) screen.line(`  ${paint.yellow(line)}`);
    screen.line();
  };
  const onPath = (process.env['PATH'] ?? '').split(':').includes(cli.replace(/\/temporal$/, ''));
  if (!onPath) example('If your shell has no "temporal" yet:', [`$ alias temporal=${shellQuoted(cli)}`]);
  example('In another terminal, call FulfillmentWorkflow on B from A:', articleCommandLines(ports.a.grpc));
  example('Its result (Output is base64; WORKFLOW_ID is what the command printed):', [
    '$ temporal workflow result --workflow-id WORKFLOW_ID',
    '$ make start-cross-cluster-workflow    # or all of it in one: call, result, log',
  ]);
  example('An order that calls B as part of its own logic, and one that is sold out:', [
    `$ temporal workflow execute --task-queue ${ORDER_QUEUE} --type OrderWorkflow --input '{"orderID":"o-1","sku":"SKU-7"}'`,
    `$ temporal workflow execute --task-queue ${ORDER_QUEUE} --type OrderWorkflow --input '{"orderID":"o-2","sku":"SKU-SOLD-OUT"}'`,
  ]);
  example('The workflows of each cluster, and the bridge at work:', [
    `A  ${workflowsPage(ports.a.ui)}`,
    `B  ${workflowsPage(ports.b.ui)}`,
    `$ tail -f ${shellQuoted(shortPath(log))}`,
    ...(health === undefined ? [] : [`$ curl ${health}/readyz        # and ${health}/metrics`]),
  ]);
  const settings = [
    `CLUSTER_A_HOST=localhost:${ports.a.grpc} CLUSTER_B_HOST=localhost:${ports.b.grpc}`,
    `CLUSTER_A_UI=${webAddress(ports.a.ui)} CLUSTER_B_UI=${webAddress(ports.b.ui)}`,
  ];
  example("The bridge's own command line: make a call, see where calls are, check everything:", [
    `$ alias temporal-bridge='${settings.join(' ')} \\`,
    "    node dist/src/cli/main.js'",
    `$ temporal-bridge call FulfillmentWorkflow '{"orderID":"456","sku":"SKU-7"}' --task-queue ${FULFILLMENT_QUEUE}`,
    '$ temporal-bridge calls list           # or: calls watch, calls show ID',
    '$ temporal-bridge doctor --dev',
  ]);
}

/** Where the bridge tells how it is, as its log says. */
async function healthAddress(log: string): Promise<string | undefined> {
  return /"url":"([^"]+)","msg":"health and metrics"/.exec(await readFile(log, 'utf8'))?.[1];
}

function shellQuoted(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function showTraces(jaeger: JaegerHere | undefined, screen: Screen): void {
  screen.line('The traces of all calls, in Jaeger:');
  screen.line(
    jaeger
      ? `  ${screen.paint.underline(jaeger.searchPage)}`
      : '  none runs here; make up JAEGER=1 starts one',
  );
  screen.line();
}
