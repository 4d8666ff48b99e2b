/**
 * Lets the Temporal SDK download its dev server into the folder named by the first argument.
 *
 * The SDK downloads only on the way to starting a server, and gives no way to stop it half-way: so this is a
 * process of its own, which the caller may kill. See `temporal-cli.ts`.
 */
import { TestWorkflowEnvironment } from '@temporalio/testing';

const [downloadDir] = process.argv.slice(2);
if (downloadDir === undefined) throw new Error('usage: sdk-download.ts FOLDER');
try {
  const environment = await TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'cached-download', downloadDir },
      log: { format: 'pretty', level: 'error' },
    },
  });
  await environment.teardown();
} catch (error) {
  console.error(error instanceof Error ? error.message.replaceAll('\n', ' ') : error);
  process.exitCode = 1;
}
