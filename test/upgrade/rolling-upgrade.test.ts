/** Today's build takes over from an earlier one with calls in flight, and gives them back. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { after, before, describe, it } from 'node:test';
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
    const folder = await mkdtemp(join(tmpdir(), 'shallow-'));
    const [whole, shallow] = [join(folder, 'whole'), join(folder, 'shallow')];
    const git = async (...args: string[]): Promise<string> => {
      const { ok, stdout, problem } = await runCommand('git', args);
      assert.ok(ok, problem);
      return stdout.trim();
    };
    const commit = async (): Promise<string> => {
      const who = ['-c', 'user.name=test', '-c', 'user.email=test@example.com'];
      await git('-C', whole, ...who, 'commit', '--quiet', '--allow-empty', '--message', 'a commit');
      return await git('-C', whole, 'rev-parse', 'HEAD');
    };
    try {
      await git('init', '--quiet', whole);
      const [earlier, later] = [await commit(), await commit()];
      await git('clone', '--quiet', '--depth', '1', pathToFileURL(whole).href, shallow);
      await assertCommitIsThere(later, shallow);
      await assert.rejects(assertCommitIsThere(earlier, shallow), /git fetch --unshallow/);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
