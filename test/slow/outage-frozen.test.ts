import { setTimeout as sleep } from 'node:timers/promises';
import { describe, it } from 'node:test';
import { callsSurvive } from '../support/outage-run.js';

describe('servers that keep their connections and answer nothing, at 5 calls a second', () => {
  for (const name of ['a', 'b'] as const) {
    it(`no call is lost or made twice when server ${name.toUpperCase()} answers nothing for 90 s`, async () => {
      await callsSurvive(`server ${name.toUpperCase()} frozen`, async ({ servers }) => {
        await sleep(3_000);
        servers[name].freeze();
        await sleep(90_000);
        servers[name].thaw();
        await sleep(3_000);
        return { freezes: 1, 'longest outage': '90 s' };
      });
    });
  }
});
