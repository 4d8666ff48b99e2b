/** One connection that is made to see how a server takes it; no request is sent. */
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type PeerCertificate, type TLSSocket } from 'node:tls';
import { DIAGNOSIS_TIMEOUT_MS } from '../../shared/limits.js';
import type { Credentials } from '../config/credentials.js';

/** How a server took a connection. */
export interface Handshake {
  /** It spoke HTTP/2. */
  readonly isServed: boolean;
  /** TLS came about, whoever the server is. */
  readonly isSecure: boolean;
  /** The server's certificate, if TLS came about. */
  readonly certificate?: PeerCertificate;
  /** What OpenSSL says against the certificate: `CERT_HAS_EXPIRED` and the like. */
  readonly untrusted?: string;
  /** The alert with which the server ended the connection, as OpenSSL names it: `CERTIFICATE_REQUIRED` and the like. */
  readonly alert?: string;
  /** The code of the error that ended it. */
  readonly code?: string;
}

interface Place {
  readonly host: string;
  readonly port: number;
}

/** Speaks plain HTTP/2. */
export async function shakePlain(place: Place): Promise<Handshake> {
  const socket = connectTcp({ ...place });
  return await withDeadline(socket, async () => {
    await once(socket, 'connect');
    await settingsOf(socket);
    return { isServed: true, isSecure: false };
  });
}

/** Speaks TLS, then HTTP/2. A certificate that cannot be trusted is looked at, too. */
export async function shakeTls(
  place: Place,
  serverName: string,
  { ca, client }: Pick<Credentials, 'ca' | 'client'>,
): Promise<Handshake> {
  const socket = connectTls({
    ...place,
    // A server's name in a handshake is no address.
    ...(isIP(serverName) ? {} : { servername: serverName }),
    ...(ca === undefined ? {} : { ca }),
    ...(client === undefined ? {} : { cert: client.crt, key: client.key }),
    ALPNProtocols: ['h2'],
    rejectUnauthorized: false,
    // Names are compared by who asks, who also says which the certificate has.
    checkServerIdentity: () => undefined,
  });
  let secured: Omit<Handshake, 'isServed'> = { isSecure: false };
  const handshake = await withDeadline(socket, async () => {
    await once(socket, 'secureConnect');
    secured = securedBy(socket);
    if (socket.alpnProtocol !== 'h2') return { isServed: false, ...secured, code: 'NO_HTTP2' };
    await settingsOf(socket);
    return { isServed: true, ...secured };
  });
  return { ...handshake, ...secured };
}

function securedBy(socket: TLSSocket): Omit<Handshake, 'isServed'> {
  // Declared as an error; it is the code.
  const untrusted: unknown = socket.authorizationError;
  return {
    isSecure: true,
    certificate: socket.getPeerCertificate(true),
    ...(typeof untrusted === 'string' ? { untrusted } : {}),
  };
}

/** Waits for the server's first frame: with TLS 1.3 a client certificate is refused only then. */
async function settingsOf(socket: Socket): Promise<void> {
  const session = connectHttp2('http://localhost', { createConnection: () => socket });
  try {
    await new Promise<void>((resolve, reject) => {
      session.once('remoteSettings', () => resolve());
      session.once('error', reject);
      session.once('close', () => reject(Object.assign(new Error('closed'), { code: 'CLOSED' })));
    });
  } finally {
    session.on('error', () => undefined);
    session.destroy();
  }
}

async function withDeadline(socket: Socket, shake: () => Promise<Handshake>): Promise<Handshake> {
  const timer = setTimeout(
    () => socket.destroy(Object.assign(new Error('too late'), { code: 'ETIMEDOUT' })),
    DIAGNOSIS_TIMEOUT_MS,
  );
  let first: unknown;
  socket.on('error', (error) => (first ??= error));
  const closed = once(socket, 'close').then(() => {
    throw Object.assign(new Error('closed'), { code: 'CLOSED' });
  });
  try {
    const shaken = shake();
    shaken.catch(() => undefined);
    closed.catch(() => undefined);
    return await Promise.race([shaken, closed]);
  } catch (error) {
    const code = codeOf(first ?? error);
    const [, alert] = /ALERT_([A-Z_]+)$/.exec(code) ?? [];
    return { isServed: false, isSecure: false, code, ...(alert === undefined ? {} : { alert }) };
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'UNKNOWN';
}
