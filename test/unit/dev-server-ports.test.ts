import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { DevServerError, startDevServer } from '../../scripts/stack/dev-server.js';
import { assertPortFree, pickFreePort } from '../../scripts/stack/ports.js';

describe('the port of a dev server', () => {
  const other = createServer();
  let taken: number;

  before(async () => {
    other.listen(0, '127.0.0.1');
    await once(other, 'listening');
    taken = (other.address() as AddressInfo).port;
  });
  after(() => other.close());

  it('is refused by number, with the variable that changes it, if it is taken', async () => {
    const start = startDevServer({
      name: 'B',
      cli: '/nonexistent',
      port: taken,
      portVariable: 'CLUSTER_B_PORT',
    });
    await assert.rejects(start, (error) => {
      assert.ok(error instanceof DevServerError);
      assert.equal(error.code, 'PORT_TAKEN');
      assert.equal(error.port, taken);
      assert.match(
        error.message,
        new RegExp(`port ${taken}, the gRPC port of cluster B, .* set CLUSTER_B_PORT`),
      );
      return true;
    });
  });

  it('is free to use when picked', async () => {
    await assertPortFree(await pickFreePort(), 'a test');
  });
});

describe('a dev server whose program cannot be run', () => {
  it('fails at once with what was said', async () => {
    await assert.rejects(startDevServer({ name: 'A', cli: '/nonexistent' }), (error) => {
      assert.ok(error instanceof DevServerError);
      assert.equal(error.code, 'EXITED');
      assert.match(error.message, /nonexistent/);
      return true;
    });
  });
});
