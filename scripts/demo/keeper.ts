/**
 * Keeps a part of the stack running in the background: started by clusters-up.ts and deploy-bridge.ts, ended by SIGTERM.
 * What it keeps ends with it. Usage: keeper.ts clusters CLI | keeper.ts bridge
 */
import { announcePart, STACK_FOLDER } from './background.js';
import { readDemoPorts } from './ports.js';
import { runInScope } from '../stack/scope.js';
import { addressOf, brokenPart, startBridgeAndWorkers, startClusters } from './stack.js';

await runInScope(async (scope) => {
  const [part, cli = ''] = process.argv.slice(2);
  const ports = readDemoPorts(process.env);
  if (part === 'clusters') {
    const { a, b } = await startClusters(scope, cli, ports);
    await announcePart(scope, part, { ports, log: STACK_FOLDER });
    return await scope.orInterrupted(brokenPart([a, b], []));
  }
  const at = { a: addressOf(ports.a), b: addressOf(ports.b) };
  const { bridge, workers } = await startBridgeAndWorkers(scope, at, { folder: STACK_FOLDER });
  await announcePart(scope, 'bridge', { ports, log: bridge.logFile });
  return await scope.orInterrupted(brokenPart([], [bridge, workers]));
});
