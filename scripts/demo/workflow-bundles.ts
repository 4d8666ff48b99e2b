/**
 * The workflow code of the demo's workers, bundled: when they start, or beforehand, as in the demo's image, by running this
 * file. Usage: workflow-bundles.ts
 */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { OpenTelemetryPlugin } from '@temporalio/interceptors-opentelemetry';
import { resources, tracing } from '@opentelemetry/sdk-node';
import { DefaultLogger, bundleWorkflowCode } from '@temporalio/worker';
import type { WorkflowBundleOption } from '@temporalio/worker';
import { modulePath } from '../../src/bridge/module-path.js';
import { repoRoot } from '../stack/paths.js';

/** The modules that the demo's workers run. */
const MODULES = ['workflows-a/order-workflow', 'workflows-b/fulfillment-workflow'] as const;

/** Bundles a module; with what tracing needs in the sandbox, if it is to be traced. */
async function bundle(module: string, isTraced: boolean): Promise<string> {
  const { code } = await bundleWorkflowCode({
    workflowsPath: modulePath(module),
    logger: new DefaultLogger('WARN'),
    plugins: isTraced ? [pluginForBundling()] : [],
  });
  return code;
}

/** The SDK's plugin adds the same modules to every bundle, wherever the spans go. */
function pluginForBundling(): OpenTelemetryPlugin {
  const spanProcessor = new tracing.NoopSpanProcessor();
  return new OpenTelemetryPlugin({ resource: resources.Resource.empty(), spanProcessor });
}

function bundlePath(module: string, isTraced: boolean): string {
  return join(repoRoot, 'dist', 'demo', `${module}${isTraced ? '-traced' : ''}.js`);
}

/** The code of a module: as bundled beforehand, else bundled now (some seconds). */
export async function workflowBundle(
  module: (typeof MODULES)[number],
  isTraced: boolean,
): Promise<WorkflowBundleOption> {
  const codePath = bundlePath(module, isTraced);
  return existsSync(codePath) ? { codePath } : { code: await bundle(module, isTraced) };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const module of MODULES) {
    for (const isTraced of [false, true]) {
      const path = bundlePath(module, isTraced);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, await bundle(module, isTraced));
    }
  }
}
