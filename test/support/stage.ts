import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import type { FaultProxy } from './fault-proxy.js';
import { startFaultProxy } from './fault-proxy.js';
import type { TestBridge, TestBridgeOptions, TestWorker, TwoClusters } from './harness.js';
import type { BridgeProcess, Role } from './bridge-process.js';
import { spawnBridge } from './bridge-process.js';
import {
  bridgeEnv,
  createTwoClusters,
  startBridge,
  startCallers,
  startLibraryCallers,
  startTargets,
} from './harness.js';

/** Two clusters and what a test starts beside them. */
export interface Stage {
  readonly clusters: TwoClusters;
  bridge(options?: TestBridgeOptions): Promise<TestBridge>;
  /** The bridge as its users run it, in a process of its own; resolves when it is ready. */
  bridgeProcess(role: Role, env?: Readonly<Record<string, string>>): Promise<BridgeProcess>;
  targets(options?: Parameters<typeof startTargets>[1]): Promise<TestWorker>;
  callers(): Promise<TestWorker>;
  libraryCallers(options?: Parameters<typeof startLibraryCallers>[1]): Promise<TestWorker>;
  /** Runs a workflow of the library callers to its end. */
  call<R>(workflow: string, ...args: unknown[]): Promise<R>;
  /** Starts one. */
  start(workflow: string, ...args: unknown[]): Promise<WorkflowHandle>;
  /** A proxy in front of a cluster. */
  proxy(side: 'a' | 'b'): Promise<FaultProxy>;
  /** Stops all that still runs: links are healed first, so that nothing hangs on them. */
  close(): Promise<void>;
}

/** Something with hooks: a test's context, or the module `node:test` inside of a suite. */
interface Hooks {
  after(hook: () => Promise<void>): void;
}

/** Opens a stage that closes after the test (`t`), or by {@link Stage.close}. */
export async function openStage(t?: Hooks): Promise<Stage> {
  const clusters = await createTwoClusters();
  const workers: TestWorker[] = [];
  const proxies: FaultProxy[] = [];
  const processes: BridgeProcess[] = [];
  const stopped = new Set<TestWorker>();

  const add = <W extends TestWorker>(worker: W): W => {
    const once = {
      ...worker,
      stop: async () => {
        if (stopped.has(once)) return;
        stopped.add(once);
        await worker.stop();
      },
    };
    workers.push(once);
    return once;
  };
  const stage: Stage = {
    clusters,
    bridge: async (options) => add(await startBridge(clusters, options)),
    bridgeProcess: async (role, env = {}) => {
      const bridge = await spawnBridge(role, bridgeEnv(clusters, { env }));
      processes.push(bridge);
      await bridge.ready();
      return bridge;
    },
    targets: async (options) => add(await startTargets(clusters.b, options)),
    callers: async () => add(await startCallers(clusters.a)),
    libraryCallers: async (options) => add(await startLibraryCallers(clusters.a, options)),
    call: async <R>(workflow: string, ...args: unknown[]) =>
      (await (await stage.start(workflow, ...args)).result()) as R,
    start: (workflow, ...args) =>
      clusters.a.client.workflow.start(workflow, {
        taskQueue: 'callers',
        workflowId: `${workflow}-${randomUUID()}`,
        args,
      }),
    proxy: async (side) => {
      const proxy = await startFaultProxy(clusters[side].address);
      proxies.push(proxy);
      return proxy;
    },
    close: async () => {
      for (const proxy of proxies) {
        proxy.clearRules();
        proxy.heal();
      }
      await Promise.all([...workers, ...processes].map((running) => running.stop()));
      await Promise.all(proxies.map((proxy) => proxy.close()));
      await clusters.close();
    },
  };
  t?.after(() => stage.close());
  return stage;
}
