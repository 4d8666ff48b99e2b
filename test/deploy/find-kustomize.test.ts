/** How the tests of the manifests come by kustomize. */
import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { findKustomize } from '../../scripts/stack/find-kustomize.js';

describe('kustomize', () => {
  let folder: string;
  const log = () => undefined;
  const program = async (name: string, says: string): Promise<string> => {
    const path = join(folder, name);
    await writeFile(path, `#!/bin/sh\necho '${says}'\n`);
    await chmod(path, 0o755);
    return path;
  };
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'find-kustomize-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('is the one that KUSTOMIZE_PATH names: a release, or one that Go built', async () => {
    for (const says of ['v5.4.3', '(devel)']) {
      const path = await program('named', says);
      assert.equal(
        await findKustomize({ log, env: { KUSTOMIZE_PATH: path, PATH: process.env['PATH'] } }),
        path,
      );
    }
  });

  it('of an older major version, or something else, is refused by name', async () => {
    for (const says of ['{Version:kustomize/v4.5.7}', 'something else']) {
      const path = await program('other', says);
      const message = `KUSTOMIZE_PATH is set to ${JSON.stringify(path)}, which is no kustomize 5 that can be run`;
      const env = { KUSTOMIZE_PATH: path, PATH: process.env['PATH'] };
      await assert.rejects(findKustomize({ log, env }), { message });
    }
  });
});
