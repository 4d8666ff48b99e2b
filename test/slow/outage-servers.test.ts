import { setTimeout as sleep } from 'node:timers/promises';
import { describe, it } from 'node:test';
import { callsSurvive } from '../support/outage-run.js';

describe('outages of the servers, at 5 calls a second', () => {
  it('no call is lost or made twice when each server is killed with calls open, and restarted', async () => {
    await callsSurvive('servers killed', async ({ servers }) => {
      let kills = 0;
      let longestMs = 0;
      for (const [server, downMs] of [
        [servers.a, 200],
        [servers.b, 200],
        [servers.a, 8_000],
        [servers.b, 8_000],
      ] as const) {
        await sleep(3_000 + Math.random() * 1_000);
        await server.kill9();
        kills += 1;
        const downAt = Date.now();
        await sleep(downMs);
        await server.restart();
        longestMs = Math.max(longestMs, Date.now() - downAt);
      }
      await sleep(3_000);
      return { kills, 'longest outage': `${(longestMs / 1000).toFixed(1)} s` };
    });
  });
});
