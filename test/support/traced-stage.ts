import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import type { ProxyTracerProvider } from '@opentelemetry/api';
import { trace } from '@opentelemetry/api';
import { resources, tracing } from '@opentelemetry/sdk-node';
import { Client } from '@temporalio/client';
import { OpenTelemetryPlugin } from '@temporalio/interceptors-opentelemetry';
import { bundleWorkflowCode } from '@temporalio/worker';
import type { WorkerOptions } from '@temporalio/worker';
import { findTraces, type Trace, type TracedSpan } from '../../scripts/stack/jaeger-traces.js';
import { startJaeger } from '../../scripts/stack/jaeger.js';
import { ATTRIBUTE } from '../../src/bridge/tracing/attributes.js';
import type { Tracing } from '../../src/bridge/tracing/tracing.js';
import { startTracing } from '../../src/bridge/tracing/tracing.js';
import { eventually } from './inspect.js';
import { SILENT } from './silent-logger.js';
import type { Stage } from './stage.js';
import { openStage } from './stage.js';
import { orphans, treeOf } from './trace-shape.js';

/** The workflows of both users. */
export const TRACED_WORKFLOWS = fileURLToPath(new URL('./workflows/traced.ts', import.meta.url));
/** The bridge's services, and the user's: `orders` calls, `fulfillment` is called. */
const BRIDGE_SERVICES = ['temporal-bridge-caller', 'temporal-bridge-handler'];

/** A text that goes through each call as argument, result and failure message: no span of the bridge may hold it. */
export const CANARY = 'canary-7f3a';

/** A real Jaeger, and this process's OpenTelemetry, which sends to it. */
export interface Telemetry {
  readonly tracing: Tracing;
  /** The ids of all traces of a caller's calls. */
  traceIds(callerWorkflowId: string): Promise<string[]>;
  /** See {@link expectTree}. */
  expectTree(callerWorkflowId: string, tree: string): Promise<Trace>;
  stop(): Promise<void>;
}

/** Two clusters whose users may trace their workers. */
export interface TracedStage extends Stage {
  /** A client on A whose calls are traced. */
  readonly client: Client;
  /** The user's workers on both clusters; `traced: false`: they know nothing of tracing. */
  users(options: { readonly traced: boolean }): Promise<void>;
}

/** Starts Jaeger and OpenTelemetry. */
export async function startTelemetry(): Promise<Telemetry> {
  const jaeger = await startJaeger({ log: (line) => process.stderr.write(`${line}\n`) });
  Object.assign(process.env, {
    OTEL_EXPORTER_OTLP_ENDPOINT: jaeger.otlpUrl,
    OTEL_BSP_SCHEDULE_DELAY: '100',
  });
  const tracing = await startTracing({ warn: (message) => process.stderr.write(`${message}\n`) });
  if (!tracing) throw new Error('tracing was not started');
  const { queryUrl } = jaeger;
  return {
    tracing,
    traceIds: async (callerWorkflowId) => {
      const found = await tracesOf(queryUrl, callerWorkflowId);
      return [...new Set(found.map(({ id }) => id))];
    },
    expectTree: (callerWorkflowId, tree) => expectTree(queryUrl, callerWorkflowId, tree),
    stop: async () => {
      await tracing.shutdown();
      await jaeger.stop();
    },
  };
}

/** Opens a stage; telemetry must have been started. */
export async function openTracedStage(t?: Parameters<typeof openStage>[0]): Promise<TracedStage> {
  const stage = await openStage(t);
  const { a } = stage.clusters;
  const client = new Client({
    connection: a.client.connection,
    namespace: a.namespace,
    plugins: [userPlugin('orders')],
  });
  return {
    ...stage,
    client,
    users: async ({ traced }) => {
      await Promise.all([
        stage.libraryCallers(await userOptions(traced ? 'orders' : undefined)),
        stage.targets(await userOptions(traced ? 'fulfillment' : undefined)),
      ]);
    },
  };
}

const bundles = new Map<boolean, ReturnType<typeof bundleWorkflowCode>>();

