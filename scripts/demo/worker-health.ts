/** Whether the demo's own workers run and reach their servers, over HTTP: the health check of their containers. */
import { createServer } from 'node:http';
import type { NativeConnection, Worker } from '@temporalio/worker';

/** A worker, and the connection that it polls by. */
export interface ConnectedWorker {
  readonly worker: Worker;
  readonly connection: NativeConnection;
}

/** What a server has for its answer, in milliseconds: below the check's own time-out of 5 s. */
const ANSWER_MS = 3_000;

/** Answers 200 on a port of loopback while each worker runs and its server answers, 503 and what is wrong otherwise. */
export function serveWorkerHealth(port: number, workers: readonly ConnectedWorker[]): void {
  const server = createServer((_, response) => {
    void Promise.all(workers.map(problemOf)).then((found) => {
      const problems = found.filter((problem) => problem !== undefined);
      response.writeHead(problems.length === 0 ? 200 : 503).end(problems.join('; ') || 'ready');
    });
  });
  server.listen(port, '127.0.0.1');
}

async function problemOf({ worker, connection }: ConnectedWorker): Promise<string | undefined> {
  const { taskQueue } = worker.options;
  if (worker.getState() !== 'RUNNING') return `the worker of ${taskQueue} is ${worker.getState()}`;
  try {
    await connection.withDeadline(Date.now() + ANSWER_MS, () => connection.workflowService.getSystemInfo({}));
    return undefined;
  } catch (error) {
    return `the server of ${taskQueue} does not answer: ${error instanceof Error ? error.message : String(error)}`;
  }
}
