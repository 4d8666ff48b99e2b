/** How the tests of traces come by a Jaeger; fetching one is left to those who have none. */
import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { findJaeger } from '../../scripts/stack/find-jaeger.js';

describe('a Jaeger', () => {
  let folder: string;
  const log = () => undefined;
  const program = async (name: string, script: string): Promise<string> => {
    const path = join(folder, name);
    await writeFile(path, `#!/bin/sh\n${script}\n`);
    await chmod(path, 0o755);
    return path;
  };
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'find-jaeger-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('is the one that JAEGER_PATH names', async () => {
    const two = await program('two', 'exit 0');
    assert.equal(await findJaeger({ log, env: { JAEGER_PATH: two, PATH: process.env['PATH'] } }), two);
  });

  it('that is of version 1, or cannot be run, is refused by name', async () => {
    const one = await program('one', '[ "$1" = version ]');
    for (const path of [one, join(folder, 'none')]) {
      const refused = {
        message: `JAEGER_PATH is set to ${JSON.stringify(path)}, which is no Jaeger 2 that can be run`,
      };
      await assert.rejects(
        findJaeger({ log, env: { JAEGER_PATH: path, PATH: process.env['PATH'] } }),
        refused,
      );
    }
  });

  it('on the PATH is taken, one of version 1 passed over', async () => {
    const [old, fresh] = [join(folder, 'old'), join(folder, 'fresh')];
    for (const [at, script] of [
      [old, '[ "$1" = version ]'],
      [fresh, 'exit 0'],
    ] as const) {
      await mkdir(at);
      await program(join(at.slice(folder.length + 1), 'jaeger'), script);
    }
    const env = { PATH: `${old}:${fresh}`, HOME: folder };
    assert.equal(await findJaeger({ log, env }), join(fresh, 'jaeger'));
  });
});
