// #region plugin
import { Worker, type NativeConnection } from '@temporalio/worker';
import { BridgePlugin, resolveConfig } from '../../../src/index.js';

export function createWorker(connection: NativeConnection, workflowsPath: string): Promise<Worker> {
  return Worker.create({
    connection,
    namespace: process.env['CLUSTER_A_NAMESPACE'] ?? 'default',
    taskQueue: 'orders',
    workflowsPath,
    plugins: [
      new BridgePlugin({
        // This process then holds the seal's private key and the credentials of cluster B.
        startHere: { config: resolveConfig(process.env, { BRIDGE_ROLE: 'caller' }) },
      }),
    ],
  });
}
// #endregion
