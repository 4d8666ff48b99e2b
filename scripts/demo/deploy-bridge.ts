/** `make deploy-bridge`: the bridge and the demo's workers, in the background, beside running clusters. */
import { waitUntilReady } from '../stack/dev-server-ready.js';
import { readPart, startPart, stopPart } from './background.js';
import { NAMESPACE } from './names.js';
import { readDemoPorts } from './ports.js';
import { runInScope } from '../stack/scope.js';
import { createScreen } from './screen.js';
import { addressOf } from './stack.js';
import { shortPath } from './start-stack.js';

const CLUSTER_TIMEOUT_MS = 5_000;

await runInScope(async (scope) => {
  const screen = createScreen();
  const [clusters, bridge] = await Promise.all([readPart('clusters'), readPart('bridge')]);
  if (bridge && bridge.pid === clusters?.pid) {
    screen.line(`The bridge runs already, as part of "make up" (process ${bridge.pid}).`);
    return 0;
  }
  const ports = clusters?.ports ?? readDemoPorts(process.env);
  for (const name of ['A', 'B'] as const) {
    const address = addressOf(name === 'A' ? ports.a : ports.b);
    const answers = waitUntilReady(address, [NAMESPACE], CLUSTER_TIMEOUT_MS, () => scope.signal.aborted);
    await scope.orInterrupted(answers).catch((error: unknown) => {
      scope.signal.throwIfAborted();
      throw new Error(
        `cluster ${name} does not answer at ${address}: run "make clusters-up" first, ` +
          `or set DEMO_${name}_PORT to where it is`,
        { cause: error },
      );
    });
  }
  if (bridge) await screen.during('stopping the bridge that runs', stopPart(bridge));
  const { pid, log } = await screen.during(
    'starting the bridge and the demo workers',
    startPart(scope, 'bridge', ports),
  );
  screen.line(
    `The bridge${bridge ? ' was replaced and' : ''} takes calls, with the demo workers, kept by process ${pid}.`,
  );
  screen.line(`Its log: ${shortPath(log)}`);
  screen.line('Make a call by: make start-cross-cluster-workflow. Stop all by: make clusters-down');
  return 0;
});
