/** `make clusters-up`: both clusters, in the background. */
import { findTemporalCli } from '../stack/temporal-cli.js';
import { readPart, startPart, STACK_FOLDER } from './background.js';
import { assertDemoPortsFree, readDemoPorts } from './ports.js';
import { runInScope } from '../stack/scope.js';
import { createScreen } from './screen.js';
import { clusterRows, shortPath } from './start-stack.js';

await runInScope(async (scope) => {
  const screen = createScreen();
  const running = await readPart('clusters');
  if (running) {
    screen.line(`Both clusters are up already, kept by process ${running.pid}:`);
    clusterRows(running.ports, screen);
    return 0;
  }
  const ports = readDemoPorts(process.env);
  await assertDemoPortsFree(ports);
  const cli = await scope.orInterrupted(findTemporalCli({ log: (line) => screen.prose(line) }));
  const { pid } = await screen.during('starting two clusters', startPart(scope, 'clusters', ports, [cli]));
  screen.line(`Both clusters are up, in memory, kept by process ${pid} (${shortPath(STACK_FOLDER)}):`);
  clusterRows(ports, screen);
  screen.line('Stop them by: make clusters-down');
  return 0;
});
