import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode } from '@temporalio/worker';
import type { BundleOptions, WorkflowBundleOption } from '@temporalio/worker';
import { modulePath, packageRoot } from './module-path.js';

/** Which of the bridge's workers a bundle is for. */
export type BundleName = 'caller' | 'handler';

const WORKFLOW_FILES: Readonly<Record<BundleName, string>> = {
  caller: 'workflows-a/cross-cluster-workflow',
  handler: 'workflows-b/remote-call-workflow',
};

/** The module that imports what the workflows of one V8 context can share. */
export const PRELOADED = modulePath('src/workflow/preload');

/** How the workflow code of one of the bridge's workers is bundled; the interceptors of tracing only where they are used. */
export function bundleOptions(name: BundleName, isTraced = false): BundleOptions {
  return {
    workflowsPath: modulePath(WORKFLOW_FILES[name]),
    workflowInterceptorModules: [
      ...(isTraced ? [modulePath('src/workflow/traced-interceptors')] : []),
      modulePath('src/workflow/interceptors'),
    ],
    failureConverterPath: modulePath('src/workflow/raw-failure-converter'),
    preloadModules: [PRELOADED],
  };
}

/** Where `npm run build` puts a bundle, so that no process has to bundle at its start. */
export function prebuiltBundlePath(
  name: BundleName,
  folder = fileURLToPath(new URL('bundles/', packageRoot)),
  isTraced = false,
): string {
  return `${folder}${name}${isTraced ? '-traced' : ''}.js`;
}

/** The workflow code of one of the bridge's workers: as built, else bundled now (some seconds). */
export async function loadBundle(
  name: BundleName,
  folder?: string,
  isTraced = false,
): Promise<WorkflowBundleOption> {
  const codePath = prebuiltBundlePath(name, folder, isTraced);
  return existsSync(codePath) ? { codePath } : await bundleWorkflowCode(bundleOptions(name, isTraced));
}
