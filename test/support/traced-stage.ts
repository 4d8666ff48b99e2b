import { fileURLToPath } from 'node:url';
import { ProxyTracerProvider, trace } from '@opentelemetry/api';
import { resources, tracing } from '@opentelemetry/sdk-node';
import { Client } from '@temporalio/client';
import { OpenTelemetryPlugin } from '@temporalio/interceptors-opentelemetry';
import { bundleWorkflowCode } from '@temporalio/worker';
import type { WorkerOptions } from '@temporalio/worker';
import { startJaeger } from '../../scripts/stack/jaeger.js';
import { startTracing } from '../../src/bridge/tracing/tracing.js';
import { eventually } from './inspect.js';
import type { Trace } from './jaeger-traces.js';
import { findTraces, orphans, treeOf } from './jaeger-traces.js';
import { SILENT } from './silent-logger.js';
import type { Stage } from './stage.js';
import { openStage } from './stage.js';

const WORKFLOWS = fileURLToPath(new URL('./workflows/traced.ts', import.meta.url));
/** The bridge's services, and the user's: `orders` calls, `fulfillment` is called. */
const BRIDGE_SERVICES = ['temporal-bridge-caller', 'temporal-bridge-handler'];

/** A text that goes through each call as argument, result and failure message: no span of the bridge may hold it. */
export const CANARY = 'canary-7f3a';

/** A real Jaeger, and two clusters whose users may trace their workers, too. */
export interface TracedStage extends Stage {
  readonly tracing: NonNullable<Awaited<ReturnType<typeof startTracing>>>;
  /** A client on A whose calls are traced. */
  readonly client: Client;
  /** The user's workers on both clusters; `traced: false`: they know nothing of tracing. */
  users(options: { readonly traced: boolean }): Promise<void>;
  /** Waits until the one trace of a caller's calls is this tree, with no parent missing at any time on the way there. */
  expectTree(callerWorkflowId: string, tree: readonly string[]): Promise<Trace>;
}

/** Starts Jaeger and this process's OpenTelemetry, which sends to it. */
export async function openTracedStage(): Promise<TracedStage> {
  const jaeger = await startJaeger({ log: (line) => process.stderr.write(`${line}\n`) });
  Object.assign(process.env, {
    OTEL_EXPORTER_OTLP_ENDPOINT: jaeger.otlpUrl,
    OTEL_BSP_SCHEDULE_DELAY: '100',
  });
  const tracing = await startTracing({ warn: (message) => process.stderr.write(`${message}\n`) });
  if (!tracing) throw new Error('tracing was not started');
  const stage = await openStage();
  const { a, b } = stage.clusters;
  const client = new Client({
    connection: a.client.connection,
    namespace: a.namespace,
    plugins: [userPlugin('orders')],
  });
  return {
    ...stage,
    tracing,
    client,
    users: async ({ traced }) => {
      await Promise.all([
        stage.libraryCallers(await userOptions(traced ? 'orders' : undefined)),
        stage.targets(await userOptions(traced ? 'fulfillment' : undefined)),
      ]);
    },
    expectTree: (callerWorkflowId, tree) => expectTree(jaeger.queryUrl, callerWorkflowId, tree),
    close: async () => {
      await stage.close();
      await tracing.shutdown();
      await jaeger.stop();
    },
  };

  async function userOptions(service: string | undefined): Promise<Partial<WorkerOptions>> {
    const plugins = service === undefined ? [] : [userPlugin(service)];
    const workflowBundle = await bundleWorkflowCode({ workflowsPath: WORKFLOWS, logger: SILENT, plugins });
    return { plugins, workflowBundle, activities: { work: (value: unknown) => Promise.resolve(value) } };
  }
}

/** The SDK's own plugin, as a user has it, with a service name for each of the user's programs. */
function userPlugin(service: string): OpenTelemetryPlugin {
  const registered = (trace.getTracerProvider() as ProxyTracerProvider).getDelegate();
  const spanProcessor = (registered as tracing.BasicTracerProvider).getActiveSpanProcessor();
  const resource = new resources.Resource({ 'service.name': service });
  const provider = new tracing.BasicTracerProvider({ resource, spanProcessors: [spanProcessor] });
  return new OpenTelemetryPlugin({ resource, spanProcessor, tracer: provider.getTracer('user') });
}

async function expectTree(
  queryUrl: string,
  callerWorkflowId: string,
  tree: readonly string[],
): Promise<Trace> {
  const tags = { 'temporal_bridge.caller.workflow_id': callerWorkflowId };
  let last: string[] = [];
  try {
    return await eventually(
      'the trace is complete',
      async () => {
        const found = await Promise.all(BRIDGE_SERVICES.map((service) => findTraces(queryUrl, service, tags)));
        const ids = new Set(found.flat().map(({ id }) => id));
        const [one] = found.flat();
        last = ids.size === 1 && one ? [...treeOf(one), ...orphans(one).map((orphan) => `ORPHAN ${orphan}`)] : [...ids];
        return ids.size === 1 && JSON.stringify(last) === JSON.stringify(tree) ? one : undefined;
      },
      20_000,
    );
  } catch (error) {
    throw new Error(`expected\n${tree.join('\n')}\nlast seen\n${last.join('\n')}`, { cause: error });
  }
}
