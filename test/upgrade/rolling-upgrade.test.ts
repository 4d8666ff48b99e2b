/** Today's build takes over from an earlier one with calls in flight, and gives them back. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { after, before, describe, it } from 'node:test';
import { repoRoot } from '../../scripts/stack/paths.js';
import { runCommand } from '../../scripts/stack/run-command.js';
import { createSealKeyFiles } from '../support/seal-keys.js';
import type { SealKeyFiles } from '../support/seal-keys.js';
import { openStage } from '../support/stage.js';
import {
  assertCommitIsThere,
  buildEarlier,
  canShareModules,
  namedCommit,
  type EarlierBuild,
} from './earlier-build.js';
import { playReplacement } from './replacement.js';

describe('processes of an earlier build and of today’s, side by side, with calls in flight', () => {
  let earlier: EarlierBuild;
  let keys: SealKeyFiles;

  before(async () => {
    [earlier, keys] = await Promise.all([buildEarlier(await namedCommit()), createSealKeyFiles()]);
  });
  after(async () => {
    await Promise.all([earlier?.remove(), keys?.remove()]);
  });

  for (const first of ['handler', 'caller'] as const) {
    it(`upgraded with the ${first} side first, every call ends once, by signal`, async (t) => {
      const stage = await openStage(t);
      await playReplacement({ stage, keys, from: earlier, to: undefined, first });
    });

    it(`rolled back with the ${first} side first, every call ends once, by signal`, async (t) => {
      const stage = await openStage(t);
      await playReplacement({ stage, keys, from: undefined, to: earlier, first });
    });
  }
});

describe('the packages of an earlier build', () => {
  for (const [what, version, isShared] of [
    ['shared if each that it names has its version today', '1.2.3', true],
    ['its own if one has another version today', '1.2.4', false],
    ['its own if one is gone today', undefined, false],
  ] as const)
    it(`are ${what}`, async (t) => {
      const folder = await mkdtemp(join(tmpdir(), 'packages-'));
      t.after(() => rm(folder, { recursive: true, force: true }));
      const locks = { earlier: '1.2.3', today: version };
      for (const [name, locked] of Object.entries(locks)) {
        const packages = locked === undefined ? {} : { 'node_modules/one': { version: locked } };
        await mkdir(join(folder, name));
        await writeFile(join(folder, name, 'package.json'), '{ "devDependencies": { "one": "^1.0.0" } }');
        await writeFile(join(folder, name, 'package-lock.json'), JSON.stringify({ packages }));
      }
      assert.equal(await canShareModules(join(folder, 'earlier'), join(folder, 'today')), isShared);
    });
});

describe('a clone that lacks the earlier commit', () => {
  it('is told how to fetch it', async () => {
    const { commit } = await namedCommit();
    const folder = await mkdtemp(join(tmpdir(), 'shallow-'));
    try {
      const clone = ['clone', '--quiet', '--depth', '1', pathToFileURL(repoRoot).href, folder];
      const { ok, problem } = await runCommand('git', clone);
      assert.ok(ok, problem);
      await assert.rejects(assertCommitIsThere(commit, folder), /git fetch --unshallow/);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
