/** How the tests of alert rules come by promtool; what fetches one is replaced. */
import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { fromDebian } from '../../scripts/stack/fetch-program.js';
import { findProgram, type FetchProgram } from '../../scripts/stack/find-program.js';
import { findPromtool } from '../../scripts/stack/find-promtool.js';

describe('promtool', () => {
  let folder: string;
  const log = () => undefined;
  const program = async (at: string, script: string): Promise<string> => {
    const path = join(folder, at);
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(path, `#!/bin/sh\n${script}\n`);
    await chmod(path, 0o755);
    return path;
  };
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'find-promtool-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('is the one that PROMTOOL_PATH names, wherever it prints its version', async () => {
    for (const [name, script] of [
      ['two', 'echo "promtool, version 2.42.0+ds (branch: debian/sid)" >&2'],
      ['built', 'echo "promtool, version  (branch: , revision: unknown)"'],
    ] as const) {
      const path = await program(name, script);
      assert.equal(
        await findPromtool({ log, env: { PROMTOOL_PATH: path, PATH: process.env['PATH'] } }),
        path,
      );
    }
  });

  it('that is something else, or cannot be run, is refused by name', async () => {
    const other = await program('other', 'echo "something, version 2.0"');
    for (const path of [other, join(folder, 'none')]) {
      const refused = {
        message: `PROMTOOL_PATH is set to ${JSON.stringify(path)}, which is no promtool that can be run`,
      };
      const env = { PROMTOOL_PATH: path, PATH: process.env['PATH'] };
      await assert.rejects(findPromtool({ log, env }), refused);
    }
  });

  it('on the PATH is taken before one in the cache', async () => {
    const version = 'echo "promtool, version 3.5.1"';
    const onPath = await program('bin/promtool', version);
    const cached = await program('cache/promtool', version);
    const find = (PATH: string): Promise<string> =>
      findPromtool({ log, env: { PATH, HOME: folder }, cacheFolder: join(folder, 'cache') });
    assert.equal(await find(`${folder}/empty:${folder}/bin`), onPath);
    assert.equal(await find(`${folder}/empty`), cached);
  });
});

describe('a program that no machine has', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'find-program-'));
  });
  const giving =
    (text: string): FetchProgram =>
    async ({ scratch }) => {
      const path = join(scratch, 'made');
      await writeFile(path, `#!/bin/sh\n${text}\n`);
      await chmod(path, 0o755);
      return path;
    };
  const find = (ways: readonly FetchProgram[]): Promise<string> =>
    findProgram(
      {
        name: 'tool-of-no-machine',
        what: 'tool',
        variable: 'TOOL_PATH',
        isUsable: (path) => Promise.resolve(path.endsWith('made') || path.startsWith(folder)),
        ways,
        advice: ['Get one.'],
      },
      { log: () => undefined, env: { PATH: '', HOME: folder }, cacheFolder: folder },
    );

  it('is fetched the first way that gives one, and kept', async () => {
    const none: FetchProgram = () => Promise.resolve(undefined);
    const path = await find([none, giving('exit 0'), giving('exit 1')]);
    assert.equal(path, join(folder, 'tool-of-no-machine'));
    assert.deepEqual(await readdir(folder), ['tool-of-no-machine']);
    assert.equal(await find([]), path);
    await rm(folder, { recursive: true });
  });

  it('that no way gives is said to be missing, with advice', async () => {
    const noPackages: FetchProgram = (surroundings) =>
      fromDebian('tool', 'usr/bin/tool')({ ...surroundings, env: { PATH: folder } });
    await assert.rejects(find([noPackages]), {
      message: 'No tool found, and none could be fetched.\nGet one.',
    });
    assert.deepEqual(await readdir(folder), []);
    await rm(folder, { recursive: true });
  });
});
