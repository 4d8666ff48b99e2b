import { once } from 'node:events';
import { createServer, get } from 'node:http';
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { configProblem, ConfigError } from '../config/config-error.js';
import type { HttpConfig } from '../config/resolve.js';
import type { BridgeLogger } from '../logger.js';
import type { HealthReport } from './bridge-health.js';

/** Time for a request to come in, headers and all, in milliseconds: it is a line long. */
const REQUEST_TIMEOUT_MS = 5_000;
/** Connections at one time: a few scrapers and probes, and no more than a slow client may hold. */
const MAX_CONNECTIONS = 100;
/** Time that the exporter has for its answer, in milliseconds; a scraper's own patience is 10 s. */
const SCRAPE_TIMEOUT_MS = 5_000;

/** What the server shows. */
export interface Served {
  /** How the bridge stands; undefined: it is about to start. */
  readonly health: () => HealthReport | undefined;
  /** Where the exporter answers; undefined: not yet. */
  readonly metricsUrl: () => string | undefined;
}

/** A server of health and metrics. */
export interface HealthServer {
  /** Where it listens. */
  readonly url: string;
  /** Ends it, and whatever it is about to answer. */
  readonly close: () => Promise<void>;
}

/**
 * Serves `/livez`, `/readyz` and `/metrics`.
 *
 * @throws {ConfigError} if the address was asked for and cannot be listened on
 */
export async function serveHealth(at: HttpConfig, served: Served, log: BridgeLogger): Promise<HealthServer> {
  const server = await listenOrElsewhere(at, listener(served), log);
  const { address, family, port } = server.address() as AddressInfo;
  server.on('error', (error) => log.warn('health and metrics cannot be reached', { why: error.message }));
  const url = `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
  log.info('health and metrics', { url });
  return {
    url,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function listenOrElsewhere(
  at: HttpConfig,
  answer: RequestListener,
  log: BridgeLogger,
): Promise<Server> {
  const wanted = `${at.host}:${at.port}`;
  try {
    return await listen(at, answer);
  } catch (error) {
    const { code = String(error) } = error as NodeJS.ErrnoException;
    if (at.isDefault && code === 'EADDRINUSE') {
      log.warn(`${wanted} is taken: health and metrics are at a free port instead`, {
        remedy: 'set BRIDGE_HTTP_ADDRESS to an address of its own, or to off',
      });
      return await listen({ host: at.host, port: 0 }, answer);
    }
    throw new ConfigError([
      configProblem('BRIDGE_HTTP_ADDRESS', {
        what: code === 'EADDRINUSE' ? 'is taken' : 'cannot be listened on',
        expected: 'a free address of this machine',
        got: `${wanted} (${code})`,
        fix: 'stop what listens there, or set BRIDGE_HTTP_ADDRESS to another address, to port 0 for any free one, or to off',
      }),
    ]);
  }
}

async function listen({ host, port }: Pick<HttpConfig, 'host' | 'port'>, answer: RequestListener) {
  const server = createServer(
    {
      requestTimeout: REQUEST_TIMEOUT_MS,
      headersTimeout: REQUEST_TIMEOUT_MS,
      connectionsCheckingInterval: 1_000,
    },
    answer,
  );
  server.maxConnections = MAX_CONNECTIONS;
  server.listen({ host, port });
  await once(server, 'listening');
  return server;
}

function listener(served: Served): RequestListener {
  return (request, response) => {
    response.setHeader('cache-control', 'no-store');
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD');
      send(response, 405, TEXT, 'only GET and HEAD\n');
      return;
    }
    switch (pathOf(request)) {
      case '/livez':
        // Whoever answers here lives: nothing of it needs a restart that waiting cannot heal.
        send(response, 200, JSON_TYPE, `${JSON.stringify({ live: true })}\n`);
        return;
      case '/readyz': {
        const health = served.health() ?? STARTING;
        send(response, health.ready ? 200 : 503, JSON_TYPE, `${JSON.stringify(health, null, 2)}\n`);
        return;
      }
      case '/metrics':
        passMetricsOn(served, response);
        return;
      default:
        send(response, 404, TEXT, 'there are /livez, /readyz and /metrics\n');
    }
  };
}

const TEXT = 'text/plain; charset=utf-8';
const JSON_TYPE = 'application/json';
const STARTING: HealthReport = { ready: false, problems: ['the bridge starts'], workers: [], clusters: [] };

function pathOf({ url = '' }: IncomingMessage): string {
  return url.split('?')[0] ?? '';
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}

/** Passes the exporter's answer on; the gauges that age by themselves are set first. */
function passMetricsOn({ health, metricsUrl }: Served, response: ServerResponse): void {
  const fail = (why: string): void => {
    if (response.headersSent) response.destroy();
    else send(response, 503, TEXT, `no metrics: ${why}\n`);
  };
  const url = metricsUrl();
  if (url === undefined) {
    fail('the bridge starts');
    return;
  }
  health();
  const scrape = get(url, { agent: false, signal: AbortSignal.timeout(SCRAPE_TIMEOUT_MS) }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, { 'content-type': answer.headers['content-type'] ?? TEXT });
    answer.on('error', () => response.destroy());
    if (response.req.method === 'HEAD') {
      answer.resume();
      response.end();
    } else answer.pipe(response);
  });
  scrape.on('error', ({ message }) => fail(message));
  response.on('close', () => scrape.destroy());
}
