#!/usr/bin/env node
/** The executable: joins the program to the real process. */
import { runCli } from './program.js';
import { packageVersion } from '../bridge/package-version.js';
import { runInProcess } from './run-in-process.js';

/** Once the command is done, this is how long open handles may keep the process. */
const LINGER_MS = 2_000;

// A reader that goes away (`temporal-bridge config | head`) is no reason to break.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

try {
  process.exitCode = await runCli(process.argv.slice(2), {
    env: process.env,
    stdout: process.stdout,
    stderr: process.stderr,
    version: packageVersion(),
    signals: process,
    exit: (code) => process.exit(code),
    runBridge: runInProcess,
  });
} catch (error) {
  process.stderr.write(
    `temporal-bridge: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  process.exitCode = 1;
}
setTimeout(() => process.exit(), LINGER_MS).unref();
