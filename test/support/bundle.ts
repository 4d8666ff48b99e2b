import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode } from '@temporalio/worker';
import type { WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { SILENT } from './silent-logger.js';

/** The converters of a worker, by their modules' paths; its bundle must have been made with the same ones. */
export interface ConverterPaths {
  readonly payloadConverterPath?: string;
  readonly failureConverterPath?: string;
}

/** Bundles `test/support/workflows/<name>.ts` as a user's worker does: nothing of the bridge is installed. */
export function bundleWorkflows(
  name: string,
  converters: ConverterPaths = {},
): Promise<WorkflowBundleWithSourceMap> {
  return bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL(`./workflows/${name}.ts`, import.meta.url)),
    logger: SILENT,
    ...converters,
  });
}
