import { setTimeout as sleep } from 'node:timers/promises';
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { OutageStage } from '../support/outage-stage.js';
import { setUpOutageStage } from '../support/outage-stage.js';
import { assertEachCallOnce, startSteadyCalls, untilNothingIsOpen } from '../support/steady-calls.js';

describe('short outages', () => {
  let stage: OutageStage;
  // Two seconds between two tries, so that the test need not wait out the default minute.
  before(async () => (stage = await setUpOutageStage({ BRIDGE_START_RETRY_MAX: '2s' })));
  after(() => stage.close());

  it('no call is lost or made twice when servers, roles and the link fail one after the other', async () => {
    const { clusters, servers, links, roles } = stage;
    const load = startSteadyCalls(clusters, 'short');
    // Cut with calls open whose targets end meanwhile, so that completions fail, too.
    await links.toB.waitForCall('StartWorkflowExecution', 5);
    await sleep(150);
    for (const link of [links.toA, links.toB]) link.cut();
    await sleep(5_000);
    for (const link of [links.toA, links.toB]) link.heal();
    for (const server of [servers.a, servers.b]) {
      await server.kill9();
      await sleep(400);
      await server.restart();
    }
    for (const role of [roles.handler, roles.caller]) {
      await sleep(500);
      await role.kill9();
    }
    const calls = await load.stop();
    await untilNothingIsOpen(clusters, 90_000);
    const { slowestMs } = await assertEachCallOnce(clusters, calls);
    assert.deepEqual([...roles.caller.ownExits, ...roles.handler.ownExits], []);
    console.log(`note: short outages: ${calls.length} calls, the slowest took ${slowestMs} ms`);
  });
});
