const STARTS_HERE = Symbol.for('temporal-bridge.starts-in-this-worker/1');
const holder = globalThis as { [STARTS_HERE]?: boolean };

/** Whether this worker runs the start of calls itself (the plugin), so that calls go to the workflow's own task queue. */
export function startsInThisWorker(): boolean {
  return holder[STARTS_HERE] === true;
}

/** Notes that this worker runs the start of calls itself. */
export function markStartsInThisWorker(): void {
  holder[STARTS_HERE] = true;
}
