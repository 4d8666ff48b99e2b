import { setTimeout as sleep } from 'node:timers/promises';
import { describe, it } from 'node:test';
import { callsSurvive } from '../support/outage-run.js';

const OUTAGE_MS = 90_000;

describe('outages of the link between the clusters, at 5 calls a second', () => {
  for (const [what, fault] of [
    ['cut', 'cut'],
    ['a black hole', 'blackhole'],
  ] as const) {
    it(`no call is lost or made twice when the link is ${what} for 90 s`, async () => {
      await callsSurvive(`link ${what}`, async ({ links }) => {
        await sleep(3_000);
        for (const link of [links.toA, links.toB]) link[fault]();
        await sleep(OUTAGE_MS);
        for (const link of [links.toA, links.toB]) link.heal();
        await sleep(3_000);
        return { outages: 1, 'longest outage': `${OUTAGE_MS / 1000} s` };
      });
    });
  }
});
