/** What stands before a Temporal server that has TLS: it ends TLS and passes the bytes on. */
import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { createServer, type SecureContextOptions, type TLSSocket } from 'node:tls';
import type { Pair } from './certificates.js';

/** How a front speaks TLS. */
export interface TlsFrontOptions {
  readonly server: Pair;
  /** CA of client certificates in PEM: without one that it signed nobody gets in. Absent: no client certificate is asked for. */
  readonly clientCa?: string;
}

/** A running front. */
export interface TlsFront {
  readonly port: number;
  /** `127.0.0.1:port` */
  readonly address: string;
  /** Common names of the client certificates, one for each connection that was let in; `''`: none was asked for. */
  readonly clients: readonly string[];
  /** How many connections are open of clients with this name. */
  openOf(name: string): number;
  /** Ends the connections of all clients but those with this name. */
  dropAllBut(name: string): void;
  /** From now on, for new connections. */
  use(options: TlsFrontOptions): void;
  close(): Promise<void>;
}

function contextOf({ server, clientCa }: TlsFrontOptions): SecureContextOptions {
  return { key: server.key, cert: server.cert, ...(clientCa === undefined ? {} : { ca: clientCa }) };
}

/** Starts a front on a free port of 127.0.0.1, before a server without TLS. */
export async function startTlsFront(target: string, options: TlsFrontOptions): Promise<TlsFront> {
  const [host = '', port = ''] = target.split(':');
  const clients: string[] = [];
  const open = new Map<TLSSocket, string>();
  const sockets = new Set<Socket>();
  const server = createServer({
    ...contextOf(options),
    ALPNProtocols: ['h2'],
    requestCert: options.clientCa !== undefined,
    rejectUnauthorized: options.clientCa !== undefined,
  });
  server.on('tlsClientError', () => undefined);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('secureConnection', (client) => {
    const name = String(client.getPeerCertificate().subject?.CN ?? '');
    clients.push(name);
    open.set(client, name);
    const upstream = connect({ host, port: Number(port), noDelay: true });
    client.on('error', () => undefined);
    upstream.on('error', () => undefined);
    client.once('close', () => {
      open.delete(client);
      upstream.destroy();
    });
    upstream.once('close', () => client.destroy());
    client.pipe(upstream).pipe(client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const own = (server.address() as AddressInfo).port;
  return {
    port: own,
    address: `127.0.0.1:${own}`,
    clients,
    openOf: (name) => [...open.values()].filter((one) => one === name).length,
    dropAllBut: (name) => {
      for (const [socket, one] of open) if (one !== name) socket.destroy();
    },
    use: (next) => server.setSecureContext(contextOf(next)),
    close: async () => {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}
