/** `make up`: two clusters, the bridge and the demo's workers, for typing commands by hand, until Ctrl-C. */
import { findTemporalCli } from '../stack/temporal-cli.js';
import { articleCommandLines } from './article-call.js';
import { announcePart, hintForTakenPorts, STACK_FOLDER } from './background.js';
import { workflowsPage } from './links.js';
import { ORDER_QUEUE } from './names.js';
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
  const stack = await startStack(scope, screen, cli, ports, STACK_FOLDER);
  for (const part of ['clusters', 'bridge'] as const) {
    await announcePart(scope, part, { ports, log: stack.bridge.logFile });
  }
  showStack(stack, ports, screen);
  showCommands(ports, cli, stack.bridge.logFile, screen);
  await untilCtrlC(scope, brokenPart([stack.a, stack.b], [stack.bridge, stack.workers]));
  return 0;
});

function showCommands(ports: DemoPorts, cli: string, log: string, screen: Screen): void {
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
  ]);
  screen.line(paint.bold('Everything is in memory and runs until Ctrl-C.'));
}

function shellQuoted(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
