import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';

/**
 * Waits until a server answers and each namespace can be used, by really asking.
 *
 * @param isOver gives a reason to stop waiting, e.g. that the server has ended
 * @throws {Error} with the last failure as its cause, if the time is over
 */
export async function waitUntilReady(
  address: string,
  namespaces: readonly string[],
  timeoutMs: number,
  isOver: () => boolean,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  let lastError: unknown = new Error('not asked yet');
  while (Date.now() < deadline && !isOver()) {
    try {
      const connection = await Connection.connect({ address, connectTimeout: 1_000 });
      try {
        for (const namespace of namespaces) await useNamespace(connection, namespace);
        return;
      } finally {
        await connection.close();
      }
    } catch (error) {
      lastError = error;
      await sleep(100);
    }
  }
  throw new Error(`no answer from ${address} within ${timeoutMs / 1000} s`, { cause: lastError });
}

/** One round of the calls that a client and a worker make: a new namespace may be known to some of them only. */
export async function useNamespace(connection: Connection, namespace: string): Promise<void> {
  await connection.withDeadline(Date.now() + 2_000, async () => {
    const service = connection.workflowService;
    await service.describeNamespace({ namespace });
    await service.describeTaskQueue({ namespace, taskQueue: { name: 'readiness' } });
    await service.listWorkflowExecutions({ namespace, pageSize: 1 });
  });
}
