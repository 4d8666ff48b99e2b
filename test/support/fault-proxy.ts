import { once } from 'node:events';
import {
  connect,
  constants,
  createServer,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type Http2Session,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { startLink } from '../../scripts/stack/link.js';
import { createFaultRules, type CallFate, type FaultRules } from './fault-rules.js';

export type { CutReplyOptions, FaultHandle, RefuseOptions } from './fault-rules.js';

/** Windows large enough that the proxy never slows a call down. */
const HTTP2_OPTIONS = {
  maxSessionMemory: 256,
  settings: { initialWindowSize: 8 * 1024 * 1024, maxFrameSize: 1024 * 1024 },
} as const;

/** Never sent on: each hop has its own. */
const HOP_HEADERS = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade']);

/** A gRPC proxy between a client and a Temporal server, with faults that a test switches on and off. */
export interface FaultProxy extends Pick<FaultRules, 'cutReply' | 'refuse' | 'hold'> {
  /** Where the client connects, `host:port`, without TLS. */
  readonly address: string;
  /** How often each method has been called so far, by its bare name; a call counts when it arrives. */
  calls(): Record<string, number>;
  /** Resolves when the method has been called `n` times in all (default 1), counting from the proxy's start. */
  waitForCall(method: string, n?: number): Promise<void>;
  /** Removes the faults that were set on single methods. */
  clearRules(): void;
  /** Destroys all connections, and any new one at once, until {@link heal}. */
  cut(): void;
  /** Keeps and accepts connections but lets no byte through, either way, until {@link heal}. */
  blackhole(): void;
  /** Ends {@link cut}, {@link blackhole} and {@link delay}. */
  heal(): void;
  /** Delays everything by this many milliseconds each way. */
  delay(ms: number): void;
  /** How many client connections are open. */
  openConnections(): number;
  /** Ends the proxy and its connections. */
  close(): Promise<void>;
}

/**
 * Starts a proxy on a free port of 127.0.0.1.
 *
 * @param targetAddress the server's gRPC address, `host:port`, without TLS
 * @param admits whether a call with these headers gets in; else it is UNAUTHENTICATED. Default: all do
 */
export async function startFaultProxy(
  targetAddress: string,
  admits: (headers: IncomingHttpHeaders) => boolean = () => true,
): Promise<FaultProxy> {
  const rules = createFaultRules();
  const counts = new Map<string, number>();
  const waiters = new Set<() => void>();
  const sessions = new Set<Http2Session>();

  const server = createServer(HTTP2_OPTIONS);
  server.on('sessionError', () => undefined);
  server.on('session', (downstream) => {
    // A client's connection has a connection of its own to the server: what happens to one happens to both.
    const upstream = connect(`http://${targetAddress}`, HTTP2_OPTIONS);
    joinSessions(downstream, upstream, sessions, () =>
      link.destroyBySourcePort(downstream.socket?.remotePort),
    );
    downstream.on('stream', (stream, headers) => {
      stream.on('error', () => undefined);
      const method = headers[':path']?.split('/').at(-1) ?? '';
      counts.set(method, (counts.get(method) ?? 0) + 1);
      for (const wake of waiters) wake();
      if (!admits(headers)) {
        carry(
          stream,
          headers,
          upstream,
          { kind: 'refuse', status: 16, message: 'not admitted' },
          () => undefined,
        );
        return;
      }
      const sourcePort = downstream.socket?.remotePort;
      void rules.decide(method).then((fate) => {
        carry(stream, headers, upstream, fate, () => link.destroyBySourcePort(sourcePort));
      });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const link = await startLink((server.address() as AddressInfo).port);

  return {
    address: link.address,
    calls: () => Object.fromEntries(counts),
    async waitForCall(method, n = 1) {
      await new Promise<void>((resolve) => {
        const look = (): void => {
          if ((counts.get(method) ?? 0) < n) return;
          waiters.delete(look);
          resolve();
        };
        waiters.add(look);
        look();
      });
    },
    cutReply: (options) => rules.cutReply(options),
    refuse: (options) => rules.refuse(options),
    hold: (method, until) => rules.hold(method, until),
    clearRules: () => rules.clear(),
    cut: () => link.cut(),
    blackhole: () => link.blackhole(),
    heal() {
      link.setDelay(0);
      link.heal();
    },
    delay: (ms) => link.setDelay(ms),
    openConnections: () => link.openConnections(),
    async close() {
      await link.close();
      for (const session of sessions) session.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Ends one session with the other; a graceful GOAWAY of the server is passed on as one. */
function joinSessions(
  downstream: ServerHttp2Session,
  upstream: ClientHttp2Session,
  sessions: Set<Http2Session>,
  destroyClient: () => void,
): void {
  for (const session of [downstream, upstream]) {
    sessions.add(session);
    session.on('error', () => undefined);
    session.once('close', () => sessions.delete(session));
  }
  downstream.once('close', () => upstream.destroy());
  upstream.once('goaway', () => {
    if (!downstream.closed) downstream.close();
  });
  upstream.once('close', () => {
    if (downstream.destroyed) return;
    if (downstream.closed) downstream.destroy();
    else destroyClient();
  });
}

/** Carries one call to the server and its reply back, as its fate has it. */
function carry(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  upstream: ClientHttp2Session,
  fate: CallFate,
  destroyClient: () => void,
): void {
  if (stream.destroyed) return;
  if (fate.kind === 'refuse') {
    stream.respond(statusHeaders(fate.status, fate.message), { endStream: true });
    stream.resume();
    return;
  }
  if (upstream.destroyed || upstream.closed) {
    stream.close(constants.NGHTTP2_REFUSED_STREAM);
    return;
  }
  const request = upstream.request(forwardable(headers), { endStream: false });
  request.on('error', () => undefined);
  stream.pipe(request);
  stream.once('close', () => {
    if (!request.closed) request.close(constants.NGHTTP2_CANCEL);
  });
  if (fate.kind === 'forward') {
    returnReply(request, stream);
    return;
  }
  request.resume();
  request.once('end', () => {
    fate.onCut();
    if (fate.how === 'connection') destroyClient();
    else stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  });
}

/** Streams a reply to the client: headers, messages and the trailers that hold the gRPC status. */
function returnReply(request: ClientHttp2Stream, stream: ServerHttp2Stream): void {
  let trailers: OutgoingHttpHeaders | undefined;
  request.once('trailers', (received) => (trailers = forwardable(received)));
  request.once('response', (received, flags) => {
    if (stream.destroyed) return;
    if ((flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0) {
      stream.respond(forwardable(received), { endStream: true });
      return;
    }
    stream.respond(forwardable(received), { waitForTrailers: true });
    stream.once('wantTrailers', () => {
      if (trailers !== undefined) stream.sendTrailers(trailers);
      else stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    });
    request.pipe(stream);
  });
  request.once('close', () => {
    if (request.rstCode !== constants.NGHTTP2_NO_ERROR && !stream.destroyed) stream.close(request.rstCode);
  });
}

function forwardable(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_HEADERS.has(name)));
}

function statusHeaders(status: number, message: string): OutgoingHttpHeaders {
  return {
    ':status': 200,
    'content-type': 'application/grpc',
    'grpc-status': `${status}`,
    'grpc-message': encodeURIComponent(message),
  };
}
