import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DefaultLogger, Runtime, bundleWorkflowCode } from '@temporalio/worker';
import { bundleOptions, prebuiltBundlePath } from '../src/bridge/workflow-bundles.js';

/**
 * Bundles the workflow code of the bridge's workers into `outDir`, as `caller.js` and `handler.js`, each with and without
 * tracing, so that no process has to bundle at its start.
 */
export async function buildBundles(outDir: string): Promise<void> {
  await mkdir(outDir, { recursive: true });
  for (const name of ['caller', 'handler'] as const) {
    for (const isTraced of [false, true]) {
      const options = bundleOptions(name, isTraced);
      const { code } = await bundleWorkflowCode({ ...options, logger: new DefaultLogger('WARN') });
      // In one step: a bridge may be started from this folder meanwhile.
      const path = prebuiltBundlePath(name, join(outDir, '/'), isTraced);
      await writeFile(`${path}.${process.pid}`, code);
      await rename(`${path}.${process.pid}`, path);
    }
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  Runtime.install({ logger: new DefaultLogger('WARN') });
  await buildBundles(process.argv[2] ?? fileURLToPath(new URL('../dist/bundles/', import.meta.url)));
}
