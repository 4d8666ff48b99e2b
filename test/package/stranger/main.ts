/** Runs a worker on cluster A and makes a call from there: `main.js ADDRESS NAMESPACE CODE_PATH`. Prints the answer. */
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { BridgeError, ConfigError, resolveConfig, type ResolvedConfig } from 'temporal-bridge';
import { AskRemote, type Answer } from './callers.js';

const [address = '', namespace = '', codePath = ''] = process.argv.slice(2);
const taskQueue = 'strangers';

const connection = await NativeConnection.connect({ address });
const worker = await Worker.create({ connection, namespace, taskQueue, workflowBundle: { codePath } });
const answer: Answer = await worker.runUntil(async () => {
  const client = new Client({ connection: await Connection.connect({ address }), namespace });
  return client.workflow.execute(AskRemote, {
    taskQueue,
    workflowId: 'strange-1',
    args: [{ sent: 'from A', list: [1, null] }],
  });
});
console.log(JSON.stringify({ answer, refusal: refusalOf({ CLUSTER_A_HOST: '' }) }));
process.exit(0);

/** The host side of the package, in use: what is wrong with a configuration. */
function refusalOf(env: Record<string, string>): string {
  try {
    const config: ResolvedConfig = resolveConfig(env);
    return `none, role ${config.role}`;
  } catch (error) {
    return error instanceof ConfigError && BridgeError.is(error) ? error.code : String(error);
  }
}
