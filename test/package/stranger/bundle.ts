/** Bundles the stranger's workflows as a worker does: `bundle.js CODE_PATH`. No module is ignored. */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode } from '@temporalio/worker';

const [codePath = ''] = process.argv.slice(2);
const { code } = await bundleWorkflowCode({
  workflowsPath: fileURLToPath(new URL('./callers.js', import.meta.url)),
});
await writeFile(codePath, code);
