import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { DevServerError } from './dev-server-error.js';

const HOST = '127.0.0.1';

/** Picks a port on 127.0.0.1 that nothing listens on now. Another process may take it before its use. */
export async function pickFreePort(): Promise<number> {
  const server = createServer();
  server.listen(0, HOST);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/**
 * Makes sure that a port can be listened on.
 *
 * @param use what the port is for, e.g. `the gRPC port of cluster A`
 * @param variable the environment variable by which the port is changed, if there is one
 * @throws {DevServerError} `PORT_TAKEN` if something listens there
 */
export async function assertPortFree(port: number, use: string, variable?: string): Promise<void> {
  // Both looks are needed: some systems let a second listener have a port by a narrower address.
  if (!(await isAnswered(port)) && (await canListen(port))) return;
  const remedy =
    variable === undefined ? 'free it, or use another' : `free it, or set ${variable} to another`;
  throw new DevServerError('PORT_TAKEN', `port ${port}, ${use}, is in use by another program; ${remedy}`, {
    port,
  });
}

async function isAnswered(port: number): Promise<boolean> {
  const socket = connect({ host: HOST, port, timeout: 1_000 });
  try {
    return await new Promise((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
      socket.once('timeout', () => resolve(false));
    });
  } finally {
    socket.destroy();
  }
}

async function canListen(port: number): Promise<boolean> {
  const server = createServer();
  const listens = await new Promise<boolean>((resolve) => {
    server.once('listening', () => resolve(true));
    server.once('error', () => resolve(false));
    server.listen(port, HOST);
  });
  if (listens) {
    server.close();
    await once(server, 'close');
  }
  return listens;
}
