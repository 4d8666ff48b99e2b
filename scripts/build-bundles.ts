import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DefaultLogger, Runtime, bundleWorkflowCode } from '@temporalio/worker';
import { bundleOptions } from '../src/bridge/workflow-bundles.js';

/**
 * Bundles the workflow code of the bridge's workers into `outDir`, as `caller.js` and `handler.js`, so that no process
 * has to bundle at its start.
 */
export async function buildBundles(outDir: string): Promise<void> {
  await mkdir(outDir, { recursive: true });
  for (const name of ['caller', 'handler'] as const) {
    const { code } = await bundleWorkflowCode({ ...bundleOptions(name), logger: new DefaultLogger('WARN') });
    // In one step: a bridge may be started from this folder meanwhile.
    const draft = join(outDir, `${name}.js.${process.pid}`);
    await writeFile(draft, code);
    await rename(draft, join(outDir, `${name}.js`));
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  Runtime.install({ logger: new DefaultLogger('WARN') });
  await buildBundles(process.argv[2] ?? fileURLToPath(new URL('../dist/bundles/', import.meta.url)));
}
