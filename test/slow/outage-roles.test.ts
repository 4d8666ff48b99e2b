import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, it } from 'node:test';
import type { KeptBridge } from '../support/bridge-process.js';
import type { FaultProxy } from '../support/fault-proxy.js';
import { callsSurvive } from '../support/outage-run.js';

const RANDOM_KILLS = 20;
const AIMED_KILLS = 3;

/** Kills a role after the server has carried out a request of it and before it reads the reply. */
async function killBeforeReply(role: KeptBridge, link: FaultProxy, method: string): Promise<void> {
  let release = (): void => undefined;
  const holdUntil = new Promise<void>((resolve) => (release = resolve));
  const lost = link.cutReply({ method, holdUntil });
  await lost.done;
  await role.kill9();
  release();
  lost.remove();
}

describe('outages of the bridge, at 5 calls a second', () => {
  it(`no call is lost or made twice when roles are killed ${RANDOM_KILLS} times at random`, async () => {
    await callsSurvive('roles killed at random', async ({ roles }) => {
      for (let kill = 0; kill < RANDOM_KILLS; kill += 1) {
        await sleep(1_000 + Math.random() * 6_000);
        await (Math.random() < 0.5 ? roles.caller : roles.handler).kill9();
      }
      const { caller, handler } = roles;
      assert.equal(caller.kills + handler.kills, RANDOM_KILLS);
      await sleep(2_000);
      return { 'kills of the caller role': caller.kills, 'kills of the handler role': handler.kills };
    });
  });

  it('no call is lost or made twice when roles are killed before they read that a request was accepted', async () => {
    await callsSurvive('roles killed before the reply', async ({ roles, links }) => {
      for (let kill = 0; kill < AIMED_KILLS; kill += 1) {
        await sleep(1_000);
        await killBeforeReply(roles.caller, links.toB, 'StartWorkflowExecution');
        await sleep(1_000);
        await killBeforeReply(roles.handler, links.toA, 'SignalWorkflowExecution');
      }
      return { 'starts accepted, reply unread': AIMED_KILLS, 'signals accepted, reply unread': AIMED_KILLS };
    });
  });
});
