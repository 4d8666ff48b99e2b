/** The server of health and metrics: what it answers, and what it does where its address is taken. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import { serveHealth } from '../../src/bridge/health/http-server.js';
import { ConfigError, createLogger } from '../../src/index.js';
import type { HealthReport } from '../../src/index.js';

const ANY = { host: '127.0.0.1', port: 0, isDefault: false };
const READY: HealthReport = { ready: true, problems: [], workers: [], clusters: [] };

/** A log whose lines can be looked at. */
function logOf(lines: Record<string, unknown>[]) {
  const write = (text: string) => lines.push(JSON.parse(text) as Record<string, unknown>);
  return createLogger({ level: 'info', format: 'json', destination: { write } });
}

/** Something that listens on a free port. */
async function listening(answer: Parameters<typeof createServer>[1] = () => undefined) {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port };
}

describe('the server of health and metrics', () => {
  it('says that the process lives, and that it is not ready while the bridge starts', async () => {
    let health: HealthReport | undefined;
    const served = { health: () => health, metricsUrl: () => undefined };
    const { url, close } = await serveHealth(ANY, served, logOf([]));
    const statusOf = async (path: string) => (await fetch(`${url}${path}`)).status;
    assert.deepEqual(
      await Promise.all(['/livez', '/readyz', '/readyz?verbose', '/metrics'].map(statusOf)),
      [200, 503, 503, 503],
    );
    assert.deepEqual(((await (await fetch(`${url}/readyz`)).json()) as HealthReport).problems, [
      'the bridge starts',
    ]);
    health = READY;
    assert.equal(await statusOf('/readyz'), 200);
    health = { ...READY, ready: false, problems: ['x'] };
    const answer = await fetch(`${url}/readyz`);
    assert.equal(answer.status, 503);
    assert.deepEqual(await answer.json(), health);
    await close();
    await assert.rejects(fetch(`${url}/livez`));
  });

  it('answers GET and HEAD of its paths, and nothing else', async () => {
    const served = { health: () => READY, metricsUrl: () => undefined };
    const { url, close } = await serveHealth(ANY, served, logOf([]));
    const head = await fetch(`${url}/readyz`, { method: 'HEAD' });
    assert.deepEqual([head.status, await head.text()], [200, '']);
    for (const path of ['/', '/livez/', '/../livez/x', '/metrics/x'])
      assert.equal((await fetch(url + path)).status, 404);
    for (const method of ['POST', 'DELETE', 'OPTIONS']) {
      const refused = await fetch(`${url}/livez`, { method });
      assert.deepEqual([refused.status, refused.headers.get('allow')], [405, 'GET, HEAD']);
    }
    await close();
  });

  it('passes the exporter’s answer on, after the gauges were set', async () => {
    let asked = 0;
    const exporter = await listening((_, response) => {
      response.setHeader('content-type', 'text/plain; version=0.0.4');
      response.end(`asked ${asked}\n`);
    });
    const served = {
      health: () => {
        asked += 1;
        return READY;
      },
      metricsUrl: () => `http://127.0.0.1:${exporter.port}/metrics`,
    };
    const { url, close } = await serveHealth(ANY, served, logOf([]));
    const answer = await fetch(`${url}/metrics`);
    assert.equal(answer.headers.get('content-type'), 'text/plain; version=0.0.4');
    assert.equal(await answer.text(), 'asked 1\n');
    assert.equal(await (await fetch(`${url}/metrics`, { method: 'HEAD' })).text(), '');
    exporter.server.close();
    exporter.server.closeAllConnections();
    const without = await fetch(`${url}/metrics`);
    assert.equal(without.status, 503);
    assert.match(await without.text(), /^no metrics: .*ECONNREFUSED/);
    await close();
  });

  it('does not wait for an exporter that does not answer', async () => {
    const exporter = await listening();
    const served = { health: () => READY, metricsUrl: () => `http://127.0.0.1:${exporter.port}/metrics` };
    const { url, close } = await serveHealth(ANY, served, logOf([]));
    assert.equal((await fetch(`${url}/metrics`)).status, 503);
    await close();
    exporter.server.close();
    exporter.server.closeAllConnections();
  });

  it('does not keep a client that sends no request', async () => {
    const served = { health: () => READY, metricsUrl: () => undefined };
    const { url, close } = await serveHealth(ANY, served, logOf([]));
    const slow = connect(Number(new URL(url).port), '127.0.0.1');
    slow.on('error', () => undefined);
    slow.write('GET /livez HTTP/1.1\r\nhost: x\r\nx-slow: ');
    await once(slow.resume(), 'close');
    await close();
  });

  it('takes a free port where the default one is taken, and warns', async () => {
    const { server, port } = await listening();
    const lines: Record<string, unknown>[] = [];
    const served = { health: () => READY, metricsUrl: () => undefined };
    const { url, close } = await serveHealth(
      { host: '127.0.0.1', port, isDefault: true },
      served,
      logOf(lines),
    );
    assert.notEqual(Number(new URL(url).port), port);
    assert.equal((await fetch(`${url}/livez`)).status, 200);
    const [warning, where] = lines;
    assert.equal(warning?.['level'], 'warn');
    assert.match(String(warning['msg']), new RegExp(`^127.0.0.1:${port} is taken`));
    assert.match(String(warning['remedy']), /BRIDGE_HTTP_ADDRESS/);
    assert.equal(where?.['url'], url);
    await close();
    server.close();
  });

  it('refuses an address that was asked for and cannot be had, and says what to do', async () => {
    const { server, port } = await listening();
    const served = { health: () => READY, metricsUrl: () => undefined };
    for (const [host, at, text] of [
      ['127.0.0.1', port, /BRIDGE_HTTP_ADDRESS: is taken; .*EADDRINUSE.*port 0 for any free one/],
      ['192.0.2.1', 0, /BRIDGE_HTTP_ADDRESS: cannot be listened on; .*192\.0\.2\.1:0 \(EADDRNOTAVAIL\)/],
    ] as const) {
      const serving = serveHealth({ host, port: at, isDefault: false }, served, logOf([]));
      await assert.rejects(serving, (error) => ConfigError.is(error) && text.test(error.message));
    }
    server.close();
  });
});
