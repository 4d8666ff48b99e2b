/** `make clusters-down`: stops all that clusters-up and deploy-bridge have started. */
import { readPart, stopPart } from './background.js';
import { runInScope } from '../stack/scope.js';
import { createScreen } from './screen.js';

await runInScope(async () => {
  const screen = createScreen();
  for (const part of ['bridge', 'clusters'] as const) {
    const running = await readPart(part);
    if (running) await screen.during(`stopping the ${part}`, stopPart(running));
    screen.line(running ? `The ${part}: stopped.` : `The ${part}: not running.`);
  }
  return 0;
});
