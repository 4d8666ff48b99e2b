import { JAEGER_PORTS, startJaeger } from '../stack/jaeger.js';
import { assertPortFree } from '../stack/ports.js';
import type { Scope } from '../stack/scope.js';
import type { Screen } from './screen.js';

const LOOK_TIMEOUT_MS = 1_000;

/** A Jaeger on this machine. */
export interface JaegerHere {
  /** Where spans go to, by OTLP over HTTP. */
  readonly otlpUrl: string;
  /** Its web page, or where there is none (a Jaeger built from its Go module), its query API. */
  readonly tracePage: (traceId: string) => string;
  /** Where to begin. */
  readonly searchPage: string;
}

/** Starts a Jaeger, at its usual ports, if `JAEGER` asks for it (`1`); else finds the one that runs there. */
export async function jaegerHere(scope: Scope, screen: Screen): Promise<JaegerHere | undefined> {
  const asked = (process.env['JAEGER'] ?? '').trim();
  const running = await runningJaeger();
  if (running) return running;
  if (asked === '' || asked === '0') return undefined;
  await assertPortFree(JAEGER_PORTS.query, "for Jaeger's web page", 'JAEGER');
  await assertPortFree(JAEGER_PORTS.otlpHttp, "for Jaeger's OTLP receiver", 'JAEGER');
  const log = (line: string): void => screen.prose(screen.paint.dim(line), '  ');
  const jaeger = await scope.orInterrupted(
    screen.during('starting Jaeger', startJaeger({ ports: JAEGER_PORTS, log })),
  );
  scope.defer(() => jaeger.stop());
  return runningJaeger();
}

async function runningJaeger(): Promise<JaegerHere | undefined> {
  const otlpUrl = `http://localhost:${JAEGER_PORTS.otlpHttp}`;
  const queryUrl = `http://localhost:${JAEGER_PORTS.query}`;
  const [services, page, receiver] = await Promise.all([
    look(`${queryUrl}/api/services`),
    look(`${queryUrl}/search`),
    look(`${otlpUrl}/v1/traces`),
  ]);
  // The receiver takes POST only, and says so.
  if (!services?.includes('"data"') || receiver === undefined) return undefined;
  const hasPage = page?.includes('<script') ?? false;
  return {
    otlpUrl,
    tracePage: (traceId) => `${queryUrl}/${hasPage ? 'trace' : 'api/traces'}/${traceId}`,
    searchPage: `${queryUrl}/${hasPage ? 'search' : 'api/traces'}?service=temporal-bridge-caller`,
  };
}

async function look(url: string): Promise<string | undefined> {
  try {
    return await (await fetch(url, { signal: AbortSignal.timeout(LOOK_TIMEOUT_MS) })).text();
  } catch {
    return undefined;
  }
}
