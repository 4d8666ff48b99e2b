/** `temporal-bridge run`: start, signals, failures and exit status. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { BridgeHandle } from '../../src/cli/io.js';
import { runCli } from '../../src/cli/program.js';
import { surroundings, type FakeBridge } from '../support/cli-surroundings.js';

/** Lets everything that is due happen. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

const DEV = { BRIDGE_DEV: 'true' };

describe('temporal-bridge run', () => {
  it('starts nothing with a bad configuration and exits with 2', async () => {
    const { io, err, started } = surroundings();
    assert.equal(await runCli(['run'], io), 2);
    assert.equal(started.length, 0);
    assert.ok(err().includes('temporal-bridge keys new'));
  });

  it('takes role and development run from its options', async () => {
    const { io, bridge, started, signals } = surroundings({ BRIDGE_ROLE: 'both' });
    const exit = runCli(['run', '--role', 'handler', '--dev'], io);
    await settle();
    assert.deepEqual([started[0]?.role, started[0]?.dev], ['handler', true]);
    signals.emit('SIGTERM');
    assert.equal(await exit, 0);
    assert.deepEqual(bridge.reasons, ['SIGTERM']);
  });

  for (const signal of ['SIGTERM', 'SIGINT']) {
    it(`drains and exits with 0 on ${signal}, and lets go of the signals`, async () => {
      const { io, bridge, signals, out, exits } = surroundings(DEV);
      const exit = runCli(['run'], io);
      await settle();
      bridge.becomeReady();
      await settle();
      assert.ok(out().includes('"msg":"bridge ready"'));
      signals.emit(signal);
      assert.equal(await exit, 0);
      assert.ok(out().includes('"msg":"bridge stopped"'));
      assert.deepEqual(bridge.reasons, [signal]);
      assert.deepEqual(exits, []);
      assert.deepEqual(signals.eventNames(), []);
    });
  }

  it('ends at once with 130 and a log line on a second signal', async () => {
    const { io, bridge, signals, exits, out } = surroundings(DEV);
    bridge.onShutdown = () => new Promise(() => undefined);
    const exit = runCli(['run'], io);
    await settle();
    signals.emit('SIGTERM');
    await settle();
    assert.deepEqual(exits, []);
    signals.emit('SIGINT');
    assert.deepEqual(exits, [130]);
    assert.ok(out().includes('second signal'));
    bridge.close();
    assert.equal(await exit, 0);
  });

  it('has the files of keys and allow-list read again on SIGHUP, and goes on', async () => {
    const { io, bridge, signals } = surroundings(DEV);
    const exit = runCli(['run'], io);
    await settle();
    signals.emit('SIGHUP');
    signals.emit('SIGHUP');
    assert.equal(bridge.reloads, 2);
    assert.deepEqual(bridge.reasons, []);
    signals.emit('SIGTERM');
    signals.emit('SIGHUP');
    assert.equal(await exit, 0);
    assert.equal(bridge.reloads, 2, 'a bridge that drains reads nothing');
    assert.equal(signals.listenerCount('SIGHUP'), 0);
  });

  it('keeps a signal that comes before the bridge is made', async () => {
    const { io, bridge, signals } = surroundings(DEV);
    let made: (bridge: BridgeHandle) => void = () => undefined;
    const exit = runCli(['run'], { ...io, runBridge: () => new Promise((resolve) => (made = resolve)) });
    await settle();
    signals.emit('SIGTERM');
    made(bridge);
    assert.equal(await exit, 0);
    assert.deepEqual(bridge.reasons, ['SIGTERM']);
  });

  const failures: readonly (readonly [what: string, fail: (bridge: FakeBridge) => void])[] = [
    ['breaks', (bridge) => bridge.break(new Error('boom'))],
    ['cannot become ready', (bridge) => bridge.failReady(new Error('boom'))],
  ];
  for (const [what, fail] of failures) {
    it(`shuts down and exits with 1 and a log line that says why if the bridge ${what}`, async () => {
      const { io, bridge, out } = surroundings(DEV);
      const exit = runCli(['run'], io);
      await settle();
      fail(bridge);
      assert.equal(await exit, 1);
      assert.match(out(), /"level":"error".*"message":"boom".*"msg":"bridge failed"/);
      assert.deepEqual(bridge.reasons, ['failed']);
    });
  }

  it('exits with 1 if the bridge cannot be made', async () => {
    const { io, out } = surroundings(DEV);
    const exit = await runCli(['run'], { ...io, runBridge: () => Promise.reject(new Error('boom')) });
    assert.equal(exit, 1);
    assert.match(out(), /"message":"boom"/);
  });

  it('exits with 1 if the shutdown fails', async () => {
    const { io, bridge, signals, out } = surroundings(DEV);
    bridge.onShutdown = () => Promise.reject(new Error('stuck'));
    const exit = runCli(['run'], io);
    await settle();
    signals.emit('SIGTERM');
    assert.equal(await exit, 1);
    assert.match(out(), /"message":"stuck"/);
  });

  it('exits with 1 if the bridge ends without being told to', async () => {
    const { io, bridge, out } = surroundings(DEV);
    const exit = runCli(['run'], io);
    await settle();
    bridge.close();
    assert.equal(await exit, 1);
    assert.ok(out().includes('bridge ended by itself'));
  });

  it('gives up on a shutdown that hangs past the grace time', async (t) => {
    const { io, bridge, signals, out } = surroundings({ ...DEV, BRIDGE_SHUTDOWN_GRACE: '0s' });
    bridge.onShutdown = () => new Promise(() => undefined);
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const exit = runCli(['run'], io);
    await settle();
    signals.emit('SIGTERM');
    await settle();
    t.mock.timers.tick(10_000);
    assert.equal(await exit, 1);
    assert.match(out(), /did not stop within 10000 ms/);
  });

  it('logs an uncaught error and ends with 1', async () => {
    const { io, signals, exits, out } = surroundings(DEV);
    const exit = runCli(['run'], io);
    await settle();
    signals.emit('uncaughtException', new Error('boom'));
    assert.deepEqual(exits, [1]);
    assert.match(out(), /"message":"boom".*"msg":"uncaught error"/);
    signals.emit('SIGTERM');
    await exit;
  });
});
