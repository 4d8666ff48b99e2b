/**
 * Each check that hostile input can meet has an input that nothing but this check refuses: with the check taken out of the
 * source, the same input is taken, or breaks the code. The checks of requests are tried so in cross-cluster-request.test.ts.
 */
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { REQUEST_CHECKS } from '../../src/shared/request-checks.js';
import { HOSTILE_CHECKS } from '../support/hostile-checks/all.js';
import type { HostileCheck } from '../support/hostile-checks/check.js';
import type { Load } from '../support/hostile-checks/mutants.js';
import { Mutants } from '../support/hostile-checks/mutants.js';
import { readDocument, readTable } from '../support/markdown.js';

/** What the sources make of an input: what they took it for, or the error's message. */
async function takenFor(load: Load, check: HostileCheck): Promise<{ taken?: string; error?: string }> {
  try {
    return { taken: JSON.stringify(await check.input(load)) };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

describe('the check that', () => {
  const mutants = new Mutants();
  after(() => mutants.remove());

  for (const check of HOSTILE_CHECKS)
    it(`${check.name} refuses what nothing else refuses (${check.place})`, async () => {
      const refused = await takenFor(mutants.original, check);
      assert.match(refused.error ?? refused.taken ?? '', check.says);
      const without = await takenFor(mutants.mutant(check), check);
      assert.notDeepEqual(without, refused, 'the check is a duplicate, or its case hits another');
      if (check.without === undefined) assert.equal(without.error, undefined, 'taken without the check');
    });

  it('has a name of its own', () => {
    const names = HOSTILE_CHECKS.map(({ name }) => name);
    assert.deepEqual(names, [...new Set(names)]);
  });
});

describe('docs/security.md', () => {
  it('lists every check, by where it is met', () => {
    const { rows } = readTable(readDocument('docs/security.md'), '### The checks');
    const listed = Object.fromEntries(rows.map(([place = '', checks = '']) => [place, checks.split('; ')]));
    const places = [...new Set(HOSTILE_CHECKS.map(({ place }) => place))];
    const byPlace = (place: string) =>
      HOSTILE_CHECKS.filter((check) => check.place === place).map(({ name }) => name);
    assert.deepEqual(listed, {
      request: REQUEST_CHECKS.map(({ name }) => name),
      ...Object.fromEntries(places.map((place) => [place, byPlace(place)])),
    });
  });
});