/** Options of a user's worker; both clusters' are of one bundle. */
export async function userOptions(
  service: string | undefined,
): Promise<Pick<WorkerOptions, 'plugins' | 'activities'> & Required<Pick<WorkerOptions, 'workflowBundle'>>> {
  const plugins = service === undefined ? [] : [userPlugin(service)];
  const isTraced = plugins.length > 0;
  const bundling =
    bundles.get(isTraced) ?? bundleWorkflowCode({ workflowsPath: TRACED_WORKFLOWS, logger: SILENT, plugins });
  bundles.set(isTraced, bundling);
  const workflowBundle = await bundling;
  return { plugins, workflowBundle, activities: { work: (value: unknown) => Promise.resolve(value) } };
}

/** The SDK's own plugin, as a user has it, with a service name for each of the user's programs. */
export function userPlugin(service: string): OpenTelemetryPlugin {
  const registered = (trace.getTracerProvider() as ProxyTracerProvider).getDelegate();
  const spanProcessor = (registered as tracing.BasicTracerProvider).getActiveSpanProcessor();
  const resource = new resources.Resource({ 'service.name': service });
  const provider = new tracing.BasicTracerProvider({ resource, spanProcessors: [spanProcessor] });
  return new OpenTelemetryPlugin({ resource, spanProcessor, tracer: provider.getTracer('user') });
}

/** All that the bridge has told of a caller's calls; a trace comes once for each service in it. */
async function tracesOf(queryUrl: string, callerWorkflowId: string): Promise<Trace[]> {
  const tags = { 'temporal_bridge.caller.workflow_id': callerWorkflowId };
  const found = await Promise.all(BRIDGE_SERVICES.map((service) => findTraces(queryUrl, service, tags)));
  return found.flat();
}

/** What each span of the bridge carries, and each that is of one attempt at a call. */
const ALWAYS = [
  ATTRIBUTE.cluster,
  ATTRIBUTE.namespace,
  ATTRIBUTE.taskQueue,
  ATTRIBUTE.workflowId,
  ATTRIBUTE.runId,
  ATTRIBUTE.attempt,
];
const OF_ATTEMPTS = [
  ATTRIBUTE.activityId,
  ATTRIBUTE.callId,
  ATTRIBUTE.outcome,
  ATTRIBUTE.callerCluster,
  ATTRIBUTE.callerNamespace,
  ATTRIBUTE.callerWorkflowId,
  ATTRIBUTE.callerRunId,
  ATTRIBUTE.targetCluster,
  ATTRIBUTE.targetType,
  ATTRIBUTE.targetTaskQueue,
];

function checkSpan({ name, tags, text }: TracedSpan): void {
  assert.ok(!text.includes(CANARY), `${name} tells a payload: ${text}`);
  const isOfAttempt = /^(?:RemoteCall|StartRemoteCall|Fallback|RunActivity):/.test(name);
  for (const attribute of [...ALWAYS, ...(isOfAttempt ? OF_ATTEMPTS : [])])
    assert.ok(!['', undefined].includes(tags[attribute] as string), `${name} lacks ${attribute}`);
}

function undented(text: string): string[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const indent = Math.min(...lines.map((line) => line.search(/\S/)));
  return lines.map((line) => line.slice(indent));
}

/**
 * Waits until the one trace of a caller's calls is this tree, with no parent missing: a line a span, `service name =
 * outcome`, indented below its parent.
 */
export async function expectTree(
  queryUrl: string,
  callerWorkflowId: string,
  expected: string,
): Promise<Trace> {
  const tree = undented(expected);
  let last: string[] = [];
  try {
    const found = await eventually(
      'the trace is complete',
      async () => {
        const found = await tracesOf(queryUrl, callerWorkflowId);
        const ids = new Set(found.map(({ id }) => id));
        const [one] = found;
        last =
          ids.size === 1 && one
            ? [...treeOf(one), ...orphans(one).map((orphan) => `ORPHAN ${orphan}`)]
            : [...ids];
        return JSON.stringify(last) === JSON.stringify(tree) ? one : undefined;
      },
      30_000,
    );
    for (const span of found.spans.filter(({ service }) => BRIDGE_SERVICES.includes(service)))
      checkSpan(span);
    return found;
  } catch (error) {
    throw new Error(`expected\n${tree.join('\n')}\nlast seen\n${last.join('\n')}`, { cause: error });
  }
}
