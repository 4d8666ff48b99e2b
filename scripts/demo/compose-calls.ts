/**
 * The demo's calls, made from a container beside those of docker-compose.yml: `docker compose run --rm demo`. Its
 * environment says where the clusters answer, where their metrics are read and where Jaeger is asked; the ports that are
 * published on the host are for the links.
 */
import { findTraces } from '../stack/jaeger-traces.js';
import { runInScope, type Scope } from '../stack/scope.js';
import { viewCluster } from './cluster-view.js';
import { readDemoPorts } from './ports.js';
import { runCalls } from './run-calls.js';
import { createScreen } from './screen.js';
import { showSummary } from './show-summary.js';
import type { TraceSource } from './trace-tree.js';
import { startUserTracing } from './user-tracing.js';

/** The service whose spans name the caller. */
const CALLER_SIDE = 'temporal-bridge-caller';

async function calls(scope: Scope): Promise<number> {
  const screen = createScreen();
  const ports = readDemoPorts(process.env);
  const tracing = startUserTracing(given('OTEL_EXPORTER_OTLP_ENDPOINT'));
  scope.defer(() => tracing.stop());
  const clusterA = { name: 'A', address: given('DEMO_A_ADDRESS'), metricsUrl: given('DEMO_A_METRICS') };
  const clusterB = { name: 'B', address: given('DEMO_B_ADDRESS'), metricsUrl: given('DEMO_B_METRICS') };
  const [a, b] = await Promise.all([
    viewCluster(clusterA, [tracing.plugin('customer', 'cluster-a')]),
    viewCluster(clusterB),
  ]);
  scope.defer(() => Promise.all([a.close(), b.close()]));
  const rows = await runCalls(scope, screen, {
    context: { a, b, cli: undefined, addressA: clusterA.address, portA: ports.a.grpc },
    ports,
    traces: tracesInJaeger(given('DEMO_JAEGER')),
    tracePage: (traceId) => `${given('DEMO_JAEGER_PAGE')}/trace/${traceId}`,
  });
  screen.line();
  showSummary(rows, screen);
  return 0;
}

function tracesInJaeger(queryUrl: string): TraceSource {
  return {
    findTrace: async (attribute, value) => {
      const [found] = await findTraces(queryUrl, CALLER_SIDE, { [attribute]: value });
      return (
        found && {
          id: found.id,
          spans: found.spans.map((span) => ({ ...span, tags: { ...span.resource, ...span.tags } })),
        }
      );
    },
  };
}

function given(variable: string): string {
  const value = process.env[variable] ?? '';
  if (value === '')
    throw new Error(`${variable} is not set; docker-compose.yml sets it for its service "demo"`);
  return value;
}

await runInScope(calls);
