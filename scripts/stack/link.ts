import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** A TCP link whose bytes can be held, delayed or lost. */
export interface Link {
  /** Where clients connect, `host:port`. */
  readonly address: string;
  /** Destroys the connections, and any that is made before {@link heal}. */
  cut(): void;
  /** Holds all bytes of all connections, both ways, and accepts new ones without reading, until {@link heal}. */
  blackhole(): void;
  /** Ends {@link cut} and {@link blackhole}; what a black hole held goes on. */
  heal(): void;
  /** Delays all bytes, both ways, by this many milliseconds each way. 0 ends it. */
  setDelay(delayMs: number): void;
  /** Destroys the client's connection that reaches the target from this local port. */
  destroyBySourcePort(port: number | undefined): void;
  /** How many client connections are open. */
  openConnections(): number;
  /** Destroys everything. */
  close(): Promise<void>;
}

/** Starts a link on a free port of 127.0.0.1 that leads to a port of the same host. */
export async function startLink(targetPort: number): Promise<Link> {
  let mode: 'open' | 'cut' | 'held' = 'open';
  let delayMs = 0;
  const pairs = new Set<{ client: Socket; target: Socket }>();

  const forward = (from: Socket, to: Duplex): void => {
    // Chunks keep their order: each waits for the one before it.
    let last = Promise.resolve();
    const inOrder = (waitMs: number, action: () => void): void => {
      const due = waitMs > 0 ? new Promise((resolve) => setTimeout(resolve, waitMs)) : Promise.resolve();
      last = Promise.all([last, due]).then(action);
    };
    from.on('data', (chunk: Buffer) => {
      const write = (): void => {
        if (to.writable && !to.write(chunk)) {
          from.pause();
          to.once('drain', () => mode !== 'held' && from.resume());
        }
      };
      inOrder(delayMs, write);
    });
    from.on('end', () => inOrder(delayMs, () => to.end()));
  };

  const server = createServer({ noDelay: true }, (client) => {
    client.on('error', () => undefined);
    if (mode === 'cut') {
      client.resetAndDestroy();
      return;
    }
    const target = connect({ host: '127.0.0.1', port: targetPort, noDelay: true });
    target.on('error', () => undefined);
    const pair = { client, target };
    pairs.add(pair);
    client.once('close', () => target.destroy());
    target.once('close', () => {
      pairs.delete(pair);
      client.destroy();
    });
    forward(client, target);
    forward(target, client);
    if (mode === 'held') {
      client.pause();
      target.pause();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const destroyAll = (): void => {
    for (const { client } of pairs) client.resetAndDestroy();
  };
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut() {
      mode = 'cut';
      destroyAll();
    },
    blackhole() {
      mode = 'held';
      for (const { client, target } of pairs) {
        client.pause();
        target.pause();
      }
    },
    heal() {
      mode = 'open';
      for (const { client, target } of pairs) {
        client.resume();
        target.resume();
      }
    },
    setDelay(ms) {
      delayMs = ms;
    },
    destroyBySourcePort(port) {
      for (const { client, target } of pairs) if (target.localPort === port) client.resetAndDestroy();
    },
    openConnections: () => pairs.size,
    async close() {
      server.close();
      destroyAll();
      await once(server, 'close');
    },
  };
}
