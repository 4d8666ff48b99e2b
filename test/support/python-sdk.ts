/** A Python with the Temporal SDK, for tests that need a client or a worker of another language. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDir } from '../../scripts/stack/paths.js';
import { runCommand } from '../../scripts/stack/run-command.js';

const INSTALL_TIMEOUT_MS = 5 * 60_000;
const venv = join(cacheDir, 'python-sdk');
const python = join(venv, 'bin', 'python');

/** A Python with the Temporal SDK, made once; `undefined` on a machine without Python 3. */
export async function pythonWithSdk(): Promise<string | undefined> {
  const works = async () => existsSync(python) && (await runCommand(python, ['-c', 'import temporalio'])).ok;
  if (await works()) return python;
  if (!(await runCommand('python3', ['-m', 'venv', venv])).ok) return undefined;
  const install = await runCommand(python, ['-m', 'pip', 'install', '--quiet', 'temporalio==1.35.0'], {
    timeoutMs: INSTALL_TIMEOUT_MS,
  });
  assert.ok(install.ok, `pip could not install the Python SDK: ${install.stderr}`);
  return python;
}
