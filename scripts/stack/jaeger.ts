import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findJaeger } from './find-jaeger.js';
import { spawnGuarded, type GuardedProcess } from './guarded-process.js';
import { pickFreePort } from './ports.js';

const HOST = '127.0.0.1';
const READY_TIMEOUT_MS = 60_000;
const STOP_GRACE_MS = 5_000;
const START_ATTEMPTS = 3;
const STORAGE = 'memory';

/** Options of {@link startJaeger}. */
export interface JaegerOptions {
  /** The program's path. Default: what `findJaeger` finds. */
  readonly program?: string;
  /** Ports to listen at. Default: free ones. */
  readonly ports?: Partial<JaegerPorts>;
  /** Gets one line for each step taken to find a Jaeger. */
  readonly log?: (line: string) => void;
}

/** A running Jaeger that keeps its traces in memory. */
export interface Jaeger {
  /** Where spans are sent to by OTLP over HTTP: a value of `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  readonly otlpUrl: string;
  /** Where they are sent to by OTLP over gRPC. */
  readonly otlpGrpcUrl: string;
  /** The query API (`/api/traces/…`) and the web page. */
  readonly queryUrl: string;
  stop(): Promise<void>;
}

/** Where a Jaeger listens. */
export interface JaegerPorts {
  /** The query API and the web page. */
  readonly query: number;
  readonly queryGrpc: number;
  readonly otlpHttp: number;
  readonly otlpGrpc: number;
}

/** Where a Jaeger listens that nobody has set up otherwise. */
export const JAEGER_PORTS: JaegerPorts = {
  query: 16_686,
  queryGrpc: 16_685,
  otlpHttp: 4_318,
  otlpGrpc: 4_317,
};

/** Jaeger 2 is an OpenTelemetry collector: receivers, a pipeline, and a storage that the query extension reads. */
function configOf(ports: JaegerPorts) {
  const at = (port: number) => ({ endpoint: `${HOST}:${port}` });
  return {
    service: {
      extensions: ['jaeger_storage', 'jaeger_query'],
      pipelines: { traces: { receivers: ['otlp'], processors: [], exporters: ['jaeger_storage_exporter'] } },
      telemetry: { metrics: { level: 'none' }, logs: { level: 'warn' } },
    },
    extensions: {
      jaeger_query: { storage: { traces: STORAGE }, http: at(ports.query), grpc: at(ports.queryGrpc) },
      jaeger_storage: { backends: { [STORAGE]: { memory: { max_traces: 100_000 } } } },
    },
    receivers: { otlp: { protocols: { http: at(ports.otlpHttp), grpc: at(ports.otlpGrpc) } } },
    exporters: { jaeger_storage_exporter: { trace_storage: STORAGE } },
  };
}

/**
 * Starts Jaeger on 127.0.0.1 and waits until it takes spans and answers queries. It ends when this process ends.
 *
 * @throws {Error} if none is found, or with the last lines of one that does not become ready
 */
export async function startJaeger(options: JaegerOptions = {}): Promise<Jaeger> {
  const program = options.program ?? (await findJaeger({ log: options.log ?? (() => undefined) }));
  const folder = await mkdtemp(join(tmpdir(), 'jaeger-'));
  try {
    for (let attempt = 1; ; attempt++) {
      const [query, queryGrpc, otlpHttp, otlpGrpc] = await Promise.all([
        options.ports?.query ?? pickFreePort(),
        options.ports?.queryGrpc ?? pickFreePort(),
        options.ports?.otlpHttp ?? pickFreePort(),
        options.ports?.otlpGrpc ?? pickFreePort(),
      ]);
      const ports = { query, queryGrpc, otlpHttp, otlpGrpc };
      try {
        return handleOf(await launch(program, ports, folder), ports, folder);
      } catch (error) {
        // A port picked as free can be lost before the program takes it.
        if (!/address already in use/.test(String(error)) || attempt === START_ATTEMPTS) throw error;
      }
    }
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

async function launch(program: string, ports: JaegerPorts, folder: string): Promise<GuardedProcess> {
  const config = join(folder, 'config.json');
  await writeFile(config, JSON.stringify(configOf(ports))); // JSON is YAML, too
  const jaeger = await spawnGuarded(program, ['--config', config], {
    env: { PATH: process.env['PATH'], HOME: folder },
    scratchFolder: folder,
  });
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (!jaeger.hasExited() && Date.now() < deadline) {
    if ((await answers(ports.query, '/api/services')) && (await answers(ports.otlpHttp, '/'))) return jaeger;
    await sleep(50);
  }
  jaeger.signal('SIGKILL');
  await jaeger.exited;
  throw new Error(`Jaeger was not ready. It said last:\n${jaeger.lastLines() || '(nothing)'}`);
}

/** Whether an HTTP server is there, whatever it says. */
async function answers(port: number, path: string): Promise<boolean> {
  return await fetch(`http://${HOST}:${port}${path}`, { signal: AbortSignal.timeout(2_000) }).then(
    async (response) => {
      await response.arrayBuffer();
      return true;
    },
    () => false,
  );
}

function handleOf(jaeger: GuardedProcess, ports: JaegerPorts, folder: string): Jaeger {
  return {
    otlpUrl: `http://${HOST}:${ports.otlpHttp}`,
    otlpGrpcUrl: `http://${HOST}:${ports.otlpGrpc}`,
    queryUrl: `http://${HOST}:${ports.query}`,
    stop: async () => {
      jaeger.signal('SIGTERM');
      const timer = setTimeout(() => jaeger.signal('SIGKILL'), STOP_GRACE_MS);
      await jaeger.exited;
      clearTimeout(timer);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
